#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/memory_file_system.h"
#include "group/offset_store.h"
#include "log/log_state.h"
#include "support/failing_file_system.h"

namespace eventlog::internal {
namespace {

Log OpenLog(FileSystem* files) {
  auto log = Log::Open({.directory = "log", .background_thread = false, .file_system = files});
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

TEST_CASE("a topic is durable before its creation returns", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    REQUIRE(log.CreateTopic("t", {.partitions = 3}).ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  CHECK(log.DescribeTopic("t")->partitions.size() == 3);
}

TEST_CASE("a deletion is durable before it returns and leaves no file", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    auto topic = log.CreateTopic("t");
    REQUIRE(topic->Append({.value = std::string(400'000, 'x')}).ok());
    REQUIRE(log.DeleteTopic("t").ok());
    CHECK(files.List("log/segments")->empty());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  CHECK(log.ListTopics()->empty());
  CHECK(files.List("log/segments")->empty());
}

TEST_CASE("what was acknowledged as process is on disk when its topic became disk", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    auto topic = log.CreateTopic("t", {.durability = Durability::kProcess});
    REQUIRE(topic->Append({.value = "v"}).ok());
    REQUIRE(log.AlterTopic("t", {.durability = Durability::kDisk}).ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  CHECK(log.OpenTopic("t")->GetWatermarks(0)->high_watermark == 1);
}

TEST_CASE("an altered config holds for handles that are out", "[log]") {
  MemoryFileSystem memory;
  test::FailingFileSystem files(&memory);
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t", {.durability = Durability::kDisk});
  REQUIRE(topic->Append({.value = "v"}).ok());
  REQUIRE(log.AlterTopic("t", {.durability = Durability::kProcess}).ok());
  files.ResetCounts();
  REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(files.Count("SyncData") == 0);
  REQUIRE(log.AlterTopic("t", {.durability = Durability::kDisk}).ok());
  files.ResetCounts();
  REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(files.Count("SyncData") == 1);
}

TEST_CASE("the topic of offsets is hidden and can be described", "[log]") {
  MemoryFileSystem files;
  Log log = OpenLog(&files);
  REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"x", 0, 1}})).ok());
  CHECK(log.ListTopics()->empty());
  const auto described = log.DescribeTopic(kConsumerOffsetsTopic);
  REQUIRE(described.ok());
  CHECK(described->partitions.size() == 1);
}

TEST_CASE("records without key do not all begin in the same partition", "[log]") {
  std::set<int32_t> first;
  for (int i = 0; i < 40; ++i) {
    auto log = Log::Open({.memory = true});
    first.insert(log->OpenTopic("t", {.partitions = 8})->Append({.value = "v"})->partition);
  }
  CHECK(first.size() > 2);
}

TEST_CASE("deleting a topic forgets its offsets and no others", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    REQUIRE(log.CreateTopic("t", {.partitions = 2}).ok());
    REQUIRE(log.Write(WriteBatch()
                          .CommitOffsets({.group = "g"}, {{"t", 0, 1}, {"t", 1, 2}, {"x", 0, 3}})
                          .CommitOffsets({.group = "h"}, {{"t", 1, 4}}))
                .ok());
    REQUIRE(log.DeleteTopic("t").ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  const auto left = log.CommittedOffsets("g");
  REQUIRE(left->size() == 1);
  CHECK(left->front().topic == "x");
  CHECK(*log.ListGroups() == std::vector<std::string>{"g"});
}

}  // namespace
}  // namespace eventlog::internal
