# LZ4::lz4, the name that LZ4's own package gives it: Debian ships that library without a CMake
# package. Used here and, installed, by eventlogConfig.cmake.
include(FindPackageHandleStandardArgs)
if(TARGET LZ4::lz4)
  set(LZ4_FOUND TRUE)
  return()
endif()
find_path(LZ4_INCLUDE_DIR lz4frame.h)
find_library(LZ4_LIBRARY lz4)
mark_as_advanced(LZ4_INCLUDE_DIR LZ4_LIBRARY)
find_package_handle_standard_args(LZ4 REQUIRED_VARS LZ4_LIBRARY LZ4_INCLUDE_DIR)
if(LZ4_FOUND)
  add_library(LZ4::lz4 UNKNOWN IMPORTED)
  set_target_properties(LZ4::lz4 PROPERTIES
    IMPORTED_LOCATION ${LZ4_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${LZ4_INCLUDE_DIR})
endif()
