# What the core needs. A host that brings its own Abseil targets is respected.
if(NOT TARGET absl::status)
  find_package(absl REQUIRED)
endif()
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)

find_path(EVENTLOG_XXHASH_INCLUDE xxhash.h REQUIRED)
find_library(EVENTLOG_XXHASH_LIBRARY xxhash REQUIRED)
find_path(EVENTLOG_LZ4_INCLUDE lz4frame.h REQUIRED)
find_library(EVENTLOG_LZ4_LIBRARY lz4 REQUIRED)
