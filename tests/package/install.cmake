# Installs BUILD, moves the installation to PREFIX, and finds nothing in it that names where it was
# built, or where it was installed first.
set(first ${DIRECTORY}/first)
file(REMOVE_RECURSE ${DIRECTORY})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${first}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${first} ${PREFIX})

file(GLOB_RECURSE files ${PREFIX}/*.cmake ${PREFIX}/*.pc)
list(LENGTH files count)
if(count LESS 8)
  message(FATAL_ERROR "only these describe the package: ${files}")
endif()
foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(place ${BUILD} ${SOURCE} ${first} .so)
    string(FIND "${text}" ${place} at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}")
    endif()
  endforeach()
  # Our own archives, and by their place beside this file.
  string(REGEX MATCHALL "[^\n]*[.]a\"" archives "${text}")
  list(FILTER archives EXCLUDE REGEX "\"\\\${_IMPORT_PREFIX}/")
  if(archives)
    message(FATAL_ERROR "${file} names ${archives}")
  endif()
endforeach()

if(EXISTS ${PREFIX}/bin/eventlog)
  execute_process(COMMAND ${PREFIX}/bin/eventlog --help OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endif()
