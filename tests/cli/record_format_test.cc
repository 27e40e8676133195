#include "cli/record_format.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "eventlog/log.h"

namespace eventlog::cli {
namespace {

// What `format` makes of a record that went through a log in memory.
std::string Printed(std::string_view format, const ProducerRecord& record) {
  auto log = Log::Open({.memory = true});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("orders", {.partitions = 3});
  REQUIRE(topic.ok());
  REQUIRE(topic->Append(record).ok());
  auto consumer = log->NewConsumer({.topics = {"orders"}});
  REQUIRE(consumer.ok());
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::Seconds(1), &records).ok());
  REQUIRE(records.size() == 1);
  const auto parsed = RecordFormat::Parse(format);
  REQUIRE(parsed.ok());
  std::string text = "<";
  parsed->Append(FieldsOf(records[0]), &text);
  return text + ">";
}

TEST_CASE("every field of the format prints its part of a record", "[cli]") {
  const std::vector<Header> headers = {{"a", "1"}, {"b", nullptr}};
  const ProducerRecord record = {.key = "key",
                                 .value = "value",
                                 .headers = headers,
                                 .timestamp = absl::FromUnixMillis(1234),
                                 .partition = 2};
  CHECK(Printed("%t", record) == "<orders>");
  CHECK(Printed("%p", record) == "<2>");
  CHECK(Printed("%o", record) == "<0>");
  CHECK(Printed("%k", record) == "<key>");
  CHECK(Printed("%s", record) == "<value>");
  CHECK(Printed("%T", record) == "<1234>");
  CHECK(Printed("%R", record) == "<1970-01-01T00:00:01.234Z>");
  CHECK(Printed("%J", record).find("<{\"topic\":\"orders\",\"partition\":2,") == 0);
  CHECK(Printed("%h", record) == "<a=1,b=NULL>");
  CHECK(Printed("%S", record) == "<5>");
  CHECK(Printed("%K", record) == "<3>");
  CHECK(Printed("100%%\\t\\n\\\\%s%k", record) == "<100%\t\n\\valuekey>");
}

TEST_CASE("null keys and values print nothing and have size -1", "[cli]") {
  CHECK(Printed("[%k][%s] %K %S", {}) == "<[][] -1 -1>");
  CHECK(Printed("%K %S", {.key = "", .value = ""}) == "<0 0>");
}

TEST_CASE("bytes of any value pass through unchanged", "[cli]") {
  const std::string bytes("a\0b\n%s", 6);
  CHECK(Printed("%s", {.value = bytes}) == "<" + bytes + ">");
}

TEST_CASE("an escape that there is not is refused by name", "[cli]") {
  for (const char* wrong : {"%x", "a%", "\\q", "a\\"}) {
    const auto parsed = RecordFormat::Parse(wrong);
    CHECK(absl::IsInvalidArgument(parsed.status()));
  }
  const std::string message(RecordFormat::Parse("%s %x").status().message());
  CHECK(message.find("\"%x\"") != std::string::npos);
}

}  // namespace
}  // namespace eventlog::cli
