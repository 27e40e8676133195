#include "cli/record_json.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace eventlog::cli {
namespace {

// What comes back from the JSON of these fields, printed again.
std::string RoundTripped(const RecordFields& fields) {
  const auto parsed = FromJson(ToJson(fields));
  REQUIRE(parsed.ok());
  const ProducerRecord record = parsed->ToProducerRecord();
  return ToJson({.topic = fields.topic,
                 .partition = record.partition,
                 .offset = fields.offset,
                 .timestamp_ms = absl::ToUnixMillis(*record.timestamp),
                 .key = record.key,
                 .value = record.value,
                 .headers = record.headers});
}

TEST_CASE("a record is one JSON object on one line", "[cli]") {
  const std::vector<Header> headers = {{"trace", "a1"}, {"trace", nullptr}};
  CHECK(ToJson({.topic = "orders",
                .partition = 3,
                .offset = 7,
                .timestamp_ms = 1700000000123,
                .key = "order-1",
                .value = "line\n\"two\"",
                .headers = headers}) ==
        R"({"topic":"orders","partition":3,"offset":7,"timestamp":"2023-11-14T22:13:20.123Z",)"
        R"("timestamp_ms":1700000000123,"key":"order-1","value":"line\n\"two\"",)"
        R"("headers":[["trace","a1"],["trace",null]]})");
}

TEST_CASE("bytes that are no text go through base64 and come back", "[cli]") {
  const std::vector<std::string> texts = {"", "plain", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
                                          std::string("a\0b", 3)};
  for (const std::string& text : texts) {
    CHECK(ToJson({.value = text}).find("base64") == std::string::npos);
    CHECK(RoundTripped({.value = text}) == ToJson({.value = text}));
  }
  // Cut off, overlong, a surrogate, too large, a lone follower, a wrong follower.
  for (const std::string text : {"\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x28\xa1"}) {
    CHECK(ToJson({.value = text}).find("base64") != std::string::npos);
    const auto parsed = FromJson(ToJson({.key = text, .value = text}));
    REQUIRE(parsed.ok());
    CHECK(parsed->record.key == text);
    CHECK(parsed->record.value == text);
  }
}

TEST_CASE("null keys and values and headers and far timestamps come back", "[cli]") {
  const std::string bytes = "\xff\x01";
  const std::vector<Header> headers = {{"a", ""}, {"a", nullptr}, {bytes, bytes}};
  const RecordFields fields = {.topic = "t", .partition = 2, .offset = 9, .headers = headers};
  CHECK(RoundTripped(fields) == ToJson(fields));
  for (const int64_t time_ms : {int64_t{0}, int64_t{1}, INT64_MAX}) {
    const RecordFields timed = {.timestamp_ms = time_ms, .key = "", .value = ""};
    CHECK(RoundTripped(timed) == ToJson(timed));
  }
}

TEST_CASE("what people write by hand is understood", "[cli]") {
  const auto full =
      FromJson(R"({"key": "k", "value": null, "headers": {"a": "1", "b": null}, "partition": 4,)"
               R"( "timestamp": 1700000000123})");
  REQUIRE(full.ok());
  CHECK(full->record.key == "k");
  CHECK_FALSE(full->record.value.has_value());
  CHECK(full->record.headers.view().Last("a") == "1");
  CHECK(full->record.headers.view().size() == 2);
  CHECK(full->partition == 4);
  CHECK(absl::ToUnixMillis(full->record.timestamp) == 1700000000123);
  const auto least = FromJson(R"({"value":""})");
  REQUIRE(least.ok());
  CHECK_FALSE(least->record.key.has_value());
  CHECK(least->record.value == "");
  CHECK(least->partition == kAnyPartition);
  CHECK_FALSE(least->ToProducerRecord().timestamp.has_value());
}

TEST_CASE("what is no record is refused and the wrong member named", "[cli]") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "not a JSON object"},
      {"plain text", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {R"({"value":"a"} extra)", "not a JSON object"},
      {R"({"key":"a"})", "\"value\""},
      {R"({"vlaue":"a"})", "\"vlaue\""},
      {R"({"value":7})", "\"value\""},
      {R"({"value":{"base64":"*"}})", "\"value\""},
      {R"({"value":{"base64":"YQ==","x":1}})", "\"value\""},
      {R"({"value":"a","key":true})", "\"key\""},
      {R"({"value":"a","partition":-1})", "\"partition\""},
      {R"({"value":"a","partition":2147483648})", "\"partition\""},
      {R"({"value":"a","timestamp":1.5})", "\"timestamp\""},
      {R"({"value":"a","timestamp":"noon"})", "\"timestamp\""},
      {R"({"value":"a","headers":"b"})", "\"headers\""},
      {R"({"value":"a","headers":[["b"]]})", "\"headers\""},
      {R"({"value":"a","headers":[[null,"b"]]})", "header"},
  };
  for (const auto& [line, what] : wrong) {
    const auto parsed = FromJson(line);
    INFO(line);
    REQUIRE(absl::IsInvalidArgument(parsed.status()));
    CHECK(std::string(parsed.status().message()).find(what) != std::string::npos);
  }
}

}  // namespace
}  // namespace eventlog::cli
