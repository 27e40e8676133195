# examples/quickstart.cc with everything static but the C and C++ libraries, stripped.
set(limit 1572864)  # 1.5 MiB
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
set(program ${DIRECTORY}/quickstart)
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs eventlog
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND ${flags})
execute_process(
  COMMAND ${COMPILER} -std=c++20 -O2 ${SOURCE}/examples/quickstart.cc -o ${program}
    -Wl,-Bstatic ${flags} -Wl,-Bdynamic -Wl,--gc-sections -s
  COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${program} bytes)
message("static_example_stripped_bytes ${bytes} (at most ${limit})")
execute_process(COMMAND ldd ${program} OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if(libraries MATCHES "absl|lz4|xxhash|eventlog")
  message(FATAL_ERROR "it is not static:\n${libraries}")
endif()
if(bytes GREATER limit)
  message(FATAL_ERROR "it is too large")
endif()
