#include <catch2/catch.hpp>
#include <string>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "log/log_state.h"

namespace eventlog::internal {
namespace {

struct CountedLog {
  CountedLog() {
    auto opened =
        Log::Open({.directory = "log", .background_thread = false, .file_system = &files});
    REQUIRE(opened.ok());
    log = *std::move(opened);
    disk = *log.OpenTopic("disk", {.partitions = 3});
    process = *log.OpenTopic("process", {.durability = Durability::kProcess});
    // The topic of offsets is there from now on.
    REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"x", 0, 1}})).ok());
    files.ResetCounts();
  }
  int64_t SyncsOf(const WriteBatch& batch) {
    files.ResetCounts();
    const absl::Status written = log.Write(batch);
    INFO(written);
    REQUIRE(written.ok());
    return files.Count("SyncData");
  }
  int64_t SyncsOfCommit(std::vector<std::string> topics) {
    ConsumerOptions options;
    options.group = "c";
    options.topics = std::move(topics);
    auto consumer = log.NewConsumer(options);
    REQUIRE(consumer.ok());
    files.ResetCounts();
    REQUIRE(consumer->Commit().ok());
    return files.Count("SyncData");
  }
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Topic disk;
  Topic process;
};

TEST_CASE("a write takes one sync whatever it holds", "[log]") {
  CountedLog counted;
  WriteBatch batch;
  for (int32_t partition = 0; partition < 3; ++partition) {
    batch.Append(counted.disk, {.value = std::string(50'000, 'x'), .partition = partition});
  }
  batch.Append(counted.process, {.value = "v"}).CommitOffsets({.group = "g"}, {{"x", 0, 2}});
  CHECK(counted.SyncsOf(batch) == 1);
}

TEST_CASE("a write is synced when any topic of it asks for that", "[log]") {
  CountedLog counted;
  CHECK(counted.SyncsOf(WriteBatch().Append(counted.process, {.value = "v"})) == 0);
  CHECK(counted.SyncsOf(WriteBatch()
                            .Append(counted.process, {.value = "v"})
                            .Append(counted.disk, {.value = "v"})) == 1);
  CHECK(counted.SyncsOf(WriteBatch().CommitOffsets({.group = "g"}, {{"elsewhere", 0, 2}})) == 1);
  CHECK(counted.SyncsOf(WriteBatch().CommitOffsets({.group = "g"}, {{"process", 0, 2}})) == 0);
}

TEST_CASE("a commit is as durable as the weakest topic that it covers", "[log]") {
  CountedLog counted;
  CHECK(counted.SyncsOfCommit({"disk"}) == 1);
  CHECK(counted.SyncsOfCommit({"process"}) == 0);
  CHECK(counted.SyncsOfCommit({"disk", "process"}) == 0);
}

TEST_CASE("a written batch can be written again", "[log]") {
  CountedLog counted;
  WriteBatch batch;
  batch.Append(counted.disk, {.value = "v", .partition = 1});
  std::vector<RecordMetadata> metadata;
  REQUIRE(counted.log.Write(batch, &metadata).ok());
  CHECK(metadata[0].offset == 0);
  REQUIRE(counted.log.Write(batch, &metadata).ok());
  REQUIRE(metadata.size() == 1);
  CHECK(metadata[0].offset == 1);
  CHECK(metadata[0].partition == 1);
}

TEST_CASE("the newest offset of one write holds", "[log]") {
  CountedLog counted;
  REQUIRE(counted.log
              .Write(WriteBatch()
                         .CommitOffsets({.group = "g"}, {{"x", 0, 9}})
                         .CommitOffsets({.group = "g"}, {{"x", 0, 5}}))
              .ok());
  CHECK(counted.log.CommittedOffsets("g")->front().offset == 5);
}

}  // namespace
}  // namespace eventlog::internal
