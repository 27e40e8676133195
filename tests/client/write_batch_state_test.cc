#include "client/write_batch_state.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "format/offset_commit.h"
#include "format/record.h"

namespace eventlog::internal {
namespace {

const ConsumerGroupMetadata kGroup = {.group = "billing", .generation = 2, .member_id = "m"};
const std::vector<TopicPartitionOffset> kOffsets = {
    {.topic = "orders", .partition = 0, .offset = 7, .leader_epoch = 1, .metadata = "x"},
    {.topic = "orders", .partition = 1, .offset = 9}};

TEST_CASE("elements are numbered in order of arrival", "[client]") {
  WriteBatchState state;
  state.Append(nullptr, {.value = "a"});
  state.CommitOffsets(kGroup, kOffsets);
  state.Append(nullptr, {.value = "b"});
  CHECK(state.size() == 4);
  REQUIRE(state.records().size() == 2);
  REQUIRE(state.commits().size() == 2);
  CHECK(state.records()[0].element == 0);
  CHECK(state.commits()[0].element == 1);
  CHECK(state.commits()[1].element == 2);
  CHECK(state.records()[1].element == 3);
}

TEST_CASE("a record comes out as it went in", "[client]") {
  WriteBatchState state;
  const std::vector<Header> headers = {{"type", "placed"}, {"trace", nullptr}};
  state.Append(nullptr, {.key = "k",
                         .value = "v",
                         .headers = headers,
                         .timestamp = absl::FromUnixMillis(5),
                         .partition = 3});
  const ProducerRecord record = state.View(state.records()[0]);
  CHECK(record.key.view() == "k");
  CHECK(record.value.view() == "v");
  CHECK(record.timestamp == absl::FromUnixMillis(5));
  CHECK(record.partition == 3);
  REQUIRE(record.headers.size() == 2);
  auto header = record.headers.begin();
  CHECK((*header).key == "type");
  CHECK((*header).value.view() == "placed");
  ++header;
  CHECK((*header).key == "trace");
  CHECK((*header).value.is_null());
}

TEST_CASE("null and empty are kept apart", "[client]") {
  WriteBatchState state;
  state.Append(nullptr, {});
  state.Append(nullptr, {.key = "", .value = ""});
  const ProducerRecord null = state.View(state.records()[0]);
  CHECK(null.key.is_null());
  CHECK(null.value.is_null());
  CHECK(null.headers.empty());
  CHECK(null.timestamp == std::nullopt);
  CHECK(null.partition == kAnyPartition);
  const ProducerRecord empty = state.View(state.records()[1]);
  CHECK_FALSE(empty.key.is_null());
  CHECK_FALSE(empty.value.is_null());
}

TEST_CASE("records are copies and outlive growth", "[client]") {
  WriteBatchState state;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    state.Append(nullptr, {.key = text, .value = std::string(100, 'v'), .headers = {{text, text}}});
  }
  for (int i = 0; i < 1000; ++i) {
    const ProducerRecord record = state.View(state.records()[static_cast<std::size_t>(i)]);
    REQUIRE(record.key.view() == std::to_string(i));
    REQUIRE(record.headers.Last(std::to_string(i)) == std::to_string(i));
  }
}

TEST_CASE("commits keep group and offset", "[client]") {
  WriteBatchState state;
  state.CommitOffsets(kGroup, kOffsets);
  CHECK(state.commits()[1].group.group == "billing");
  CHECK(state.commits()[1].group.generation == 2);
  CHECK(state.commits()[1].group.member_id == "m");
  CHECK(state.commits()[0].offset == kOffsets[0]);
  CHECK(state.commits()[1].offset == kOffsets[1]);
}

TEST_CASE("bytes cover what the elements take when they are encoded", "[client]") {
  WriteBatchState state;
  const ProducerRecord record = {.key = "key", .value = "value", .headers = {}};
  state.Append(nullptr, record);
  CHECK(state.bytes() == MaxEncodedRecordBytes(record));
  state.CommitOffsets(kGroup, absl::MakeConstSpan(kOffsets).first(1));
  const std::string key = EncodeOffsetCommitKey({"billing", "orders", 0});
  const std::string value = EncodeOffsetCommitValue({7, 1, INT64_MAX, "x"});
  CHECK(state.bytes() ==
        MaxEncodedRecordBytes(record) + MaxEncodedRecordBytes({.key = key, .value = value}));
}

TEST_CASE("a cleared state numbers and counts from zero", "[client]") {
  WriteBatchState state;
  state.Append(nullptr, {.value = "a"});
  state.CommitOffsets(kGroup, kOffsets);
  state.Clear();
  CHECK(state.size() == 0);
  CHECK(state.bytes() == 0);
  state.Append(nullptr, {.value = "b"});
  CHECK(state.records()[0].element == 0);
  CHECK(state.View(state.records()[0]).value.view() == "b");
}

}  // namespace
}  // namespace eventlog::internal
