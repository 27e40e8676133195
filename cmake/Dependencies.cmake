# What the core needs. Targets that the host has defined are taken, and nothing is looked for in
# their place. GLOBAL: the host links what the core needs, in its own directories.
if(NOT TARGET absl::status)
  find_package(absl REQUIRED GLOBAL)
endif()
if(NOT TARGET fmt::fmt-header-only)
  find_package(fmt REQUIRED GLOBAL)
endif()
find_package(Threads REQUIRED GLOBAL)

list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(xxHash REQUIRED GLOBAL MODULE)
find_package(LZ4 REQUIRED GLOBAL MODULE)
