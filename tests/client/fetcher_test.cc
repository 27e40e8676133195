#include "client/fetcher.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"

namespace eventlog::internal {
namespace {

struct Fetched {
  // What others have read so many times before is decoded once for all.
  explicit Fetched(int records, int read_before = 0) {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.batch_bytes = 1024});
    for (int i = 0; i < records; ++i) {
      REQUIRE(topic
                  .Append({.value = std::to_string(i) + std::string(90, '.'),
                           .timestamp = absl::FromUnixMillis(1000 + i)})
                  .ok());
    }
    for (int i = 0; i < read_before; ++i) {
      fetcher = std::make_unique<PartitionFetcher>(HandleAccess::State(topic), 0);
      fetcher->SetPosition(0);
      while (!fetcher->caught_up()) Fetch(7);
    }
    fetcher = std::make_unique<PartitionFetcher>(HandleAccess::State(topic), 0);
  }
  // The offsets of one fetch.
  std::vector<int64_t> Fetch(std::size_t max_records, int64_t fetch_bytes = 1 << 20,
                             const std::function<bool(const RecordView&)>* filter = nullptr) {
    ConsumerRecords records;
    std::vector<RecordView>* const views = ConsumerRecordsAccess::records(&records);
    const auto before = fetcher->position();
    const auto moved = fetcher->Fetch({max_records, fetch_bytes, filter}, views,
                                      ConsumerRecordsAccess::pins(&records));
    REQUIRE(moved.ok());
    CHECK(*moved == (fetcher->position() != before));
    CHECK((*moved || views->empty()));
    std::vector<int64_t> offsets;
    for (const RecordView& record : *views) {
      CHECK(record.value().starts_with(std::to_string(record.offset()) + "."));
      CHECK(record.timestamp() == absl::FromUnixMillis(1000 + record.offset()));
      CHECK(record.topic() == "t");
      CHECK(record.partition() == 0);
      offsets.push_back(record.offset());
    }
    return offsets;
  }
  Log log;
  Topic topic;
  std::unique_ptr<PartitionFetcher> fetcher;
};

TEST_CASE("fetches hand out everything once and stop at the end", "[client]") {
  Fetched fetched(100, GENERATE(0, 3));
  const std::size_t most = GENERATE(1u, 7u, 100u, 1000u);
  fetched.fetcher->SetPosition(0);
  int64_t expected = 0;
  while (!fetched.fetcher->caught_up()) {
    const std::vector<int64_t> offsets = fetched.Fetch(most);
    REQUIRE_FALSE(offsets.empty());
    CHECK(offsets.size() <= most);
    for (const int64_t offset : offsets) CHECK(offset == expected++);
    CHECK(fetched.fetcher->position() == expected);
  }
  CHECK(expected == 100);
  CHECK(fetched.Fetch(most).empty());
  REQUIRE(fetched.topic.Append({.value = "100.", .timestamp = absl::FromUnixMillis(1100)}).ok());
  CHECK_FALSE(fetched.fetcher->caught_up());
  CHECK(fetched.Fetch(most) == std::vector<int64_t>{100});
}

TEST_CASE("a fetch begins exactly at its position whatever batch that is in", "[client]") {
  Fetched fetched(60, GENERATE(0, 3));
  for (int64_t offset = 59; offset >= 0; --offset) {
    fetched.fetcher->SetPosition(offset);
    const std::vector<int64_t> offsets = fetched.Fetch(2);
    REQUIRE_FALSE(offsets.empty());
    CHECK(offsets.front() == offset);
  }
}

TEST_CASE("a position beyond the end is a log that was cut", "[client]") {
  Fetched fetched(5);
  fetched.fetcher->SetPosition(9);
  ConsumerRecords records;
  const auto count = fetched.fetcher->Fetch({10, 1 << 20}, ConsumerRecordsAccess::records(&records),
                                            ConsumerRecordsAccess::pins(&records));
  CHECK(ReasonOf(count.status()) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(count.status()) == 5);
  CHECK(fetched.fetcher->position() == 9);
}

TEST_CASE("a fetch moves over what the filter refuses and keeps nothing of it", "[client]") {
  Fetched fetched(100, GENERATE(0, 3));
  const std::function<bool(const RecordView&)> every_tenth = [](const RecordView& record) {
    return record.offset() % 10 == 9;
  };
  const std::function<bool(const RecordView&)> none = [](const RecordView&) { return false; };
  fetched.fetcher->SetPosition(0);
  std::vector<int64_t> seen;
  while (!fetched.fetcher->caught_up()) {
    const int64_t before = *fetched.fetcher->position();
    for (const int64_t offset : fetched.Fetch(3, 1024, &every_tenth)) seen.push_back(offset);
    REQUIRE(*fetched.fetcher->position() > before);
  }
  CHECK(seen == std::vector<int64_t>{9, 19, 29, 39, 49, 59, 69, 79, 89, 99});
  fetched.fetcher->SetPosition(0);
  ConsumerRecords records;
  RecordPins* const pins = ConsumerRecordsAccess::pins(&records);
  REQUIRE(*fetched.fetcher->Fetch({100, 1 << 20, &none}, ConsumerRecordsAccess::records(&records),
                                  pins));
  CHECK(pins->empty());
}

TEST_CASE("a filter may not wait for its own call to end", "[client]") {
  Fetched fetched(1);
  absl::Status closed;
  const std::function<bool(const RecordView&)> closing = [&](const RecordView&) {
    closed = fetched.log.Close();
    return true;
  };
  fetched.fetcher->SetPosition(0);
  CHECK(fetched.Fetch(1, 1024, &closing) == std::vector<int64_t>{0});
  CHECK(ReasonOf(closed) == ErrorReason::kInCallback);
}

TEST_CASE("a fetch reads once however little it hands out", "[client]") {
  Fetched fetched(100);
  const std::function<bool(const RecordView&)> none = [](const RecordView&) { return false; };
  fetched.fetcher->SetPosition(0);
  CHECK(fetched.Fetch(100, 1024, &none).empty());
  CHECK(*fetched.fetcher->position() > 0);
  CHECK(*fetched.fetcher->position() < 50);
}

TEST_CASE("a fetch ends where it is told to", "[client]") {
  Fetched fetched(60, GENERATE(0, 3));
  const int64_t until = GENERATE(0, 1, 7, 30, 59, 60);
  fetched.fetcher->SetUntil(until);
  fetched.fetcher->SetPosition(0);
  int64_t expected = 0;
  while (!fetched.fetcher->caught_up()) {
    const std::vector<int64_t> offsets = fetched.Fetch(4);
    REQUIRE_FALSE(offsets.empty());
    for (const int64_t offset : offsets) CHECK(offset == expected++);
  }
  CHECK(expected == until);
  CHECK(fetched.fetcher->position() == until);
  CHECK(fetched.Fetch(4).empty());
  CHECK_FALSE(fetched.fetcher->has_news());
  fetched.fetcher->SetPosition(60);  // beyond
  CHECK(fetched.fetcher->caught_up());
  CHECK(fetched.Fetch(4).empty());
}

TEST_CASE("there is news when a fetch would do something", "[client]") {
  Fetched fetched(5);
  PartitionFetcher* const fetcher = fetched.fetcher.get();
  CHECK(fetcher->has_news());  // the position is to be found
  fetcher->SetPosition(4);
  CHECK(fetcher->has_news());
  fetcher->SetPosition(5);
  CHECK_FALSE(fetcher->has_news());
  REQUIRE(fetched.topic.Append({.value = "5."}).ok());
  CHECK(fetcher->has_news());
  fetcher->SetPosition(7);  // the log was cut
  CHECK(fetcher->has_news());
  fetcher->SetPosition(6);
  CHECK_FALSE(fetcher->has_news());
  REQUIRE(fetched.log.DeleteTopic("t").ok());
  CHECK(fetcher->has_news());
}

TEST_CASE("a position is checked when the epoch has changed", "[client]") {
  Fetched fetched(10);
  PartitionFetcher* const fetcher = fetched.fetcher.get();
  fetcher->SetPosition(0);
  const std::size_t in_hand = fetched.Fetch(4).size();
  const auto position = static_cast<int64_t>(in_hand);
  REQUIRE(in_hand == 4);
  // A recovery that kept nothing from offset 2 on, and forgot what was before.
  const int32_t epoch = fetcher->position_epoch();
  fetcher->partition()->Adopt({{}, 2, 2}, epoch + 1);
  const int added = GENERATE(0, 2, 5);
  for (int i = 2; i < 2 + added; ++i) {
    REQUIRE(fetched.topic
                .Append({.value = std::to_string(i) + ".new",
                         .timestamp = absl::FromUnixMillis(1000 + i)})
                .ok());
  }
  CHECK(fetcher->has_news());
  for (int times = 0; times < 2; ++times) {
    ConsumerRecords records;
    const absl::Status cut = fetcher
                                 ->Fetch({10, 1 << 20}, ConsumerRecordsAccess::records(&records),
                                         ConsumerRecordsAccess::pins(&records))
                                 .status();
    CHECK(ReasonOf(cut) == ErrorReason::kLogTruncated);
    CHECK(ActualOffset(cut) == 2);
    CHECK(fetcher->position() == position);
    CHECK(fetcher->position_epoch() == epoch);
  }
  if (position <= 2 + added) {  // whoever insists on the offset has it
    fetcher->SetPosition(position);
    CHECK(fetched.Fetch(10).size() == static_cast<std::size_t>(2 + added - position));
  }
  fetcher->SetPosition(2);
  CHECK(fetched.Fetch(10).size() == static_cast<std::size_t>(added));
}

TEST_CASE("what a fetcher has in hand of before a cut is not handed out", "[client]") {
  Fetched fetched(10);
  PartitionFetcher* const fetcher = fetched.fetcher.get();
  fetcher->SetPosition(0);
  REQUIRE(fetched.Fetch(4).size() == 4);
  // A recovery that cut just where the fetcher stands.
  fetcher->partition()->Adopt({{}, 4, 4}, fetcher->position_epoch() + 1);
  REQUIRE(fetched.topic.Append({.value = "4.new", .timestamp = absl::FromUnixMillis(1004)}).ok());
  CHECK(fetched.Fetch(10) == std::vector<int64_t>{4});
}

}  // namespace
}  // namespace eventlog::internal
