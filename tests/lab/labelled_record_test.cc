#include "lab/labelled_record.h"

#include <catch2/catch.hpp>
#include <set>
#include <utility>

#include "eventlog/eventlog.h"

namespace eventlog::test {
namespace {

TEST_CASE("labelled records are of many shapes, and whole as they were appended", "[lab]") {
  Log log = *Log::Open({.memory = true});
  Topic topic = *log.CreateTopic("t");
  for (int64_t number = 0; number < LabelledRecord::kShapes; ++number) {
    const std::string value = LabelledValue(number, absl::FromUnixMillis(number), 40);
    REQUIRE(value.size() == 40);
    REQUIRE(topic.Append(LabelledRecord(value, 0).view()).ok());
  }
  auto consumer = log.NewConsumer({.assignment = {{"t", 0}}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(std::ssize(records) == LabelledRecord::kShapes);
  std::set<std::pair<bool, std::size_t>> shapes;
  for (const RecordView& record : records) {
    CHECK(LabelledRecord::Contradiction(record).empty());
    CHECK(record.timestamp() == absl::FromUnixMillis(record.offset()));
    shapes.emplace(record.has_key(), record.headers().size());
  }
  CHECK(shapes.size() == 8);  // with and without key, none to three headers
}

}  // namespace
}  // namespace eventlog::test
