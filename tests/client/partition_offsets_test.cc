#include "client/partition_offsets.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog::internal {
namespace {

struct OneTopic {
  explicit OneTopic(int records) {
    for (int i = 0; i < records; ++i) {
      REQUIRE(topic
                  .Append({.value = std::to_string(i) + std::string(90, '.'),
                           .timestamp = absl::FromUnixMillis(1000 + i)})
                  .ok());
    }
  }
  Log log = *Log::Open({.memory = true});
  Topic topic = *log.OpenTopic("t", {.batch_bytes = 1024});
  PartitionOffsets offsets{HandleAccess::State(topic), 0};
};

// Offsets 0 to 4 under one epoch, 5 to 9 under the next, 10 to 14 under the one after that.
struct ThreeEpochs {
  ThreeEpochs() {
    for (int epoch = 0; epoch < 3; ++epoch) {
      log = Log();  // closed before it is opened again
      log = *Log::Open({.directory = "log", .file_system = &file_system});
      topic = *log.OpenTopic("t");
      for (int i = 0; i < 5; ++i) REQUIRE(topic.Append({.value = "v"}).ok());
      epochs[epoch] = HandleAccess::State(topic)->partitions()[0]->leader_epoch();
    }
  }
  MemoryFileSystem file_system;
  Log log;
  Topic topic;
  int32_t epochs[3] = {};
};

TEST_CASE("what was read under an epoch is there or the cut is named", "[client]") {
  ThreeEpochs three;
  const auto [first, second, third] = three.epochs;
  REQUIRE(first < second);
  REQUIRE(second < third);
  const PartitionOffsets offsets(HandleAccess::State(three.topic), 0);
  CHECK(offsets.CheckNotTruncated(5, first).ok());
  CHECK(offsets.CheckNotTruncated(10, second).ok());
  CHECK(offsets.CheckNotTruncated(15, third).ok());
  CHECK(offsets.CheckNotTruncated(3, third).ok());
  CHECK(offsets.CheckNotTruncated(15, -1).ok());
  CHECK(offsets.CheckNotTruncated(0, 0).ok());
  const auto cut_at = [&](int64_t offset, int32_t epoch) {
    const absl::Status cut = offsets.CheckNotTruncated(offset, epoch);
    CHECK(ReasonOf(cut) == ErrorReason::kLogTruncated);
    return ActualOffset(cut);
  };
  CHECK(cut_at(6, first) == 5);
  CHECK(cut_at(15, first) == 5);
  CHECK(cut_at(99, first) == 5);  // beyond the end, and what is there now came later
  CHECK(cut_at(13, second) == 10);
  CHECK(cut_at(16, third) == 15);
  CHECK(cut_at(16, -1) == 15);
  CHECK(cut_at(4, first - 1) == 0);
}

TEST_CASE("places are looked up within the log", "[client]") {
  OneTopic one(10);
  const auto resolve = [&](OffsetSpec spec) { return *one.offsets.Resolve(spec); };
  CHECK(resolve(OffsetSpec::Earliest()) == 0);
  CHECK(resolve(OffsetSpec::Latest()) == 10);
  CHECK(resolve(OffsetSpec::Last(4)) == 6);
  CHECK(resolve(OffsetSpec::Last(std::numeric_limits<int64_t>::max())) == 0);
  CHECK(resolve(OffsetSpec::ForTimestamp(absl::FromUnixMillis(1005))) == 5);
  CHECK(ActualOffset(one.offsets.Resolve(OffsetSpec::At(11)).status()) == 10);
  CHECK(ActualOffset(one.offsets.Resolve(OffsetSpec::At(-1)).status()) == 0);
}

TEST_CASE("an offset is told with the epoch of the record before it", "[client]") {
  ThreeEpochs three;
  const PartitionOffsets offsets(HandleAccess::State(three.topic), 0);
  const auto with_epoch = [&](int64_t offset) { return *offsets.WithEpoch(offset); };
  CHECK(with_epoch(15) == TopicPartitionOffset{"t", 0, 15, three.epochs[2], ""});
  CHECK(with_epoch(10) == TopicPartitionOffset{"t", 0, 10, three.epochs[1], ""});
  CHECK(with_epoch(9) == TopicPartitionOffset{"t", 0, 9, three.epochs[1], ""});
  CHECK(with_epoch(5) == TopicPartitionOffset{"t", 0, 5, three.epochs[0], ""});
  CHECK(with_epoch(0) == TopicPartitionOffset{"t", 0, 0, -1, ""});
}

}  // namespace
}  // namespace eventlog::internal
