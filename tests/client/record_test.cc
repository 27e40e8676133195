#include "eventlog/record.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/view_factory.h"

namespace eventlog {
namespace {

static_assert(sizeof(BytesView) == sizeof(std::string_view));
static_assert(sizeof(RecordView) == 56 && std::is_trivially_copyable_v<RecordView>);

// The headers as pairs, a null value as nullopt.
using Pairs = std::vector<std::pair<std::string, std::optional<std::string>>>;
Pairs PairsOf(HeadersView headers) {
  Pairs pairs;
  for (const Header& header : headers) {
    std::optional<std::string> value;
    if (!header.value.is_null()) value = header.value.view();
    pairs.emplace_back(header.key, value);
  }
  return pairs;
}

const Pairs kPairs = {{"type", "placed"}, {"trace", std::nullopt}, {"type", ""}};

// Calls check(view) with the view of a record encoded from `record`.
template <typename Check>
void WithView(const ProducerRecord& record, Check check) {
  ConsumerRecords records;
  test::AddRecord(&records, test::AddSource(&records, "orders", 3, 9), 41, record);
  check(records[0]);
}

TEST_CASE("null bytes are not empty bytes", "[client]") {
  CHECK(BytesView().is_null());
  CHECK(BytesView(nullptr).is_null());
  CHECK(BytesView(static_cast<const char*>(nullptr)).is_null());
  CHECK(BytesView().view().empty());
  const std::string empty;
  const std::vector<uint8_t> no_bytes;  // its data() may be null
  CHECK_FALSE(BytesView(empty).is_null());
  CHECK_FALSE(BytesView(no_bytes).is_null());
  CHECK_FALSE(BytesView("").is_null());
}

TEST_CASE("every string of bytes converts to a view of it", "[client]") {
  const std::string text = "abc";
  const std::vector<uint8_t> vector = {'a', 'b', 'c'};
  const std::array<std::byte, 3> array = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  const absl::string_view absl_view(text.data(), text.size());
  const std::string_view std_view = text;
  const absl::Span<const char> span(text.data(), text.size());
  CHECK(BytesView(text).view() == "abc");
  CHECK(BytesView(vector).view() == "abc");
  CHECK(BytesView(array).view() == "abc");
  CHECK(BytesView(absl_view).view() == "abc");
  CHECK(BytesView(std_view).view() == "abc");
  CHECK(BytesView(span).view() == "abc");
  CHECK(BytesView("abc").view() == "abc");
  CHECK(BytesView(std::string("a\0c", 3).substr(1)).view().size() == 2);
}

TEST_CASE("headers keep their order and may repeat", "[client]") {
  const std::vector<Header> list = {{"type", "placed"}, {"trace", nullptr}, {"type", ""}};
  const HeadersView view = list;
  CHECK(view.size() == 3);
  CHECK(PairsOf(view) == kPairs);
  CHECK(HeadersView().empty());
  CHECK(PairsOf({}).empty());
}

TEST_CASE("the last header of a key is found", "[client]") {
  const std::vector<Header> list = {{"a", "1"}, {"b", nullptr}, {"a", "2"}};
  const Headers owned(list);
  for (const HeadersView& view : {HeadersView(list), owned.view()}) {
    CHECK(view.Last("a") == "2");
    CHECK(view.Last("b") == "");
    CHECK(view.Last("c") == std::nullopt);
  }
}

TEST_CASE("headers that own their bytes outlive what they were made from", "[client]") {
  Headers headers;
  {
    const std::string key = "type";
    const std::string value = "placed";
    const std::vector<Header> list = {{key, value}, {"trace", nullptr}};
    headers = Headers(list);
  }
  headers.Add("type", "");
  CHECK(PairsOf(headers.view()) == kPairs);
  const Headers copy = headers;
  headers.Add("more", "x");
  CHECK(PairsOf(copy.view()) == kPairs);
  CHECK(headers.view().size() == 4);
}

TEST_CASE("a view gives every part of the record", "[client]") {
  const absl::Time time = absl::FromUnixMillis(1'700'000'000'123);
  const Headers headers(std::vector<Header>{{"type", "placed"}, {"trace", nullptr}, {"type", ""}});
  WithView({.key = "k", .value = "v", .headers = headers.view(), .timestamp = time},
           [&](const RecordView& view) {
             CHECK(view.key() == "k");
             CHECK(view.value() == "v");
             CHECK(view.has_key());
             CHECK_FALSE(view.is_tombstone());
             CHECK(PairsOf(view.headers()) == kPairs);
             CHECK(view.topic() == "orders");
             CHECK(view.partition() == 3);
             CHECK(view.leader_epoch() == 9);
             CHECK(view.offset() == 41);
             CHECK(view.timestamp() == time);
           });
}

TEST_CASE("a record without key and value reads as empty and says so", "[client]") {
  WithView({}, [](const RecordView& view) {
    CHECK_FALSE(view.has_key());
    CHECK(view.is_tombstone());
    CHECK(view.key().empty());
    CHECK(view.value().empty());
    CHECK(view.headers().empty());
  });
}

TEST_CASE("empty key and value are there", "[client]") {
  WithView({.key = "", .value = ""}, [](const RecordView& view) {
    CHECK(view.has_key());
    CHECK_FALSE(view.is_tombstone());
  });
}

TEST_CASE("many headers are counted by a long varint", "[client]") {
  const std::vector<Header> list(1000, Header{"k", "v"});
  WithView({.headers = list}, [](const RecordView& view) {
    CHECK(view.headers().size() == 1000);
    CHECK(view.headers().Last("k") == "v");
  });
}

TEST_CASE("an owned record outlives its view", "[client]") {
  Record record;
  const std::vector<Header> headers = {{"type", "placed"}, {"trace", nullptr}, {"type", ""}};
  WithView({.key = "k", .value = "v", .headers = headers, .timestamp = absl::FromUnixMillis(5)},
           [&](const RecordView& view) { record = view.ToOwned(); });
  CHECK(record.topic == "orders");
  CHECK(record.partition == 3);
  CHECK(record.offset == 41);
  CHECK(record.timestamp == absl::FromUnixMillis(5));
  CHECK(record.key == "k");
  CHECK(record.value == "v");
  CHECK(PairsOf(record.headers.view()) == kPairs);
}

TEST_CASE("null key and value stay null through every conversion", "[client]") {
  WithView({}, [](const RecordView& view) {
    const Record owned = view.ToOwned();
    CHECK_FALSE(owned.key.has_value());
    CHECK_FALSE(owned.value.has_value());
    const ProducerRecord from_view = view;
    const ProducerRecord from_owned = owned;
    CHECK(from_view.key.is_null());
    CHECK(from_view.value.is_null());
    CHECK(from_owned.key.is_null());
    CHECK(from_owned.value.is_null());
  });
}

TEST_CASE("what is relayed keeps key and value and headers and timestamp only", "[client]") {
  const std::vector<Header> headers = {{"type", "placed"}, {"trace", nullptr}, {"type", ""}};
  const absl::Time time = absl::FromUnixMillis(1234);
  WithView({.key = "k", .value = "v", .headers = headers, .timestamp = time},
           [&](const RecordView& view) {
             const Record owned = view.ToOwned();
             for (const ProducerRecord& relayed : {ProducerRecord(view), ProducerRecord(owned)}) {
               CHECK(relayed.key.view() == "k");
               CHECK(relayed.value.view() == "v");
               CHECK(PairsOf(relayed.headers) == kPairs);
               CHECK(relayed.timestamp == time);
               CHECK(relayed.partition == kAnyPartition);
             }
           });
}

TEST_CASE("an owned record without timestamp takes the log's", "[client]") {
  const Record record = {.value = "v"};
  CHECK(ProducerRecord(record).timestamp == std::nullopt);
}

}  // namespace
}  // namespace eventlog
