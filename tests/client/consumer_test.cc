#include "eventlog/consumer.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "eventlog/eventlog.h"

namespace eventlog {
namespace {

struct Member {
  Member() {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.partitions = 2});
    for (int32_t i = 0; i < 10; ++i) {
      REQUIRE(topic.Append({.value = std::to_string(i), .partition = i % 2}).ok());
    }
    consumer = *log.NewConsumer({.group = "g", .topics = {"t"}});
    REQUIRE(consumer.Poll(absl::ZeroDuration(), &records).ok());
  }
  Log log;
  Topic topic;
  Consumer consumer;
  ConsumerRecords records;
};

TEST_CASE("a commit names the positions and their epochs", "[client]") {
  Member member;
  REQUIRE(member.consumer.Commit().ok());
  const auto committed = member.consumer.Committed();
  REQUIRE(committed->size() == 2);
  CHECK((*committed)[0].offset == 5);
  CHECK((*committed)[1].offset == 5);
  CHECK((*committed)[0].leader_epoch == member.records[0].leader_epoch());
  CHECK(member.consumer.GroupMetadata().group == "g");
}

TEST_CASE("a commit of one record covers its partition up to it", "[client]") {
  Member member;
  REQUIRE(member.consumer.Commit(member.records[1]).ok());
  const auto committed = member.consumer.Committed();
  REQUIRE(committed->size() == 1);
  CHECK(committed->front().partition == member.records[1].partition());
  CHECK(committed->front().offset == member.records[1].offset() + 1);
}

TEST_CASE("a list of offsets is committed with the words of the committer", "[client]") {
  Member member;
  const std::vector<TopicPartitionOffset> offsets = {{"t", 0, 3, 0, "three"},
                                                     {"t", 1, 4, 0, "four"}};
  REQUIRE(member.consumer.Commit(offsets).ok());
  CHECK(*member.consumer.Committed() == offsets);
  // All or nothing.
  CHECK_FALSE(member.consumer.Commit({{"t", 0, 5, 0, ""}, {"t", 9, 5, 0, ""}}).ok());
  CHECK(*member.consumer.Committed() == offsets);
}

TEST_CASE("a consumer that moved goes on where it stood", "[client]") {
  Member member;
  Consumer moved = std::move(member.consumer);
  CHECK(*moved.Position({"t", 0}) == 5);
  member.consumer = std::move(moved);
  CHECK(member.consumer.Commit().ok());
}

TEST_CASE("moving onto a consumer closes it", "[client]") {
  Member member;
  member.consumer = Consumer();
  CHECK(member.log.NewConsumer({.group = "g", .topics = {"t"}}).ok());
  CHECK(ReasonOf(member.consumer.Poll(absl::ZeroDuration(), &member.records)) ==
        ErrorReason::kClosed);
  CHECK(member.records.empty());
}

}  // namespace
}  // namespace eventlog
