# SPDX-License-Identifier: Apache-2.0
# Puts the files of a folder into a program, as text:
#
#   godwit_embed(godwit_control FOLDER console HEADER console_files.hpp VARIABLE console_files)
#
# makes a source that defines the function VARIABLE of HEADER: of each file its name, its text and the beginning of its SHA-256.  It is
# made when one of them (.html, .css, .js, .svg) changes, and is the same for the same files.
set(GODWIT_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(godwit_embed target)
  cmake_parse_arguments(ARG "" "FOLDER;HEADER;VARIABLE" "" ${ARGN})
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER})
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.html ${folder}/*.css ${folder}/*.js ${folder}/*.svg)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${ARG_VARIABLE}.cpp)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${source} -D FOLDER=${folder} -D HEADER=${ARG_HEADER} -D
            NAMESPACE=${target} -D VARIABLE=${ARG_VARIABLE} -P ${GODWIT_EMBED_SCRIPT}
    DEPENDS ${files} ${GODWIT_EMBED_SCRIPT}
    VERBATIM)
  # By itself, so that a change of a file compiles nothing else.
  set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()

# As a script: writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "godwit_" "godwit::" namespace ${NAMESPACE})
  file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*.html ${FOLDER}/*.css ${FOLDER}/*.js ${FOLDER}/*.svg)
  list(SORT names)
  set(text "// Made of ${VARIABLE} by cmake/GodwitEmbed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${namespace} {\n\n")
  string(APPEND text "std::span<const EmbeddedFile> ${VARIABLE}() {\n  static constexpr EmbeddedFile all[] = {\n")
  foreach(name IN LISTS names)
    file(SHA256 ${FOLDER}/${name} digest)
    string(SUBSTRING ${digest} 0 16 digest)
    file(READ ${FOLDER}/${name} content)
    if(content MATCHES "\\)godwit\"")
      message(FATAL_ERROR "${name} has the mark with which the text ends")
    endif()
    string(APPEND text "      {\"${name}\", \"${digest}\", R\"godwit(${content})godwit\"},\n")
  endforeach()
  string(APPEND text "  };\n  return all;\n}\n\n}  // namespace ${namespace}\n")
  file(WRITE ${SOURCE} "${text}")
endif()
