# SPDX-License-Identifier: Apache-2.0
# One folder of src/ is one layer: a static library godwit_<name>.
#
#   godwit_layer(spool MAY_INCLUDE base mail disk log LINK OpenSSL::Crypto)
#
# MAY_INCLUDE lists every other layer whose public headers this one may include; tests/lint/layers.py holds the includes to
# it.  LINK lists libraries from outside.  What runs once or at an administrator's word is RARE: there the compiler's time is
# worth more than the program's.

# Asio and Beast are compiled once, here, and the one precompiled header belongs to this library.
add_library(godwit_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_link_libraries(godwit_asio PUBLIC godwit_flags Boost::headers OpenSSL::SSL OpenSSL::Crypto fmt::fmt
                                         Threads::Threads)
target_precompile_headers(godwit_asio PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)

function(godwit_layer name)
  cmake_parse_arguments(ARG "RARE" "" "MAY_INCLUDE;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(godwit_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_precompile_headers(godwit_${name} REUSE_FROM godwit_asio)
    if(ARG_RARE)
      target_compile_options(godwit_${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
    endif()
  else()
    add_library(godwit_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(godwit_${name} ${scope} ${CMAKE_SOURCE_DIR}/include)
  list(TRANSFORM ARG_MAY_INCLUDE PREPEND godwit_ OUTPUT_VARIABLE layers)
  target_link_libraries(godwit_${name} ${scope} ${layers} ${ARG_LINK} godwit_asio)
endfunction()

# Tests get GoogleTest in a precompiled header of their own.  Most of a test is compiled once and run once, so tests are not
# optimised, unless they ask for it.
function(godwit_test_headers name)
  add_library(${name} STATIC ${CMAKE_SOURCE_DIR}/cmake/tests.cpp)
  target_link_libraries(${name} PUBLIC godwit_asio GTest::gmock_main)
  target_compile_options(${name} PRIVATE ${ARGN})
  target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp <gmock/gmock.h>)
endfunction()
if(GODWIT_TESTS)
  find_package(GTest REQUIRED)
  set(godwit_unoptimised $<$<CONFIG:RelWithDebInfo>:-O0;-U_FORTIFY_SOURCE>)
  godwit_test_headers(godwit_tests "${godwit_unoptimised}")
  godwit_test_headers(godwit_tests_optimised)
endif()

# A test program of one folder: godwit_test(unit_smtp LAYERS smtp SOURCES ...).  It may see the layer's private headers.
function(godwit_test name)
  cmake_parse_arguments(ARG "OPTIMISED" "TIMEOUT" "LAYERS;SOURCES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(GODWIT_SANITIZE)
    math(EXPR ARG_TIMEOUT "4 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_LAYERS PREPEND godwit_ OUTPUT_VARIABLE layers)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  if(ARG_OPTIMISED)
    set(headers godwit_tests_optimised)
  else()
    set(headers godwit_tests)
    target_compile_options(${name} PRIVATE "${godwit_unoptimised}")
  endif()
  target_link_libraries(${name} PRIVATE ${layers} ${headers})
  target_precompile_headers(${name} REUSE_FROM ${headers})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# What a program prints about itself, made whenever it is linked: godwit_document(godwitctl godwitctl.1 --man godwitctl).
set(GODWIT_DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${GODWIT_DOCUMENTS})
function(godwit_document program name)
  add_custom_command(TARGET ${program} POST_BUILD COMMAND ${program} ${ARGN} > ${GODWIT_DOCUMENTS}/${name})
endfunction()
