// The three kinds of log that one test body runs on: in memory, the disk engine on a file system in
// memory, and a real directory. For Catch2's GENERATE; public headers only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "eventlog/eventlog.h"
#include "eventlog/testing/memory_file_system.h"
#include "support/temp_dir.h"

namespace eventlog::test {

enum class World { kMemoryLog, kMemoryFileSystem, kDirectory };

inline const char* NameOf(World world) {
  switch (world) {
    case World::kMemoryLog:
      return "memory log";
    case World::kMemoryFileSystem:
      return "memory file system";
    case World::kDirectory:
      break;
  }
  return "directory";
}

// A place for one log, which may be opened again and again. Outlives the logs.
class Place {
 public:
  explicit Place(World world) : world_(world) {
    if (world_ == World::kDirectory) temp_dir_ = std::make_unique<TempDir>();
  }

  // To be changed further by the test.
  LogOptions options() {
    LogOptions options;
    options.memory = world_ == World::kMemoryLog;
    if (world_ == World::kMemoryFileSystem) options.file_system = &file_system_;
    if (world_ != World::kMemoryLog) options.directory = directory();
    return options;
  }
  std::string directory() const { return temp_dir_ == nullptr ? "data/log" : *temp_dir_ / "log"; }
  bool survives_close() const { return world_ != World::kMemoryLog; }
  MemoryFileSystem* file_system() { return &file_system_; }

 private:
  const World world_;
  MemoryFileSystem file_system_;
  std::unique_ptr<TempDir> temp_dir_;
};

}  // namespace eventlog::test
