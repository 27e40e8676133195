// Positions and commits of ConsumerState.
#include <catch2/catch.hpp>
#include <string>

#include "base/error.h"
#include "client/consumer_state.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"
#include "log/log_state.h"

namespace eventlog::internal {
namespace {

struct OpenLog {
  OpenLog() {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.partitions = 3});
    core = HandleAccess::State(log);
  }
  absl::StatusOr<std::unique_ptr<ConsumerState>> Make(ConsumerOptions options) {
    return ConsumerState::Create(core, std::move(options));
  }
  void Append(int count, int32_t number) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(topic.Append({.value = "v", .partition = number}).ok());
    }
  }
  Partition* partition(std::size_t number) {
    return HandleAccess::State(topic)->partitions()[number].get();
  }
  Log log;
  Topic topic;
  std::shared_ptr<LogCore> core;
};

TEST_CASE("positions of deleted topics are not committed", "[client]") {
  OpenLog opened;
  REQUIRE(opened.log.OpenTopic("gone").ok());
  auto state = opened.Make({.group = "g", .topics = {"t", "gone"}});
  REQUIRE(state.ok());
  REQUIRE(opened.log.DeleteTopic("gone").ok());
  CHECK((*state)->CommitPositions().ok());
  CHECK(opened.log.CommittedOffsets("g")->size() == 3);
  CHECK((*state)->Committed()->size() == 3);
}

TEST_CASE("a committed offset that is deleted meanwhile is reset by policy", "[client]") {
  OpenLog opened;
  opened.Append(4, 0);
  REQUIRE(opened.log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"t", 0, 2}})).ok());
  opened.partition(0)->Adopt({{}, 3, 3}, opened.partition(0)->leader_epoch());
  opened.Append(2, 0);
  const auto committed = [&](AutoOffsetReset reset) -> absl::StatusOr<int64_t> {
    auto state = opened.Make({.group = "g", .assignment = {{"t", 0}}, .auto_offset_reset = reset});
    REQUIRE(state.ok());
    EVENTLOG_ASSIGN_OR_RETURN(const auto listed, (*state)->ListOffsets(OffsetSpec::Committed()));
    CHECK((*state)->SeekTo(listed).ok());
    CHECK(*(*state)->Position(*(*state)->Find({"t", 0})) == listed.front().offset);
    return listed.front().offset;
  };
  CHECK(*committed(AutoOffsetReset::kEarliest) == 3);
  CHECK(*committed(AutoOffsetReset::kLatest) == 5);
  const absl::Status nowhere = committed(AutoOffsetReset::kNone).status();
  CHECK(ReasonOf(nowhere) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(nowhere) == 3);
}

TEST_CASE("a commit carries the epoch under which the position was right", "[client]") {
  OpenLog opened;
  opened.Append(4, 0);
  auto state = opened.Make({.group = "g", .assignment = {{"t", 0}}});
  REQUIRE(state.ok());
  ConsumerRecords records;
  REQUIRE((*state)->Poll(absl::ZeroDuration(), &records).ok());
  const int32_t epoch = opened.partition(0)->leader_epoch();
  opened.partition(0)->Adopt({{}, 2, 2}, epoch + 1);  // a recovery, of which it knows nothing yet
  opened.Append(3, 0);
  REQUIRE((*state)->CommitPositions().ok());
  const auto committed = (*state)->Committed();
  REQUIRE(committed->size() == 1);
  CHECK(committed->front() == TopicPartitionOffset{"t", 0, 4, epoch, ""});
  const absl::Status cut = (*state)->ListOffsets(OffsetSpec::Committed()).status();
  CHECK(ReasonOf(cut) == ErrorReason::kLogTruncated);
}

}  // namespace
}  // namespace eventlog::internal
