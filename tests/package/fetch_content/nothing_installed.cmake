# The host's installation holds nothing of the library unless the host asks for it.
set(directory ${BUILD}/host-installation)
file(REMOVE_RECURSE ${directory})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${directory}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE files ${directory}/*)
if(files)
  message(FATAL_ERROR "installed: ${files}")
endif()
