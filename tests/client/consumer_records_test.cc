#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/record_pins.h"
#include "client/view_factory.h"
#include "eventlog/record.h"

namespace eventlog {
namespace {

using internal::ConsumerRecordsAccess;
using test::AddRecord;
using test::AddSource;

// Two batches of orders-0, one of orders-1, one of payments-1: 2 + 1, 1, 2 records.
void Fill(ConsumerRecords* records) {
  const auto* first = AddSource(records, "orders", 0, 1);
  AddRecord(records, first, 10, {.value = "a"});
  AddRecord(records, first, 11, {.value = "b"});
  AddRecord(records, AddSource(records, "orders", 0, 2), 15, {.value = "c"});
  AddRecord(records, AddSource(records, "orders", 1, 2), 3, {.value = "d"});
  const auto* last = AddSource(records, "payments", 1, 2);
  AddRecord(records, last, 0, {.value = "e"});
  AddRecord(records, last, 1, {.value = "f"});
  ConsumerRecordsAccess::Finish(records, true);
}

std::string Values(absl::Span<const RecordView> records) {
  std::string values;
  for (const RecordView& record : records) values.append(record.value());
  return values;
}

TEST_CASE("fresh records are empty and caught up with nothing", "[client]") {
  ConsumerRecords records;
  CHECK(records.empty());
  CHECK(records.size() == 0);
  CHECK(records.begin() == records.end());
  CHECK(records.partitions().empty());
  CHECK(records.NextOffsets().empty());
  CHECK_FALSE(records.caught_up());
}

TEST_CASE("records are split by partition not by batch", "[client]") {
  ConsumerRecords records;
  Fill(&records);
  REQUIRE(records.partitions().size() == 3);
  CHECK(Values(records.partitions()[0]) == "abc");
  CHECK(Values(records.partitions()[1]) == "d");
  CHECK(Values(records.partitions()[2]) == "ef");
  CHECK(records.size() == 6);
  CHECK(records[3].value() == "d");
  CHECK(records.caught_up());
}

TEST_CASE("the next offsets are one after the last record of each partition", "[client]") {
  ConsumerRecords records;
  Fill(&records);
  const std::vector<TopicPartitionOffset> expected = {
      {.topic = "orders", .partition = 0, .offset = 16, .leader_epoch = 2},
      {.topic = "orders", .partition = 1, .offset = 4, .leader_epoch = 2},
      {.topic = "payments", .partition = 1, .offset = 2, .leader_epoch = 2},
  };
  CHECK(records.NextOffsets() == expected);
}

TEST_CASE("views stay valid when their container is moved", "[client]") {
  ConsumerRecords first;
  Fill(&first);
  const RecordView view = first[2];
  const auto partition = first.partitions()[0];
  ConsumerRecords second = std::move(first);
  ConsumerRecords third;
  third = std::move(second);
  CHECK(view.value() == "c");
  CHECK(view.topic() == "orders");
  CHECK(view.leader_epoch() == 2);
  CHECK(Values(partition) == "abc");
  CHECK(Values(third.partitions()[2]) == "ef");
  CHECK(third.caught_up());
}

TEST_CASE("records that were moved from are empty and can be filled again", "[client]") {
  ConsumerRecords first;
  Fill(&first);
  const ConsumerRecords second = std::move(first);
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(first.partitions().empty());
  CHECK_FALSE(first.caught_up());
  first.Clear();
  Fill(&first);
  CHECK(first.size() == 6);
  CHECK(second.size() == 6);
}

TEST_CASE("bytes live until their container is cleared or overwritten or gone", "[client]") {
  std::weak_ptr<const void> bytes;
  const auto fill = [&bytes](ConsumerRecords* records) {
    bytes = AddRecord(records, AddSource(records, "orders", 0), 0, {.value = "a"});
    ConsumerRecordsAccess::Finish(records, true);
  };
  {
    ConsumerRecords records;
    fill(&records);
    CHECK_FALSE(bytes.expired());
    records.Clear();
    CHECK(bytes.expired());
    CHECK(records.empty());
    CHECK(records.partitions().empty());
    CHECK_FALSE(records.caught_up());
    fill(&records);
    records = ConsumerRecords();
    CHECK(bytes.expired());
    fill(&records);
  }
  CHECK(bytes.expired());
}

TEST_CASE("a source stays in place while others are added", "[client]") {
  internal::RecordPins pins;
  const auto* first = pins.AddSource({std::make_shared<const std::string>("orders"), 0, 0});
  for (int32_t i = 1; i < 1000; ++i) pins.AddSource({first->topic, i, 0});
  CHECK(*first->topic == "orders");
  CHECK(first->partition == 0);
}

}  // namespace
}  // namespace eventlog
