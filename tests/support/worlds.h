// The three kinds of log that one test body runs on: in memory, the disk engine on a file system in
// memory, and a real directory. For Catch2's GENERATE; public headers only.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/testing/memory_file_system.h"
#include "support/temp_dir.h"

namespace eventlog::test {

enum class World { kMemoryLog, kMemoryFileSystem, kDirectory };

// Runs the test on each.
inline World AnyWorld() {
  return GENERATE(World::kMemoryLog, World::kMemoryFileSystem, World::kDirectory);
}

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

inline Log OpenLog(LogOptions options) {
  auto log = Log::Open(std::move(options));
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

// The values of every record, in order within a partition.
inline std::vector<std::string> ReadTopic(Log* log, const std::string& topic) {
  std::vector<std::string> values;
  auto consumer = log->NewConsumer({.topics = {topic}});
  REQUIRE(consumer.ok());
  ConsumerRecords records;
  do {
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    INFO(polled);
    REQUIRE(polled.ok());
    for (const auto& record : records) values.emplace_back(record.value());
  } while (!records.caught_up());
  return values;
}

}  // namespace eventlog::test
