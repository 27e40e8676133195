#include "eventlog/topic.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog {
namespace {

TEST_CASE("an append says where and when its record is", "[client]") {
  ManualClock clock;
  auto log = Log::Open({.memory = true, .clock = &clock});
  auto topic = log->OpenTopic("t", {.partitions = 2});
  const auto first = topic->Append({.value = "v", .partition = 1});
  REQUIRE(first.ok());
  CHECK(first->partition == 1);
  CHECK(first->offset == 0);
  CHECK(first->timestamp == clock.Now());
  const absl::Time given = absl::FromUnixMicros(5'000'999);
  const auto second = topic->Append({.value = "v", .timestamp = given, .partition = 1});
  CHECK(second->offset == 1);
  CHECK(second->timestamp == absl::FromUnixMillis(5'000));  // as stored
  std::vector<RecordMetadata> metadata;
  REQUIRE(topic->AppendAll({{.timestamp = given, .partition = 1}}, &metadata).ok());
  CHECK(metadata[0].timestamp == absl::FromUnixMillis(5'000));
}

TEST_CASE("several records are durable in one sync", "[client]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto log = Log::Open({.directory = "log", .file_system = &files});
  auto topic = log->OpenTopic("t", {.partitions = 4});
  REQUIRE(topic->Append({.value = "v"}).ok());
  files.ResetCounts();
  std::vector<ProducerRecord> records;
  for (int32_t i = 0; i < 40; ++i) records.push_back({.value = "v", .partition = i % 4});
  REQUIRE(topic->AppendAll(records).ok());
  CHECK(files.Count("SyncData") == 1);
  for (int32_t partition = 0; partition < 4; ++partition) {
    CHECK(topic->GetWatermarks(partition)->high_watermark >= 10);
  }
}

TEST_CASE("records of process topics are not synced", "[client]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto log = Log::Open({.directory = "log", .background_thread = false, .file_system = &files});
  auto topic = log->OpenTopic("t", {.durability = Durability::kProcess});
  REQUIRE(topic->Append({.value = "v"}).ok());
  files.ResetCounts();
  for (int i = 0; i < 10; ++i) REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(files.Count("SyncData") == 0);
  CHECK(files.Count("WriteAt") == 10);
}

TEST_CASE("a copy of a handle is the same topic", "[client]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t");
  const Topic copy = *topic;
  REQUIRE(copy.Append({.value = "v"}).ok());
  CHECK(topic->GetWatermarks(0)->log_end_offset == 1);
  CHECK(copy.name() == "t");
}

}  // namespace
}  // namespace eventlog
