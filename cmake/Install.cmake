# What `cmake --install` puts where. The installed tree may be moved: nothing in it names a place
# outside of itself. A library that is a part of another project brings its own targets along:
# install(EXPORT) then wants the host to export the Abseil that it brought.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/eventlog)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS eventlog eventlog_testing EXPORT eventlog
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT eventlog_library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/eventlog
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT eventlog_library FILES_MATCHING PATTERN "*.h")
if(TARGET eventlog_tool)
  install(TARGETS eventlog_tool
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT eventlog_tool)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT eventlog_library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT eventlog_library FILES_MATCHING PATTERN "*.md")

# For find_package(eventlog).
install(EXPORT eventlog NAMESPACE eventlog:: FILE eventlogTargets.cmake DESTINATION ${package_dir}
  COMPONENT eventlog_library)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/eventlogConfig.cmake.in
  ${PROJECT_BINARY_DIR}/eventlogConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/eventlogConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/eventlogConfig.cmake ${PROJECT_BINARY_DIR}/eventlogConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindLZ4.cmake ${PROJECT_SOURCE_DIR}/cmake/FindxxHash.cmake
  DESTINATION ${package_dir} COMPONENT eventlog_library)

# For pkg-config. Absolute directories stay what they are, the others follow the file.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE pc_prefix)
cmake_path(APPEND pc_libdir "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND pc_includedir "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
get_target_property(pc_absl eventlog INTERFACE_LINK_LIBRARIES)
string(REGEX MATCHALL "absl::[a-z_]+" pc_absl "${pc_absl}")
string(REPLACE "::" "_" pc_absl "${pc_absl}")
list(JOIN pc_absl " " pc_absl)
foreach(name eventlog eventlog_testing)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${pkgconfig_dir} COMPONENT eventlog_library)
endforeach()
