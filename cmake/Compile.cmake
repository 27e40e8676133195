# How everything of ours is compiled. GCC 12 and clang 14 are held to no warning at all; a host that
# builds this as a part of itself decides on its own warnings, and other compilers' new ones do not
# stop it.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(EVENTLOG_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")
option(EVENTLOG_COVERAGE "Count the branches that are taken, with clang" OFF)

# The clang preset switches this off: there every file shows that it includes what it uses.
option(EVENTLOG_PRECOMPILE "Precompile the headers that every file includes" ${PROJECT_IS_TOP_LEVEL})

find_program(EVENTLOG_CCACHE ccache)
if(EVENTLOG_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${EVENTLOG_CCACHE})
endif()

add_library(eventlog_compile INTERFACE)
target_compile_features(eventlog_compile INTERFACE cxx_std_20)
if(PROJECT_IS_TOP_LEVEL)
  if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
    # GCC warns of what is not there when it optimizes instrumented code; the plain builds are
    # strict.
    string(COMPARE EQUAL "${EVENTLOG_SANITIZE}" "" CMAKE_COMPILE_WARNING_AS_ERROR)
  endif()
  target_compile_options(eventlog_compile INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
    -Wno-missing-field-initializers
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-missing-braces>)
endif()
if(EVENTLOG_SANITIZE STREQUAL "address")
  target_compile_options(eventlog_compile INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(eventlog_compile INTERFACE -fsanitize=address,undefined)
elseif(EVENTLOG_SANITIZE STREQUAL "thread")
  target_compile_options(eventlog_compile INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(eventlog_compile INTERFACE -fsanitize=thread)
endif()
if(EVENTLOG_BUILD_FUZZERS)
  target_compile_options(eventlog_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(EVENTLOG_COVERAGE)
  # Relocated counters live in the profile itself, when its name has %c: what is killed counts too.
  target_compile_options(eventlog_compile INTERFACE
    -fprofile-instr-generate -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  target_link_options(eventlog_compile INTERFACE -fprofile-instr-generate)
endif()
