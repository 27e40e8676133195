# Runs PROGRAM twice in an empty DIRECTORY: each run sees its own order, and only that.
file(REMOVE_RECURSE ${DIRECTORY})
file(MAKE_DIRECTORY ${DIRECTORY})
foreach(run 1 2)
  execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${DIRECTORY}
    RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT code EQUAL 0 OR NOT output STREQUAL "order-1: placed\n")
    message(FATAL_ERROR "run ${run} ended with ${code} and printed\n${output}${errors}")
  endif()
endforeach()
file(REMOVE_RECURSE ${DIRECTORY})
