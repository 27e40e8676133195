# What a user's file sees after all of the installed headers: nothing of fmt, xxHash and LZ4, and
# no header of this project from outside of the installation.
file(GLOB headers RELATIVE ${PREFIX}/include
  ${PREFIX}/include/eventlog/*.h ${PREFIX}/include/eventlog/testing/*.h)
set(text "")
foreach(header IN LISTS headers)
  string(APPEND text "#include \"${header}\"\n")
endforeach()
file(WRITE ${DIRECTORY}/all.cc "${text}")
execute_process(COMMAND ${COMPILER} -std=c++20 -I${PREFIX}/include -E ${DIRECTORY}/all.cc
  OUTPUT_FILE ${DIRECTORY}/all.ii COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${DIRECTORY}/all.ii files REGEX "^# [0-9]+ \"/")
if(NOT "${files}" MATCHES "/eventlog/testing/manual_clock.h" OR NOT "${files}" MATCHES "/absl/")
  message(FATAL_ERROR "these are not the headers:\n${text}")
endif()
list(FILTER files INCLUDE REGEX "/fmt/|xxhash|lz4|${SOURCE}/(src|include)")
if(files)
  message(FATAL_ERROR "the headers bring along: ${files}")
endif()
