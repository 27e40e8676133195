// Administration: what topics are like and how many partitions they have, what groups have
// committed, and what belongs to the log itself.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/worlds.h"

namespace eventlog::test {
namespace {

using Groups = std::vector<std::string>;
using Offsets = std::vector<TopicPartitionOffset>;

// Closed and opened again, where the world keeps it.
void Restart(Place* place, Log* log) {
  if (!place->survives_close()) return;
  REQUIRE(log->Close().ok());
  *log = OpenLog(place->options());
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

bool Says(const absl::Status& status, const std::string& text) {
  return MessageOf(status).find(text) != std::string::npos;
}

TEST_CASE("every config of a topic is described as it was set", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  TopicOptions options;
  options.partitions = 2;
  options.retention = absl::Hours(48);
  options.retention_bytes = int64_t{1} << 40;
  options.linger = absl::Milliseconds(5);
  REQUIRE(log.CreateTopic("orders", options).ok());
  REQUIRE(log.CreateTopic("plain").ok());
  Restart(&place, &log);
  const TopicOptions orders = log.DescribeTopic("orders")->options;
  CHECK(orders.partitions == 2);
  CHECK(orders.retention == absl::Hours(48));
  CHECK(orders.retention_bytes == int64_t{1} << 40);
  CHECK(orders.linger == absl::Milliseconds(5));
  const TopicOptions plain = log.DescribeTopic("plain")->options;
  CHECK(plain.retention == absl::InfiniteDuration());
  CHECK(plain.retention_bytes == -1);
  CHECK(plain.linger == absl::ZeroDuration());
  CHECK(plain.durability == Durability::kDisk);
  CHECK(plain.segment_bytes == 64 << 20);
  // A description opens what it describes, and makes its like.
  CHECK(log.OpenTopic("orders", orders).ok());
  CHECK(log.CreateTopic("orders-too", orders).ok());
}

TEST_CASE("a retention is altered and taken away again", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  TopicOptions options;
  REQUIRE(SetConfig(&options, "retention.ms", "60000").ok());
  REQUIRE(SetConfig(&options, "retention_bytes", "1000000").ok());
  REQUIRE(log.CreateTopic("orders").ok());
  REQUIRE(log.AlterTopic("orders", options).ok());
  Restart(&place, &log);
  CHECK(log.DescribeTopic("orders")->options.retention == absl::Minutes(1));
  CHECK(log.DescribeTopic("orders")->options.retention_bytes == 1'000'000);
  REQUIRE(SetConfig(&options, "retention.ms", "-1").ok());
  REQUIRE(SetConfig(&options, "retention_bytes", "-1").ok());
  REQUIRE(log.AlterTopic("orders", options).ok());
  Restart(&place, &log);
  CHECK(log.DescribeTopic("orders")->options.retention == absl::InfiniteDuration());
  CHECK(log.DescribeTopic("orders")->options.retention_bytes == -1);
}

TEST_CASE("partitions are added to a topic that is in use", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.CreateTopic("orders", {.partitions = 2});
  REQUIRE(topic.ok());
  REQUIRE(topic->Append({.value = "first", .partition = 1}).ok());
  REQUIRE(log.AlterOffsets("billing", {{"orders", 1, 1}}).ok());

  REQUIRE(log.AlterTopic("orders", {.partitions = 6}).ok());
  CHECK(topic->partitions() == 6);
  std::set<int32_t> used;
  for (int i = 0; i < 200; ++i) {
    const auto at = topic->Append({.key = "key-" + std::to_string(i), .value = "v"});
    REQUIRE(at.ok());
    used.insert(at->partition);
  }
  CHECK(used.size() == 6);
  Restart(&place, &log);
  topic = log.OpenTopic("orders");
  CHECK(topic->partitions() == 6);
  CHECK(log.DescribeTopic("orders")->partitions.size() == 6);
  CHECK(*log.CommittedOffsets("billing") == Offsets{{"orders", 1, 1}});

  auto consumer = log.NewConsumer({.group = "billing", .topics = {"orders"}});
  REQUIRE(consumer.ok());
  std::size_t records_seen = 0;
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    records_seen += records.size();
  } while (!records.caught_up());
  CHECK(records_seen == 200);  // all but the first, which the group had
}

TEST_CASE("a topic never has fewer partitions than before", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.CreateTopic("orders", {.partitions = 4}).ok());
  const absl::Status fewer = log.AlterTopic("orders", {.partitions = 3});
  CHECK(ReasonOf(fewer) == ErrorReason::kInvalidOption);
  CHECK(Says(fewer, "partitions is 3"));
  CHECK(Says(fewer, "there are 4"));
  CHECK(log.AlterTopic("orders", {.partitions = 4}).ok());
  CHECK(ReasonOf(log.AlterTopic("orders", {.partitions = 10'001})) == ErrorReason::kInvalidOption);
  CHECK(log.DescribeTopic("orders")->partitions.size() == 4);
}

TEST_CASE("what cannot be together is refused with both", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.CreateTopic("orders", {.segment_bytes = 64 << 10}).ok());
  const absl::Status together = log.AlterTopic("orders", {.batch_bytes = 1 << 20});
  CHECK(ReasonOf(together) == ErrorReason::kInvalidOption);
  CHECK(Says(together, "batch.bytes is 1048576, more than segment.bytes, which is 65536"));
  CHECK(log.DescribeTopic("orders")->options.batch_bytes == 64 << 10);
  LogOptions options = place.options();
  options.max_record_bytes = 2 << 20;
  options.max_write_bytes = 1 << 20;
  CHECK(
      Says(Log::Open(options).status(), "max_record_bytes is 2097152, more than max_write_bytes"));
}

TEST_CASE("a group is made and reset and deleted", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.CreateTopic("orders", {.partitions = 2});
  for (int i = 0; i < 10; ++i) REQUIRE(topic->Append({.value = "v", .partition = 0}).ok());
  REQUIRE(log.AlterOffsets("billing", {{"orders", 0, 7}, {"orders", 1, 0, -1, "note"}}).ok());
  REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "relay"}, {{"elsewhere", 9, 5}})).ok());
  REQUIRE(log.AlterOffsets("billing", {{"orders", 0, 4}}).ok());  // the other stays
  Restart(&place, &log);
  CHECK(*log.ListGroups() == Groups{"billing", "relay"});
  CHECK(*log.CommittedOffsets("billing") ==
        Offsets{{"orders", 0, 4}, {"orders", 1, 0, -1, "note"}});
  {
    auto consumer = log.NewConsumer({.group = "billing", .topics = {"orders"}});
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    REQUIRE_FALSE(records.empty());
    CHECK(records.begin()->offset() == 4);
  }
  REQUIRE(log.DeleteGroup("billing").ok());
  REQUIRE(log.DeleteGroup("relay").ok());
  Restart(&place, &log);
  CHECK(log.ListGroups()->empty());
  CHECK(log.CommittedOffsets("billing")->empty());
  CHECK(ReasonOf(log.DeleteGroup("billing")) == ErrorReason::kUnknownGroup);
  CHECK(absl::IsNotFound(log.DeleteGroup("nobody")));
  REQUIRE(log.AlterOffsets("billing", {{"orders", 0, 2}}).ok());
  CHECK(*log.CommittedOffsets("billing") == Offsets{{"orders", 0, 2}});
}

TEST_CASE("the offsets of a group with an open consumer are its own", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.CreateTopic("orders").ok());
  REQUIRE(log.AlterOffsets("billing", {{"orders", 0, 0}}).ok());
  auto consumer = log.NewConsumer({.group = "billing", .topics = {"orders"}});
  REQUIRE(consumer.ok());
  CHECK(ReasonOf(log.AlterOffsets("billing", {{"orders", 0, 0}})) == ErrorReason::kGroupActive);
  CHECK(ReasonOf(log.DeleteGroup("billing")) == ErrorReason::kGroupActive);
  CHECK(ReasonOf(log.NewConsumer({.group = "billing"}).status()) == ErrorReason::kGroupActive);
  REQUIRE(consumer->Commit().ok());
  REQUIRE(consumer->Close().ok());
  CHECK(log.AlterOffsets("billing", {{"orders", 0, 0}}).ok());
  CHECK(log.DeleteGroup("billing").ok());
}

TEST_CASE("an alteration of offsets is checked as a whole", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.CreateTopic("orders").ok());
  const auto reason = [&](const std::string& group, const TopicPartitionOffset& offset) {
    return ReasonOf(log.AlterOffsets(group, {{"orders", 0, 3}, offset}));
  };
  CHECK(reason("g", {"nowhere", 0, 1}) == ErrorReason::kUnknownTopic);
  CHECK(reason("g", {"orders", 1, 1}) == ErrorReason::kUnknownPartition);
  CHECK(absl::IsOutOfRange(log.AlterOffsets("g", {{"orders", 0, 3}, {"orders", 0, -1}})));
  CHECK(reason("", {"orders", 0, 1}) == ErrorReason::kInvalidOption);
  CHECK(reason("g", {"__consumer_offsets", 0, 1}) == ErrorReason::kReservedTopic);
  CHECK(reason("g", {"orders", 0, 1, -1, std::string(2 << 20, 'm')}) ==
        ErrorReason::kRecordTooLarge);
  CHECK(log.AlterOffsets("g", {}).ok());
  CHECK(ReasonOf(log.AlterOffsets("", {})) == ErrorReason::kInvalidOption);
  CHECK(log.ListGroups()->empty());
}

TEST_CASE("the log's own topics are read by everybody and changed by nobody", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  const std::string own = "__consumer_offsets";
  CHECK(ReasonOf(log.OpenTopic(own).status()) == ErrorReason::kReservedTopic);
  CHECK(ReasonOf(log.NewConsumer({.topics = {own}}).status()) == ErrorReason::kUnknownTopic);
  REQUIRE(log.CreateTopic("orders").ok());
  REQUIRE(log.AlterOffsets("g", {{"orders", 0, 0}}).ok());
  CHECK(absl::IsPermissionDenied(log.OpenTopic(own).status()));
  CHECK(ReasonOf(log.CreateTopic("__mine").status()) == ErrorReason::kReservedTopic);
  CHECK(ReasonOf(log.AlterTopic(own, {.partitions = 2})) == ErrorReason::kReservedTopic);
  CHECK(ReasonOf(log.DeleteTopic(own)) == ErrorReason::kReservedTopic);
  CHECK(log.DescribeTopic(own)->partitions.size() == 1);

  auto consumer = log.NewConsumer({.group = "audit", .topics = {own}});
  REQUIRE(consumer.ok());
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(records.size() == 1);
  // A commit would be one more record to read, and so on.
  CHECK(ReasonOf(consumer->Commit()) == ErrorReason::kReservedTopic);
  const absl::Status written = log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{own, 0, 1}}));
  CHECK(ReasonOf(written) == ErrorReason::kReservedTopic);
  CHECK(FailedIndex(written) == 0);
}

}  // namespace
}  // namespace eventlog::test
