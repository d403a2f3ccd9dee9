# SPDX-License-Identifier: Apache-2.0
# Compiler flags, sanitizers, ccache.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # A precompiled header is cacheable only with the first two kinds of sloppiness (ccache manual, "Precompiled headers").  The
  # inode cache and the depend mode spare reading the large header once more for each source, and without the folder in the
  # hash two checkouts share what they compile.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_INODECACHE=true CCACHE_DEPEND=true CCACHE_NOHASHDIR=true CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()

add_library(godwit_flags INTERFACE)
target_compile_options(godwit_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                                              -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wnull-dereference and -Wmaybe-uninitialized report faults inside optimised libstdc++ and Asio code (GCC 105562).
  target_compile_options(godwit_flags INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -fpch-preprocess)
  # At -O3, with which packages are built, GCC 12 believes that std::string's operator+ may copy what overlaps or goes past
  # the end (GCC 105329, 105651).  The builds of the presets keep these warnings.
  target_compile_options(
    godwit_flags INTERFACE
    "$<$<NOT:$<CONFIG:Debug,RelWithDebInfo>>:-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>")
endif()
target_compile_definitions(
  godwit_flags INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
                         BOOST_ASIO_HAS_STD_INVOKE_RESULT GODWIT_VERSION="${PROJECT_VERSION}")
# What an attacker finds hard; tests/lint/hardening.py looks for it in the program.  Debian's compiler makes
# position-independent programs by itself.
if(NOT GODWIT_SANITIZE)
  target_compile_options(
    godwit_flags INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=3> -D_GLIBCXX_ASSERTIONS
                           -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(godwit_flags INTERFACE -fcf-protection=full)
    # The linker marks only what has no unmarked part, and the start-up code of Debian's C library is not marked.  A shadow stack
    # it bears all the same, for it only calls; the other half of CET (-z ibt) it does not, for it has no landing marks.
    target_link_options(godwit_flags INTERFACE -Wl,-z,shstk)
  endif()
endif()
target_link_options(godwit_flags INTERFACE -Wl,-z,relro,-z,now)
# What no caller is left for takes memory in every process.
target_compile_options(godwit_flags INTERFACE "$<$<CONFIG:Release,RelWithDebInfo>:-ffunction-sections;-fdata-sections>")
target_link_options(godwit_flags INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-Wl,--gc-sections>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's coroutine frames have an operator delete of their own, which optimised GCC 12 takes for a mismatch (GCC 109224).
  target_compile_options(godwit_flags INTERFACE -Wno-mismatched-new-delete)
endif()
if(CMAKE_UNITY_BUILD)
  # Several sources are one translation unit then: what lies in their anonymous namespaces is no local of an includer, and a
  # parameter may be called as a constant of a neighbour is.
  target_compile_options(godwit_flags INTERFACE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(godwit_flags INTERFACE -Wshadow=local -Wno-subobject-linkage)
  endif()
endif()
# The debug preset leaves out UBSan's checks of each pointer that is followed or passed (null, alignment, object-size,
# pointer-overflow, nonnull-attribute and its twin): with them GCC takes 1.6 times as long.  The fuzz preset has all, and
# so has scripts/test --sanitize.
if(GODWIT_SANITIZE)
  target_compile_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With a sanitizer's calls in between, GCC 12 is wrong about short strings, too.
    target_compile_options(godwit_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                                                  -Wno-array-bounds)
    if(GODWIT_SANITIZE STREQUAL "thread")
      target_compile_options(godwit_flags INTERFACE -Wno-tsan)  # Asio's atomic_thread_fence, which TSan does not model
    endif()
  endif()
endif()
if(GODWIT_COVERAGE)
  target_compile_options(godwit_flags INTERFACE --coverage)
  target_link_options(godwit_flags INTERFACE --coverage)
endif()
if(GODWIT_FUZZ)
  # Another compiler has other warnings; those of GCC are the ones that the sources are held to.
  target_compile_options(godwit_flags INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
  # Beast 1.81 asserts that five bytes of the head of a last chunk have come, though four are enough for all that follows.
  target_compile_definitions(godwit_flags INTERFACE BOOST_DISABLE_ASSERTS)
endif()
