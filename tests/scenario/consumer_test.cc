// What a consumer reads and what it leaves out: pauses, ends, filters, shares, new partitions,
// commits by themselves, lists of offsets.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

void Fill(const Topic& topic, int count, int32_t partition = 0) {
  for (int i = 0; i < count; ++i) {
    REQUIRE(topic
                .Append({.value = std::to_string(i) + std::string(90, '.'),
                         .timestamp = absl::FromUnixSeconds(1000 + i),
                         .partition = partition})
                .ok());
  }
}

// The offsets of one poll that does not wait, by partition.
std::map<int32_t, std::vector<int64_t>> PollNow(Consumer* consumer, bool* caught_up = nullptr) {
  ConsumerRecords records;
  const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
  INFO(polled);
  REQUIRE(polled.ok());
  std::map<int32_t, std::vector<int64_t>> offsets;
  for (const auto& record : records) offsets[record.partition()].push_back(record.offset());
  if (caught_up != nullptr) *caught_up = records.caught_up();
  return offsets;
}

// Everything up to the end, in order.
std::vector<int64_t> PollToTheEnd(Consumer* consumer) {
  std::vector<int64_t> offsets;
  bool caught_up = false;
  for (int polls = 0; !caught_up && polls < 1000; ++polls) {
    for (const auto& [partition, some] : PollNow(consumer, &caught_up)) {
      offsets.insert(offsets.end(), some.begin(), some.end());
    }
  }
  CHECK(caught_up);
  return offsets;
}

using Offsets = std::vector<int64_t>;
using ByPartition = std::map<int32_t, Offsets>;

TEST_CASE("a paused partition is silent and does not hold back catching up", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 3, 0);
  Fill(*topic, 2, 1);
  auto consumer = log.NewConsumer({.topics = {"t"}});
  const TopicPartition zero{"t", 0};
  REQUIRE(consumer->Pause({zero}).ok());
  REQUIRE(consumer->Pause({zero}).ok());
  bool caught_up = false;
  CHECK(PollNow(&*consumer, &caught_up) == ByPartition{{1, {0, 1}}});
  CHECK(caught_up);
  CHECK(*consumer->Lag() == 3);
  REQUIRE(consumer->Seek(zero, OffsetSpec::At(1)).ok());
  CHECK(PollNow(&*consumer, &caught_up).empty());
  // All or none.
  CHECK(ReasonOf(consumer->Pause({{"t", 1}, {"t", 2}})) == ErrorReason::kUnknownPartition);
  CHECK(ReasonOf(consumer->Resume({zero, {"u", 0}})) == ErrorReason::kUnknownPartition);
  Fill(*topic, 1, 1);
  CHECK(PollNow(&*consumer) == ByPartition{{1, {2}}});
  REQUIRE(consumer->Resume({zero, {"t", 1}}).ok());
  CHECK(PollNow(&*consumer, &caught_up) == ByPartition{{0, {1, 2}}});
  CHECK(caught_up);
}

TEST_CASE("a partition keeps its pause when others are assigned", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  for (int32_t partition = 0; partition < 3; ++partition) Fill(*topic, 1, partition);
  auto consumer = log.NewConsumer({.assignment = {{"t", 0}, {"t", 1}}});
  REQUIRE(consumer->Pause({{"t", 1}}).ok());
  REQUIRE(consumer->Assign({{"t", 1}, {"t", 2}}).ok());
  CHECK(PollNow(&*consumer) == ByPartition{{2, {0}}});
  REQUIRE(consumer->Assign({{"t", 2}}).ok());
  REQUIRE(consumer->Assign({{"t", 1}}).ok());  // forgotten meanwhile, and the position with it
  CHECK(PollNow(&*consumer) == ByPartition{{1, {0}}});
}

TEST_CASE("offsets are listed with epochs and can be sought", "[scenario]") {
  Place place(GENERATE(World::kMemoryFileSystem, World::kDirectory));
  std::vector<int32_t> epochs;
  for (int round = 0; round < 2; ++round) {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t", {.partitions = 2});
    Fill(*topic, 3, 0);
    auto consumer = log.NewConsumer({.topics = {"t"}, .from = OffsetSpec::Last(1)});
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    REQUIRE(records.size() == 1);
    epochs.push_back(records[0].leader_epoch());
  }
  REQUIRE(epochs[0] < epochs[1]);
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
  using List = std::vector<TopicPartitionOffset>;
  const auto listed = [&](OffsetSpec spec) {
    const auto by_consumer = consumer->ListOffsets(spec);
    const auto by_topic = topic->ListOffsets(spec);
    INFO(by_consumer.status());
    REQUIRE(by_consumer.ok());
    REQUIRE(by_topic.ok());
    CHECK(*by_consumer == *by_topic);
    CHECK(consumer->Seek(*by_consumer).ok());
    CHECK(*consumer->Position({"t", 0}) == by_consumer->front().offset);
    return *by_consumer;
  };
  const TopicPartitionOffset none{"t", 1, 0, -1, ""};
  CHECK(listed(OffsetSpec::Latest()) == List{{"t", 0, 6, epochs[1], ""}, none});
  CHECK(listed(OffsetSpec::Last(2)) == List{{"t", 0, 4, epochs[1], ""}, none});
  CHECK(listed(OffsetSpec::Last(3)) == List{{"t", 0, 3, epochs[0], ""}, none});
  CHECK(listed(OffsetSpec::Earliest()) == List{{"t", 0, 0, -1, ""}, none});
  CHECK(listed(OffsetSpec::ForTimestamp(absl::FromUnixSeconds(1002))) ==
        List{{"t", 0, 2, epochs[0], ""}, none});
  // Outside of one of them.
  CHECK(ActualOffset(consumer->ListOffsets(OffsetSpec::At(2)).status()) == 0);
  CHECK(ActualOffset(topic->ListOffsets(OffsetSpec::At(2)).status()) == 0);
  // What the group has committed, and where that is nothing what the policy says.
  REQUIRE(consumer->Commit(List{{"t", 0, 5, epochs[1], "words"}}).ok());
  CHECK(*consumer->ListOffsets(OffsetSpec::Committed()) == List{{"t", 0, 5, epochs[1], ""}, none});
  CHECK(ReasonOf(topic->ListOffsets(OffsetSpec::Committed()).status()) == ErrorReason::kNoGroup);
  auto stranger = log.NewConsumer({.topics = {"t"}});
  CHECK(ReasonOf(stranger->ListOffsets(OffsetSpec::Committed()).status()) == ErrorReason::kNoGroup);
  REQUIRE(log.DeleteTopic("t").ok());
  CHECK(ReasonOf(topic->ListOffsets({}).status()) == ErrorReason::kUnknownTopic);
}

TEST_CASE("the lag is what there is to read", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 5, 0);
  Fill(*topic, 3, 1);
  auto consumer = log.NewConsumer({.topics = {"t"}, .max_poll_records = 2});
  CHECK(*consumer->Lag() == 8);
  PollNow(&*consumer);
  CHECK(*consumer->Lag() == 6);
  Fill(*topic, 1, 1);
  CHECK(*consumer->Lag() == 7);
  REQUIRE(consumer->Seek(OffsetSpec::Latest()).ok());
  CHECK(*consumer->Lag() == 0);
  auto bounded = log.NewConsumer({.topics = {"t"}, .until = OffsetSpec::At(2)});
  CHECK(*bounded->Lag() == 4);
  REQUIRE(bounded->Seek(OffsetSpec::Latest()).ok());  // beyond the end
  CHECK(*bounded->Lag() == 0);
  auto lost =
      log.NewConsumer({.group = "g", .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kNone});
  CHECK(ReasonOf(lost->Lag().status()) == ErrorReason::kBelowLogStart);
}

TEST_CASE("a consumer ends where it was told to", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.batch_bytes = 1024});
  Fill(*topic, 40);
  struct Range {
    OffsetSpec from, until;
    int64_t first, end;
  };
  const auto second = [](int i) {
    return OffsetSpec::ForTimestamp(absl::FromUnixSeconds(1000 + i));
  };
  const Range range = GENERATE_COPY(values<Range>({
      {OffsetSpec::Earliest(), OffsetSpec::Latest(), 0, 40},
      {OffsetSpec::Last(5), OffsetSpec::Latest(), 35, 40},
      {OffsetSpec::At(7), OffsetSpec::At(23), 7, 23},
      {OffsetSpec::At(3), OffsetSpec::Last(30), 3, 10},
      {second(12), second(13), 12, 13},
      {OffsetSpec::At(9), OffsetSpec::At(9), 9, 9},
      {OffsetSpec::Latest(), OffsetSpec::Earliest(), 40, 40},  // nothing
  }));
  CAPTURE(range.first, range.end);
  auto consumer = log.NewConsumer({.topics = {"t"},
                                   .from = range.from,
                                   .until = range.until,
                                   .max_poll_records = 4,
                                   .tuning = {1024}});
  INFO(consumer.status());
  REQUIRE(consumer.ok());
  Fill(*topic, 10);  // later than `until` was looked up
  Offsets expected;
  for (int64_t offset = range.first; offset < range.end; ++offset) expected.push_back(offset);
  CHECK(*consumer->Lag() == static_cast<int64_t>(expected.size()));
  CHECK(PollToTheEnd(&*consumer) == expected);
  CHECK(*consumer->Position({"t", 0}) == range.end);
  bool caught_up = false;
  CHECK(PollNow(&*consumer, &caught_up).empty());
  CHECK(caught_up);
  // A seek reads again, up to the same end.
  REQUIRE(consumer->Seek(OffsetSpec::Earliest()).ok());
  CHECK(PollToTheEnd(&*consumer).size() ==
        static_cast<std::size_t>(range.first == 40 ? 0 : range.end));
}

TEST_CASE("an end is looked up for what is assigned later too", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 3, 0);
  auto consumer = log.NewConsumer(
      {.assignment = {{"t", 0}}, .from = OffsetSpec::Last(2), .until = OffsetSpec::Latest()});
  Fill(*topic, 3, 0);
  Fill(*topic, 5, 1);
  REQUIRE(consumer->Assign({{"t", 0}, {"t", 1}}).ok());
  Fill(*topic, 1, 1);
  CHECK(PollNow(&*consumer) == ByPartition{{0, {1, 2}}, {1, {3, 4}}});
  // What cannot be looked up changes nothing.
  auto exact = log.NewConsumer({.assignment = {{"t", 1}}, .from = OffsetSpec::At(6)});
  REQUIRE(exact.ok());
  REQUIRE(log.OpenTopic("empty").ok());
  CHECK(ReasonOf(exact->Assign({{"empty", 0}})) == ErrorReason::kBeyondHighWatermark);
  CHECK(exact->Assignment() == std::vector<TopicPartition>{{"t", 1}});
  CHECK(ReasonOf(log.NewConsumer({.topics = {"empty"}, .until = OffsetSpec::At(1)}).status()) ==
        ErrorReason::kBeyondHighWatermark);
}

TEST_CASE("what a filter refuses is moved over", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.batch_bytes = 1024});
  Fill(*topic, 100);
  int asked = 0;
  auto consumer = log.NewConsumer({.group = "g",
                                   .topics = {"t"},
                                   .max_poll_records = 3,
                                   .filter =
                                       [&asked](const RecordView& record) {
                                         ++asked;
                                         return record.offset() == 5 || record.offset() >= 60;
                                       },
                                   .tuning = {1024}});
  ConsumerRecords records;
  Offsets offsets;
  int empty = 0;
  do {
    REQUIRE(consumer->Poll(absl::Hours(1), &records).ok());  // it never waits
    CHECK(records.size() <= 3);
    if (records.empty()) ++empty;
    for (const auto& record : records) {
      CHECK(record.value().starts_with(std::to_string(record.offset()) + "."));
      offsets.push_back(record.offset());
    }
  } while (!records.caught_up());
  Offsets expected = {5};
  for (int64_t offset = 60; offset < 100; ++offset) expected.push_back(offset);
  CHECK(offsets == expected);
  CHECK(asked == 100);
  CHECK(empty > 0);  // one look at a time
  REQUIRE(consumer->Commit().ok());
  CHECK(consumer->Committed()->front().offset == 100);
}

TEST_CASE("a filter that refuses everything moves every partition to its end", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 5, 0);
  Fill(*topic, 4, 1);
  auto consumer =
      log.NewConsumer({.topics = {"t"}, .filter = [](const RecordView&) { return false; }});
  bool caught_up = false;
  CHECK(PollNow(&*consumer, &caught_up).empty());
  CHECK(caught_up);
  CHECK(*consumer->Position({"t", 0}) == 5);
  CHECK(*consumer->Position({"t", 1}) == 4);
}

TEST_CASE("a partition that is never empty keeps no other waiting", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  for (const char* const name : {"a", "huge", "z"}) {
    auto topic = log.OpenTopic(name, {.durability = Durability::kProcess});
    Fill(*topic, std::string(name) == "huge" ? 300 : 5);
  }
  const int32_t most = GENERATE(1, 3);
  auto consumer = log.NewConsumer({.topics = {"huge", "a", "z"}, .max_poll_records = most});
  std::map<std::string, int> seen;
  ConsumerRecords records;
  for (int poll = 0; poll < 15; ++poll) {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    CHECK_FALSE(records.empty());
    for (const auto& record : records) ++seen[std::string(record.topic())];
    const int turns = (poll + 1) / 3;  // that each has had
    for (const char* const name : {"a", "z"}) CHECK(seen[name] >= std::min(turns, 5));
  }
}

TEST_CASE("a topic that fails keeps no other waiting", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  for (const char* const name : {"a", "gone", "z"}) Fill(*log.OpenTopic(name), 4);
  auto consumer = log.NewConsumer({.topics = {"a", "gone", "z"}, .max_poll_records = 1});
  REQUIRE(log.DeleteTopic("gone").ok());
  std::map<std::string, int> seen;
  int errors = 0;
  ConsumerRecords records;
  for (int poll = 0; poll < 12; ++poll) {
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    if (!polled.ok()) {
      CHECK(ReasonOf(polled) == ErrorReason::kUnknownTopic);
      ++errors;
    }
    CHECK_FALSE(records.caught_up());
    for (const auto& record : records) ++seen[std::string(record.topic())];
  }
  CHECK(seen["a"] == 4);
  CHECK(seen["z"] == 4);
  CHECK(errors == 4);
}

TEST_CASE("added partitions are read from their beginning", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  Fill(*topic, 2);
  auto consumer = log.NewConsumer(
      {.group = "g", .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kLatest});
  auto newest = log.NewConsumer({.topics = {"t"}, .from = OffsetSpec::Latest()});
  auto bounded = log.NewConsumer({.topics = {"t"}, .until = OffsetSpec::Latest()});
  auto assigned = log.NewConsumer({.assignment = {{"t", 0}}});
  CHECK(PollNow(&*consumer).empty());
  REQUIRE(log.AlterTopic("t", {.partitions = 4}).ok());
  Fill(*topic, 3, 2);
  Fill(*topic, 4, 3);
  // Somebody has committed for the group there already.
  REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"t", 3, 1}})).ok());
  bool caught_up = false;
  CHECK(PollNow(&*consumer, &caught_up) == ByPartition{{2, {0, 1, 2}}, {3, {1, 2, 3}}});
  CHECK(caught_up);
  CHECK(consumer->Assignment() ==
        std::vector<TopicPartition>{{"t", 0}, {"t", 1}, {"t", 2}, {"t", 3}});
  CHECK(PollNow(&*newest) == ByPartition{{2, {0, 1, 2}}, {3, {0, 1, 2, 3}}});
  CHECK(PollNow(&*bounded) == ByPartition{{0, {0, 1}}});
  CHECK(PollNow(&*assigned) == ByPartition{{0, {0, 1}}});
  CHECK(bounded->Assignment().size() == 1);
  Fill(*topic, 1, 1);
  CHECK(PollNow(&*consumer) == ByPartition{{1, {0}}});
  REQUIRE(consumer->Commit().ok());
  CHECK(consumer->Committed()->size() == 4);
}

TEST_CASE("a poll that waits is told of partitions that are added", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto consumer = log.NewConsumer({.topics = {"t"}});
  const bool paused = GENERATE(false, true);
  if (paused) REQUIRE(consumer->Pause({{"t", 0}}).ok());
  std::thread adder([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    static_cast<void>(log.AlterTopic("t", {.partitions = 2}));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    static_cast<void>(topic->Append({.value = "v", .partition = 1}).status());
  });
  ConsumerRecords records;
  const auto start = std::chrono::steady_clock::now();
  const absl::Status polled = consumer->Poll(absl::Seconds(60), &records);
  const auto took = std::chrono::steady_clock::now() - start;
  adder.join();
  CHECK(polled.ok());
  REQUIRE(records.size() == 1);
  CHECK(records[0].partition() == 1);
  CHECK(took < std::chrono::seconds(20));
}

TEST_CASE("polls commit what earlier polls have handed out when it is time", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t");
  Fill(*topic, 5);
  const auto committed = [&]() -> int64_t {
    const auto offsets = log.CommittedOffsets("g");
    REQUIRE(offsets.ok());
    return offsets->empty() ? -1 : offsets->front().offset;
  };
  auto consumer = log.NewConsumer({.group = "g",
                                   .topics = {"t"},
                                   .auto_commit_interval = absl::Seconds(5),
                                   .max_poll_records = 2});
  PollNow(&*consumer);  // 0 and 1
  clock.Advance(absl::Milliseconds(4999));
  PollNow(&*consumer);  // 2 and 3
  CHECK(committed() == -1);
  clock.Advance(absl::Milliseconds(1));
  PollNow(&*consumer);  // 4, which is not handed out before the commit
  CHECK(committed() == 4);
  PollNow(&*consumer);
  CHECK(committed() == 4);
  // A poll that waits does not put it off.
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::Hours(1), &records).ok());
  CHECK(committed() == 5);
  Fill(*topic, 1);
  PollNow(&*consumer);
  REQUIRE(consumer->Close().ok());
  CHECK(committed() == 6);
  Fill(*topic, 1);
  {
    auto next = log.NewConsumer(
        {.group = "g", .topics = {"t"}, .auto_commit_interval = absl::Milliseconds(1)});
    CHECK(PollNow(&*next) == ByPartition{{0, {6}}});
  }
  CHECK(committed() == 7);  // destroyed is closed
  auto idle = log.NewConsumer(
      {.group = "g", .topics = {"t"}, .auto_commit_interval = absl::Milliseconds(1)});
  REQUIRE(idle->Seek(OffsetSpec::Earliest()).ok());
  REQUIRE(idle->Close().ok());
  CHECK(committed() == 7);  // nothing was handed out
}

TEST_CASE("a poll that waits for long commits meanwhile", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  Fill(*topic, 2);
  auto consumer = log.NewConsumer(
      {.group = "g", .topics = {"t"}, .auto_commit_interval = absl::Milliseconds(20)});
  CHECK(PollNow(&*consumer) == ByPartition{{0, {0, 1}}});
  bool committed = false;
  std::thread watcher([&] {
    const auto start = std::chrono::steady_clock::now();
    while (!committed && std::chrono::steady_clock::now() - start < std::chrono::seconds(20)) {
      const auto offsets = log.CommittedOffsets("g");
      committed = offsets.ok() && !offsets->empty() && offsets->front().offset == 2;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    consumer->Wakeup();
  });
  ConsumerRecords records;
  const absl::Status polled = consumer->Poll(absl::InfiniteDuration(), &records);
  watcher.join();
  CHECK(ReasonOf(polled) == ErrorReason::kWokenUp);
  CHECK(committed);
}

TEST_CASE("a commit that fails on its own is told and the consumer closes anyway", "[scenario]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  ManualClock clock;
  LogOptions options;
  options.directory = "log";
  options.file_system = &files;
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t");
  Fill(*topic, 3);
  const ConsumerOptions with_group = {
      .group = "g", .topics = {"t"}, .auto_commit_interval = absl::Seconds(5)};
  auto consumer = log.NewConsumer(with_group);
  CHECK(PollNow(&*consumer) == ByPartition{{0, {0, 1, 2}}});
  files.Intercept([](const FaultFileSystem::Call& call) {
    const bool of_journal =
        call.name == "WriteAt" && call.path.find("journal") != std::string::npos;
    return of_journal ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK_FALSE(topic->Append({.value = "v"}).ok());
  clock.Advance(absl::Seconds(5));
  ConsumerRecords records;
  CHECK(ReasonOf(consumer->Poll(absl::ZeroDuration(), &records)) == ErrorReason::kPoisoned);
  CHECK(consumer->Poll(absl::ZeroDuration(), &records).ok());  // told once in an interval
  CHECK(ReasonOf(consumer->Close()) == ErrorReason::kPoisoned);
  CHECK(consumer->Close().ok());
  CHECK(ReasonOf(consumer->Poll(absl::ZeroDuration(), &records)) == ErrorReason::kClosed);
  files.Heal();
  REQUIRE(log.Reopen().ok());
  auto next = log.NewConsumer(with_group);
  REQUIRE(next.ok());  // the group was left
  CHECK(PollNow(&*next) == ByPartition{{0, {0, 1, 2}}});
  REQUIRE(log.Close().ok());
  CHECK(next->Close().ok());  // after its log there is nothing to commit to
}

TEST_CASE("a consumer of a log that is cut under it is told until it seeks", "[scenario]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  LogOptions options;
  options.directory = "log";
  options.file_system = &files;
  options.background_thread = false;
  Log log = OpenLog(std::move(options));
  auto durable = log.OpenTopic("durable");
  auto topic = log.OpenTopic("t", {.durability = Durability::kProcess});
  Fill(*topic, 2);
  REQUIRE(durable->Append({.value = "v"}).ok());  // syncs what is before it, too
  auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}, .max_poll_records = 3});
  Fill(*topic, 8);
  CHECK(PollNow(&*consumer).at(0) == Offsets{0, 1, 2});
  CHECK(PollNow(&*consumer).at(0) == Offsets{3, 4, 5});
  // The device loses what was not synced, and a segment fails: what is on the device counts then.
  memory.CutPower();
  files.Intercept([](const FaultFileSystem::Call& call) {
    const bool of_segment =
        call.name == "WriteAt" && call.path.find("segments") != std::string::npos;
    return of_segment ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK_FALSE(durable->Append({.value = std::string(400'000, 'x')}).ok());
  files.Heal();
  const absl::Status reopened = log.Reopen();
  INFO(reopened);
  REQUIRE(reopened.ok());
  REQUIRE(topic->GetWatermarks(0)->high_watermark == 2);
  ConsumerRecords records;
  const int added = GENERATE(0, 4, 20);  // up to the position, and beyond it
  Fill(*topic, added);
  for (int poll = 0; poll < 2; ++poll) {
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    CHECK(ReasonOf(polled) == ErrorReason::kLogTruncated);
    CHECK(ActualOffset(polled) == 2);
    CHECK(records.empty());
    CHECK(*consumer->Position({"t", 0}) == 6);
  }
  // A commit of where it stands does not hide it from the next consumer.
  REQUIRE(consumer->Commit().ok());
  REQUIRE(consumer->Close().ok());
  auto next = log.NewConsumer({.group = "g", .topics = {"t"}});
  const absl::Status polled = next->Poll(absl::ZeroDuration(), &records);
  CHECK(ReasonOf(polled) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(polled) == 2);
  REQUIRE(next->Seek(OffsetSpec::At(2)).ok());
  CHECK(PollToTheEnd(&*next).size() == static_cast<std::size_t>(added));
}

TEST_CASE("handles and records may be destroyed in any order", "[scenario]") {
  const World world = AnyWorld();
  std::array<int, 4> order = {0, 1, 2, 3};
  do {
    Place place(world);
    std::optional<Log> log = OpenLog(place.options());
    std::optional<Topic> topic = *log->OpenTopic("t", {.batch_bytes = 1024});
    Fill(*topic, 20);
    std::optional<Consumer> consumer =
        *log->NewConsumer({.group = "g", .topics = {"t"}, .auto_commit_interval = absl::Hours(1)});
    std::optional<ConsumerRecords> records;
    REQUIRE(consumer->ReadyFd().ok());
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records.emplace()).ok());
    bool right = records->size() > 5;
    for (const int which : order) {
      if (which == 0) log.reset();
      if (which == 1) topic.reset();
      if (which == 2) consumer.reset();
      if (which == 3) records.reset();
      if (!records.has_value()) continue;
      for (const auto& record : *records) {
        right = right && record.topic() == "t" &&
                record.value().starts_with(std::to_string(record.offset()) + ".");
      }
    }
    CHECK(right);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a poll does not wait for what until leaves out", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.partitions = 2});
  auto bounded = log.NewConsumer({.topics = {"t"}, .until = OffsetSpec::Latest()});
  Fill(*topic, 3);
  ConsumerRecords records;
  REQUIRE(bounded->Poll(absl::Hours(1), &records).ok());
  CHECK(records.empty());
  CHECK(records.caught_up());
  CHECK(clock.Monotonic() == absl::ZeroDuration());
}

TEST_CASE("partitions that are not assigned any more are committed with the others", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 3, 0);
  auto consumer = log.NewConsumer(
      {.group = "g", .assignment = {{"t", 0}}, .auto_commit_interval = absl::Hours(1)});
  CHECK(PollToTheEnd(&*consumer).size() == 3);
  REQUIRE(consumer->Assign({{"t", 1}}).ok());
  const auto committed = log.CommittedOffsets("g");
  REQUIRE(committed->size() == 1);
  CHECK(committed->front().partition == 0);
  CHECK(committed->front().offset == 3);
}

}  // namespace
}  // namespace eventlog::test
