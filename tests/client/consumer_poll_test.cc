#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog {
namespace {

TEST_CASE("every partition gets its turn although the first is never empty", "[client]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t", {.partitions = 3});
  for (int32_t partition = 0; partition < 3; ++partition) {
    for (int i = 0; i < 50; ++i) {
      REQUIRE(topic->Append({.value = "v", .partition = partition}).ok());
    }
  }
  auto consumer = log->NewConsumer({.topics = {"t"}, .max_poll_records = 10});
  ConsumerRecords records;
  std::set<int32_t> seen;
  for (int poll = 0; poll < 3; ++poll) {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    CHECK(records.size() == 10);
    for (const auto& record : records) seen.insert(record.partition());
    CHECK_FALSE(records.caught_up());
  }
  CHECK(seen.size() == 3);
}

TEST_CASE("the records of one partition are next to each other in a poll", "[client]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t", {.partitions = 3});
  for (int32_t i = 0; i < 30; ++i) {
    REQUIRE(topic->Append({.value = "v", .partition = i % 3}).ok());
  }
  auto consumer = log->NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(records.size() == 30);
  CHECK(records.caught_up());
  CHECK(records.partitions().size() == 3);
  CHECK(records.NextOffsets().size() == 3);
  for (const TopicPartitionOffset& next : records.NextOffsets()) CHECK(next.offset == 10);
}

TEST_CASE("what a poll before held is gone after a poll that failed", "[client]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t");
  REQUIRE(topic->Append({.value = "v"}).ok());
  auto consumer = log->NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(records.size() == 1);
  REQUIRE(log->DeleteTopic("t").ok());
  CHECK(ReasonOf(consumer->Poll(absl::ZeroDuration(), &records)) == ErrorReason::kUnknownTopic);
  CHECK(records.empty());
  CHECK_FALSE(records.caught_up());
}

TEST_CASE("a negative timeout is none", "[client]") {
  auto log = Log::Open({.memory = true});
  REQUIRE(log->OpenTopic("t").ok());
  auto consumer = log->NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  CHECK(consumer->Poll(-absl::InfiniteDuration(), &records).ok());
  CHECK(records.empty());
  CHECK(records.caught_up());
}

TEST_CASE("a poll on a manual clock does what falls due meanwhile", "[client]") {
  ManualClock clock;
  MemoryFileSystem memory;
  auto log = Log::Open({.directory = "log", .clock = &clock, .file_system = &memory});
  auto topic = log->OpenTopic("t");
  auto consumer = log->NewConsumer({.topics = {"t"}, .from = OffsetSpec::Latest()});
  REQUIRE(topic->Append({.value = "v"}).ok());
  REQUIRE(consumer->Seek(OffsetSpec::Latest()).ok());
  CHECK(log->UntilMaintenance() < absl::InfiniteDuration());
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::Hours(30), &records).ok());
  CHECK(clock.Monotonic() == absl::Hours(30));
  CHECK(log->UntilMaintenance() == absl::InfiniteDuration());
  CHECK(log->DescribeTopic("t")->partitions[0].bytes > 0);  // the batch was sealed in time
}

TEST_CASE("a poll that deletion overtakes twice is reset twice", "[client]") {
  MemoryFileSystem memory;
  FaultFileSystem disk(&memory);
  const LogOptions options = {.directory = "log", .background_thread = false, .file_system = &disk};
  auto log = Log::Open(options);
  auto topic = log->OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 1024});
  for (int i = 0; i < 100; ++i) REQUIRE(topic->Append({.value = std::string(1000, 'v')}).ok());
  REQUIRE(log->Close().ok());
  log = Log::Open(options);  // nothing of the segments is in memory
  topic = log->OpenTopic("t");
  auto consumer = log->NewConsumer({.topics = {"t"}});
  REQUIRE(topic->DeleteRecords(0, 10).ok());
  absl::Status deleted = absl::UnknownError("not asked");
  disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "OpenFile" || !call.path.ends_with("index")) return absl::OkStatus();
    disk.Heal();
    deleted = topic->DeleteRecords(0, 95);
    return absl::OkStatus();
  });
  ConsumerRecords records;
  const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
  INFO(polled);
  CHECK(polled.ok());
  REQUIRE(deleted.ok());
  REQUIRE_FALSE(records.empty());
  CHECK(records.begin()->offset() == 95);
}

}  // namespace
}  // namespace eventlog
