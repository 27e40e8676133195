#include "client/fetcher.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"

namespace eventlog::internal {
namespace {

struct Fetched {
  explicit Fetched(int records) {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.batch_bytes = 1024});
    for (int i = 0; i < records; ++i) {
      REQUIRE(topic
                  .Append({.value = std::to_string(i) + std::string(90, '.'),
                           .timestamp = absl::FromUnixMillis(1000 + i)})
                  .ok());
    }
    fetcher = std::make_unique<PartitionFetcher>(HandleAccess::State(topic), 0);
  }
  // The offsets of one fetch.
  std::vector<int64_t> Fetch(std::size_t max_records, int64_t fetch_bytes = 1 << 20) {
    ConsumerRecords records;
    std::vector<RecordView>* const views = ConsumerRecordsAccess::records(&records);
    const auto count =
        fetcher->Fetch(max_records, fetch_bytes, views, ConsumerRecordsAccess::pins(&records));
    REQUIRE(count.ok());
    CHECK(*count == views->size());
    std::vector<int64_t> offsets;
    for (const RecordView& record : *views) {
      CHECK(record.value().starts_with(std::to_string(record.offset()) + "."));
      CHECK(record.timestamp() == absl::FromUnixMillis(1000 + record.offset()));
      offsets.push_back(record.offset());
    }
    return offsets;
  }
  Log log;
  Topic topic;
  std::unique_ptr<PartitionFetcher> fetcher;
};

TEST_CASE("fetches hand out everything once and stop at the end", "[client]") {
  Fetched fetched(100);
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
  Fetched fetched(60);
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
  const auto count = fetched.fetcher->Fetch(10, 1 << 20, ConsumerRecordsAccess::records(&records),
                                            ConsumerRecordsAccess::pins(&records));
  CHECK(ReasonOf(count.status()) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(count.status()) == 5);
  CHECK(fetched.fetcher->position() == 9);
}

TEST_CASE("what was read under an epoch is there or the cut is named", "[client]") {
  Fetched fetched(50);
  const int32_t epoch = fetched.fetcher->partition()->leader_epoch();
  CHECK(fetched.fetcher->CheckNotTruncated(50, epoch).ok());
  CHECK(fetched.fetcher->CheckNotTruncated(50, epoch + 1).ok());
  CHECK(fetched.fetcher->CheckNotTruncated(50, -1).ok());
  CHECK(fetched.fetcher->CheckNotTruncated(0, 0).ok());
  const absl::Status beyond = fetched.fetcher->CheckNotTruncated(51, -1);
  CHECK(ReasonOf(beyond) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(beyond) == 50);
  if (epoch > 0) {
    const absl::Status cut = fetched.fetcher->CheckNotTruncated(20, epoch - 1);
    CHECK(ReasonOf(cut) == ErrorReason::kLogTruncated);
    CHECK(ActualOffset(cut) == 0);
  }
}

TEST_CASE("places are looked up within the log", "[client]") {
  Fetched fetched(10);
  const auto resolve = [&](OffsetSpec spec) { return *fetched.fetcher->Resolve(spec); };
  CHECK(resolve(OffsetSpec::Earliest()) == 0);
  CHECK(resolve(OffsetSpec::Latest()) == 10);
  CHECK(resolve(OffsetSpec::Last(4)) == 6);
  CHECK(resolve(OffsetSpec::Last(std::numeric_limits<int64_t>::max())) == 0);
  CHECK(resolve(OffsetSpec::ForTimestamp(absl::FromUnixMillis(1005))) == 5);
  CHECK(ActualOffset(fetched.fetcher->Resolve(OffsetSpec::At(11)).status()) == 10);
  CHECK(ActualOffset(fetched.fetcher->Resolve(OffsetSpec::At(-1)).status()) == 0);
}

}  // namespace
}  // namespace eventlog::internal
