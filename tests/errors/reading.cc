// Readers that are sent where nothing is, and bytes that are not what was written.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "errors/answers.h"
#include "errors/handles.h"
#include "support/worlds.h"
#include "xxhash.h"

namespace eventlog::test {
namespace {

// "t" with ten records, of which the first five are deleted, and "u" with none.
Topic MakeTopics(Log* log) {
  const Topic topic = *log->OpenTopic("t");
  REQUIRE(log->OpenTopic("u").ok());
  for (int i = 0; i < 10; ++i) REQUIRE(topic.Append({.value = "v"}).ok());
  REQUIRE(topic.DeleteRecords(0, 5).ok());
  return topic;
}

void ExpectOfSeeks(Answers* answers, Log* log, const Topic& topic) {
  auto consumer = log->NewConsumer({.topics = {"t"}});
  const ErrorReason below = ErrorReason::kBelowLogStart;
  const ErrorReason beyond = ErrorReason::kBeyondHighWatermark;
  const auto at = OffsetSpec::At;
  answers->Expect("Consumer::Seek", below, consumer->Seek(at(4)));
  answers->Expect("Consumer::Seek", beyond, consumer->Seek({"t", 0}, at(11)));
  answers->Expect("Consumer::ListOffsets", below, consumer->ListOffsets(at(4)).status());
  answers->Expect("Consumer::ListOffsets", beyond, consumer->ListOffsets(at(11)).status());
  answers->Expect("Topic::ListOffsets", below, topic.ListOffsets(at(4)).status());
  answers->Expect("Topic::ListOffsets", beyond, topic.ListOffsets(at(11)).status());
  answers->Expect("Topic::DeleteRecords", beyond, topic.DeleteRecords(0, 11));
  answers->Expect("Topic::DeleteRecords", below, topic.DeleteRecords(0, -1));
  answers->Expect("Log::NewConsumer", below,
                  log->NewConsumer({.topics = {"t"}, .from = at(4)}).status());
  answers->Expect("Log::NewConsumer", beyond,
                  log->NewConsumer({.topics = {"t"}, .from = at(11)}).status());
  const std::vector<TopicPartitionOffset> cut = {{"t", 0, 7, 0}};
  answers->Expect("Consumer::Seek", ErrorReason::kLogTruncated, consumer->Seek(cut));

  const std::vector<TopicPartition> other = {{"t", 1}};
  const ErrorReason unknown = ErrorReason::kUnknownPartition;
  answers->Expect("Consumer::Seek", unknown, consumer->Seek({"t", 1}, OffsetSpec::Earliest()));
  answers->Expect("Consumer::Position", unknown, consumer->Position({"t", 1}).status());
  answers->Expect("Consumer::Pause", unknown, consumer->Pause(other));
  answers->Expect("Consumer::Resume", unknown, consumer->Resume(other));
}

void ExpectOfAssignments(Answers* answers, Log* log) {
  auto subscribed = log->NewConsumer({.topics = {"t"}});
  answers->Expect("Consumer::Assign", absl::StatusCode::kFailedPrecondition,
                  subscribed->Assign({{"t", 0}}));
  auto free = log->NewConsumer({});
  answers->Expect("Consumer::Assign", ErrorReason::kUnknownTopic, free->Assign({{"none", 0}}));
  answers->Expect("Consumer::Assign", ErrorReason::kUnknownPartition, free->Assign({{"t", 1}}));
  answers->Expect("Consumer::Assign", ErrorReason::kInvalidOption,
                  free->Assign({{"t", 0}, {"t", 0}}));
  auto from_below = log->NewConsumer({.from = OffsetSpec::At(4)});
  answers->Expect("Consumer::Assign", ErrorReason::kBelowLogStart, from_below->Assign({{"t", 0}}));
  auto until_beyond = log->NewConsumer({.until = OffsetSpec::At(11)});
  answers->Expect("Consumer::Assign", ErrorReason::kBeyondHighWatermark,
                  until_beyond->Assign({{"t", 0}}));
}

// A group that stands at `offset` of "t", whose consumer has nowhere to be reset to.
Consumer ConsumerAt(Log* log, const std::string& group, int64_t offset, int32_t leader_epoch) {
  const std::vector<TopicPartitionOffset> offsets = {{"t", 0, offset, leader_epoch}};
  REQUIRE(log->AlterOffsets(group, offsets).ok());
  return *log->NewConsumer(
      {.group = group, .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kNone});
}

void ExpectOfPositions(Answers* answers, Log* log) {
  struct Case {
    int64_t offset;
    int32_t leader_epoch;
    ErrorReason reason;
  };
  const Case cases[] = {{2, -1, ErrorReason::kBelowLogStart},
                        {7, 0, ErrorReason::kLogTruncated},
                        {20, -1, ErrorReason::kLogTruncated}};
  ConsumerRecords records;
  for (const Case& one : cases) {
    Consumer consumer = ConsumerAt(log, std::to_string(one.offset), one.offset, one.leader_epoch);
    answers->Expect("Consumer::Poll", one.reason, consumer.Poll(absl::ZeroDuration(), &records));
    answers->Expect("Consumer::Position", one.reason, consumer.Position({"t", 0}).status());
    answers->Expect("Consumer::Lag", one.reason, consumer.Lag().status());
  }
}

void ExpectOfPolls(Answers* answers, Log* log) {
  ConsumerRecords records;
  auto consumer = log->NewConsumer({.topics = {"u"}});
  consumer->Wakeup();
  answers->Expect("Consumer::Poll", ErrorReason::kWokenUp,
                  consumer->Poll(absl::InfiniteDuration(), &records));
  REQUIRE(log->DeleteTopic("u").ok());
  answers->Expect("Consumer::Poll", ErrorReason::kUnknownTopic,
                  consumer->Poll(absl::ZeroDuration(), &records));
}

void ExpectWithoutDescriptors(Answers* answers, Log* log) {
  auto consumer = log->NewConsumer({.topics = {"t"}});
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none = {0, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const absl::Status refused = consumer->ReadyFd().status();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  answers->Expect("Consumer::ReadyFd", absl::StatusCode::kResourceExhausted, refused);
}

// --- damage

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string SegmentOf(const std::string& directory) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".log") return entry.path();
  }
  return {};
}

// A closed log with a sealed record in "t"; then `damage`; then what Open says.
template <typename Damage>
absl::StatusOr<Log> OpenDamaged(const Place& place, LogOptions options, Damage damage) {
  {
    Log log = OpenLog(options);
    const Topic topic = *log.OpenTopic("t");
    for (const int seconds : {1, 3}) {  // one batch
      REQUIRE(topic.Append({.value = "v", .timestamp = absl::FromUnixSeconds(seconds)}).ok());
    }
    REQUIRE(log.Close().ok());
  }
  damage(place.directory());
  return Log::Open(std::move(options));
}

void FlipLastByte(const std::string& path) {
  std::string bytes = ReadFile(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  WriteFile(path, bytes);
}

// A catalog of version 99 with a good hash.
void AgeCatalog(const std::string& directory) {
  std::string bytes = ReadFile(directory + "/catalog");
  uint16_t header_bytes = 0;
  std::memcpy(&header_bytes, &bytes[6], sizeof header_bytes);
  bytes[4] = 99;
  const uint64_t hash = XXH3_64bits_withSeed(bytes.data(), header_bytes - 8u, 0);
  std::memcpy(&bytes[header_bytes - 8u], &hash, sizeof hash);
  WriteFile(directory + "/catalog", bytes);
}

void ExpectAtOpen(Answers* answers) {
  const auto expect = [answers](ErrorReason reason, auto damage) {
    Place place(World::kDirectory);
    answers->Expect("Log::Open", reason, OpenDamaged(place, place.options(), damage).status());
  };
  expect(ErrorReason::kCorruptData,
         [](const std::string& directory) { FlipLastByte(directory + "/catalog"); });
  expect(ErrorReason::kNewerFormat, AgeCatalog);
  expect(ErrorReason::kDurableDataMissing,
         [](const std::string& directory) { std::filesystem::remove(SegmentOf(directory)); });
}

void ExpectOfReaders(Answers* answers) {
  Place place(World::kDirectory);
  auto log = OpenDamaged(place, place.options(),
                         [](const std::string& directory) { FlipLastByte(SegmentOf(directory)); });
  INFO(log.status());
  REQUIRE(log.ok());
  const OffsetSpec in_time = OffsetSpec::ForTimestamp(absl::FromUnixSeconds(2));
  auto consumer = log->NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  const ErrorReason corrupt = ErrorReason::kCorruptData;
  answers->Expect("Consumer::Poll", corrupt, consumer->Poll(absl::ZeroDuration(), &records));
  answers->Expect("Consumer::Seek", corrupt, consumer->Seek(in_time));
  answers->Expect("Consumer::ListOffsets", corrupt, consumer->ListOffsets(in_time).status());
  answers->Expect("Topic::ListOffsets", corrupt,
                  log->OpenTopic("t")->ListOffsets(in_time).status());
  answers->Expect("Log::NewConsumer", corrupt,
                  log->NewConsumer({.topics = {"t"}, .from = in_time}).status());
  auto unassigned = log->NewConsumer({.from = in_time});
  answers->Expect("Consumer::Assign", corrupt, unassigned->Assign({{"t", 0}}));
  // Whether what the group has read is there is to be seen in the records before.
  const std::vector<TopicPartitionOffset> offsets = {{"t", 0, 1, 0}};
  REQUIRE(log->AlterOffsets("g", offsets).ok());
  auto member = log->NewConsumer({.group = "g", .topics = {"t"}});
  answers->Expect("Consumer::Position", corrupt, member->Position({"t", 0}).status());
  answers->Expect("Consumer::Lag", corrupt, member->Lag().status());
}

}  // namespace

void ExpectOfOffsets(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kDirectory}) {
    Place place(world);
    Log log = OpenLog(place.options());
    const Topic topic = MakeTopics(&log);
    ExpectOfSeeks(answers, &log, topic);
    ExpectOfAssignments(answers, &log);
    ExpectOfPositions(answers, &log);
    ExpectOfPolls(answers, &log);
    ExpectWithoutDescriptors(answers, &log);
  }
}

void ExpectOfDamage(Answers* answers) {
  ExpectAtOpen(answers);
  ExpectOfReaders(answers);
}

}  // namespace eventlog::test
