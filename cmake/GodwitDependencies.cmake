# SPDX-License-Identifier: Apache-2.0
# Libraries of the distribution, as godwit::* targets whose headers count as system headers.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)

# The allocator of the daemon; sanitizers bring one of their own.
add_library(godwit_allocator INTERFACE)
if(NOT GODWIT_SANITIZE)
  find_package(mimalloc 2.0 REQUIRED)
  target_link_libraries(godwit_allocator INTERFACE mimalloc)
  target_compile_definitions(godwit_allocator INTERFACE GODWIT_MIMALLOC)
endif()

pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(IDN REQUIRED IMPORTED_TARGET libidn)
pkg_check_modules(CRYPT REQUIRED IMPORTED_TARGET libcrypt)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)

# A library that is loaded when it is first needed (src/lookup/shared_library.hpp): its headers, and as a definition the name it is
# loaded by.  Its file is told to the packages, whose tools cannot see that it is needed.
function(godwit_loaded_library target package definition)
  pkg_check_modules(${target} REQUIRED ${package})
  list(GET ${target}_LINK_LIBRARIES 0 file)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE headers COMMAND_ERROR_IS_FATAL ANY)
  if(NOT headers MATCHES "SONAME +([^ \n]+)")
    message(FATAL_ERROR "${file} has no name to load it by")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE_DIRS})
  target_compile_definitions(${target} INTERFACE ${definition}="${CMAKE_MATCH_1}")
  file(REAL_PATH ${file} file)
  set_property(GLOBAL APPEND PROPERTY GODWIT_LOADED_LIBRARIES ${file})
endfunction()
godwit_loaded_library(godwit_libldap ldap GODWIT_LIBLDAP)
godwit_loaded_library(godwit_libpq libpq GODWIT_LIBPQ)
