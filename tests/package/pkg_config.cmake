# One line per program, as in a Makefile: the compiler, the source, what pkg-config says.
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
set(build ${BUILD}/tests/package/pkg_config)
file(REMOVE_RECURSE ${build})
file(MAKE_DIRECTORY ${build})

function(build_and_run program package)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${ARGN} ${package}
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND ${flags})
  execute_process(COMMAND ${COMPILER} -std=c++20 ${PACKAGE}/${program}.cc ${flags} -o ${program}
    WORKING_DIRECTORY ${build} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ./${program} WORKING_DIRECTORY ${build} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

build_and_run(app eventlog)
build_and_run(app eventlog --static)
build_and_run(clock eventlog_testing)
