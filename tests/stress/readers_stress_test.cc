// Readers of every kind beside all that may happen to a log at once: appends, bulk and atomic
// writes, producers, rolls, retention, deletion of records, checkpoints, topics that are altered,
// deleted and made again, failures and reopenings. What a reader is handed is what was written
// there, in order and without a gap above the log start; or it is told an error of the headers.
//
// EVENTLOG_STRESS_SECONDS and EVENTLOG_STRESS_SEED change how much of it.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <initializer_list>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "stress/witness.h"
#include "support/environment.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

using Random = std::mt19937_64;

constexpr std::array<const char*, 5> kTopics = {"disk", "process", "aged", "sized", "again"};
constexpr std::size_t kAged = 2;
constexpr std::size_t kAgain = 4;  // is deleted and made again
// What a call on a topic may be told here at any time.
constexpr std::initializer_list<ErrorReason> kTold = {ErrorReason::kPoisoned,
                                                      ErrorReason::kUnknownTopic};

TopicOptions OptionsOf(std::size_t topic) {
  TopicOptions options = {.partitions = 2, .segment_bytes = 64 << 10, .batch_bytes = 4 << 10};
  const bool process = topic == 1 || topic == 3;
  options.durability = process ? Durability::kProcess : Durability::kDisk;
  if (topic == kAged) options.retention = absl::Milliseconds(50);
  if (topic == 3) options.retention_bytes = 128 << 10;
  return options;
}

void SleepFor(int64_t microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

class Campaign {
 public:
  Campaign(Log* log, FaultFileSystem* disk, uint64_t seed) : log_(log), disk_(disk), seed_(seed) {
    for (std::size_t topic = 0; topic < kTopics.size(); ++topic) Make(topic);
  }

  void Run(absl::Duration time);
  // Reads all of the log, which nobody uses any more: of what anybody was told, nothing is missing.
  void Verify(Log* log);

  Witness witness;
  std::atomic<int64_t> records_read{0};
  std::atomic<int64_t> records_written{0};
  std::atomic<int64_t> incarnations{0};

 private:
  // --- who writes
  void Append(int32_t writer);
  void AppendOne(Random* random, Origin* origin);
  void AppendSeveral(Random* random, Origin* origin);
  void WriteAtomically(Random* random, Origin* origin);
  void Send(int32_t writer);

  // --- who changes the log
  void Administer();
  void DeleteRecords(Random* random);
  void Alter(Random* random);
  void MakeAgain();
  void Fail();
  bool Make(std::size_t topic);

  // --- who reads
  void ReadFromStart();
  void ReadFromEnd();
  void ReadAsTwins();
  void ReadAnywhere();
  void ReadAsGroup();
  // Polls until there is nothing or the consumer cannot go on.
  void PollSome(Consumer* consumer, ReadCheck* check, int polls);
  bool SeekAnywhere(Random* random, Consumer* consumer, const TopicPartition& place,
                    ReadCheck* check);
  void CheckFirstAt(absl::Time time, int64_t end, Consumer* consumer, const TopicPartition& place,
                    ReadCheck* check);
  void Commit(Consumer* consumer);

  std::shared_ptr<Incarnation> Present(std::size_t topic) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return present_[topic];
  }
  std::pair<std::shared_ptr<Incarnation>, int32_t> AnyPlace(Random* random) {
    auto incarnation = Present((*random)() % kTopics.size());
    const auto partitions = static_cast<uint64_t>(incarnation->handle.partitions());
    return {incarnation, static_cast<int32_t>((*random)() % partitions)};
  }
  Random NewRandom() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return Random(seed_++);
  }

  struct GroupOffset {
    int64_t committed = 0;  // acknowledged
    int64_t tried = 0;
  };

  Log* const log_;
  FaultFileSystem* const disk_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  uint64_t seed_;
  std::array<std::shared_ptr<Incarnation>, kTopics.size()> present_;
  std::map<TopicPartition, GroupOffset> group_;  // of the one thread that reads as a group
};

void Campaign::Run(absl::Duration time) {
  std::vector<std::thread> threads;
  const auto start = [&](auto work) { threads.emplace_back(work); };
  start([this] { Append(1); });
  start([this] { Append(2); });
  start([this] { Send(3); });
  start([this] { Administer(); });
  start([this] { Fail(); });
  start([this] { ReadFromStart(); });
  start([this] { ReadFromEnd(); });
  start([this] { ReadAsTwins(); });
  start([this] { ReadAnywhere(); });
  start([this] { ReadAsGroup(); });
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(time));
  stop_ = true;
  for (std::thread& thread : threads) thread.join();
  disk_->Heal();
  witness.Expect("Reopen", log_->Reopen(), {});
}

void Campaign::Append(int32_t writer) {
  Random random = NewRandom();
  Origin origin = {writer, 0};
  while (!stop_) {
    switch (random() % 8) {
      case 0:
        AppendSeveral(&random, &origin);
        break;
      case 1:
        WriteAtomically(&random, &origin);
        break;
      default:
        AppendOne(&random, &origin);
    }
  }
}

void Campaign::AppendOne(Random* random, Origin* origin) {
  const auto [incarnation, partition] = AnyPlace(random);
  ++origin->number;
  const std::string value = incarnation->ValueOf(partition, *origin, (*random)() % 3000);
  const auto appended = incarnation->handle.Append({.value = value, .partition = partition});
  if (!appended.ok()) return witness.Expect("Append", appended.status(), kTold);
  witness.Acknowledged(incarnation.get(), partition, appended->offset, *origin);
  ++records_written;
}

// Some of them past the journal.
void Campaign::AppendSeveral(Random* random, Origin* origin) {
  const auto [incarnation, partition] = AnyPlace(random);
  const bool bulk = (*random)() % 20 == 0;
  const std::size_t count = bulk ? 40 : 1 + (*random)() % 10;
  std::vector<std::string> values;
  std::vector<ProducerRecord> records;
  const int64_t first = origin->number + 1;
  for (std::size_t i = 0; i < count; ++i) {
    ++origin->number;
    values.push_back(incarnation->ValueOf(partition, *origin, bulk ? 8 << 10 : 500));
  }
  for (const std::string& value : values) {
    records.push_back({.value = value, .partition = partition});
  }
  std::vector<RecordMetadata> metadata;
  const absl::Status status = incarnation->handle.AppendAll(records, &metadata);
  if (!status.ok()) return witness.Expect("AppendAll", status, kTold);
  for (std::size_t i = 0; i < count; ++i) {
    witness.Acknowledged(incarnation.get(), partition, metadata[i].offset,
                         {origin->writer, first + static_cast<int64_t>(i)});
  }
  records_written += static_cast<int64_t>(count);
}

void Campaign::WriteAtomically(Random* random, Origin* origin) {
  std::vector<std::pair<std::shared_ptr<Incarnation>, int32_t>> places;
  std::vector<Origin> origins;
  WriteBatch batch;
  for (uint64_t left = 1 + (*random)() % 4; left > 0; --left) {
    places.push_back(AnyPlace(random));
    ++origin->number;
    origins.push_back(*origin);
    const auto& [incarnation, partition] = places.back();
    batch.Append(incarnation->handle,
                 {.value = incarnation->ValueOf(partition, *origin, 400), .partition = partition});
  }
  std::vector<RecordMetadata> metadata;
  const absl::Status status = log_->Write(batch, &metadata);
  if (!status.ok()) return witness.Expect("Write", status, kTold);
  for (std::size_t i = 0; i < places.size(); ++i) {
    witness.Acknowledged(places[i].first.get(), places[i].second, metadata[i].offset, origins[i]);
  }
  records_written += static_cast<int64_t>(places.size());
}

void Campaign::Send(int32_t writer) {
  Random random = NewRandom();
  Origin origin = {writer, 0};
  auto producer = log_->NewProducer({.buffer_bytes = 256 << 10});
  while (!stop_) {
    const auto [incarnation, partition] = AnyPlace(&random);
    ++origin.number;
    const std::string value = incarnation->ValueOf(partition, origin, random() % 1000);
    const auto completed = [this, incarnation = incarnation, partition = partition,
                            origin](const absl::StatusOr<RecordMetadata>& at) {
      if (!at.ok()) return witness.Expect("a callback", at.status(), kTold);
      witness.Acknowledged(incarnation.get(), partition, at->offset, origin);
      ++records_written;
    };
    witness.Expect(
        "Send",
        producer->Send(incarnation->handle, {.value = value, .partition = partition}, completed),
        kTold);
    if (random() % 64 == 0) witness.Expect("Flush", producer->Flush(), kTold);
  }
  witness.Expect("Close", producer->Close(), kTold);
}

void Campaign::Administer() {
  Random random = NewRandom();
  while (!stop_) {
    switch (random() % 16) {
      case 0:
        MakeAgain();
        break;
      case 1:
        Alter(&random);
        break;
      case 2:
        witness.Expect("RunMaintenance", log_->RunMaintenance(absl::ZeroDuration()),
                       {ErrorReason::kPoisoned});
        break;
      case 3:
      case 4:
        DeleteRecords(&random);
        break;
      default:
        SleepFor(1000);
    }
  }
}

void Campaign::DeleteRecords(Random* random) {
  const auto [incarnation, partition] = AnyPlace(random);
  const auto marks = incarnation->handle.GetWatermarks(partition);
  if (!marks.ok()) return witness.Expect("GetWatermarks", marks.status(), kTold);
  const int64_t records = marks->high_watermark - marks->log_start_offset;
  const int64_t offset = marks->log_start_offset +
                         static_cast<int64_t>((*random)() % static_cast<uint64_t>(records + 1));
  witness.Expect("DeleteRecords", incarnation->handle.DeleteRecords(partition, offset), kTold);
}

void Campaign::Alter(Random* random) {
  const auto incarnation = Present((*random)() % kTopics.size());
  TopicOptions options;
  options.batch_bytes = int64_t{1 << 10} << ((*random)() % 5);
  options.compression_type = (*random)() % 2 == 0 ? CompressionType::kLz4 : CompressionType::kNone;
  options.segment_bytes = int64_t{64 << 10} << ((*random)() % 3);
  const auto partitions = static_cast<std::size_t>(incarnation->handle.partitions());
  if ((*random)() % 8 == 0 && partitions < Incarnation::kMostPartitions) {
    options.partitions = static_cast<int32_t>(partitions) + 1;
  }
  witness.Expect("AlterTopic", log_->AlterTopic(incarnation->topic, options), kTold);
}

// Until it has come to that, failures or not.
void Campaign::MakeAgain() {
  for (;;) {
    const absl::Status deleted = log_->DeleteTopic(kTopics[kAgain]);
    witness.Expect("DeleteTopic", deleted, kTold);
    if (deleted.ok() || ReasonOf(deleted) == ErrorReason::kUnknownTopic) break;
    SleepFor(1000);
  }
  while (!Make(kAgain)) SleepFor(1000);
}

bool Campaign::Make(std::size_t topic) {
  const auto made = log_->OpenTopic(kTopics[topic], OptionsOf(topic));
  witness.Expect("OpenTopic", made.status(), {ErrorReason::kPoisoned});
  if (!made.ok()) return false;
  const auto incarnation = std::make_shared<Incarnation>();
  incarnation->handle = *made;
  incarnation->topic = kTopics[topic];
  incarnation->number = static_cast<int>(++incarnations);
  witness.Add(incarnation);
  const std::lock_guard<std::mutex> lock(mutex_);
  present_[topic] = incarnation;
  return true;
}

// One call of the disk at a time, with a while between them. It may hit what fails without harm.
void Campaign::Fail() {
  constexpr std::array<const char*, 3> kCalls = {"SyncData", "WriteAt", "Rename"};
  Random random = NewRandom();
  while (!stop_) {
    SleepFor(20'000 + static_cast<int64_t>(random() % 80'000));
    disk_->FailNext(kCalls[random() % kCalls.size()], FaultFileSystem::Fault::kIoError);
    SleepFor(5'000);
    disk_->Heal();
    witness.Expect("Reopen", log_->Reopen(), {});
  }
}

void Campaign::PollSome(Consumer* consumer, ReadCheck* check, int polls) {
  std::array<ConsumerRecords, 2> records;  // one is held while the other is filled
  for (int i = 0; i < polls && !stop_; ++i) {
    ConsumerRecords& filled = records[static_cast<std::size_t>(i % 2)];
    check->CheckAgain(filled);
    const absl::Status polled = consumer->Poll(absl::Milliseconds(2), &filled);
    switch (ReasonOf(polled)) {
      case ErrorReason::kBelowLogStart:  // without a reset
        check->Forget();
        witness.Expect("Seek", consumer->Seek(OffsetSpec::Earliest()), kTold);
        break;
      case ErrorReason::kUnknownTopic:
        return;
      default:
        witness.Expect("Poll", polled, {ErrorReason::kPoisoned});
        if (!polled.ok()) SleepFor(1000);
    }
    check->Check(filled);
  }
  for (const ConsumerRecords& held : records) check->CheckAgain(held);
}

void Campaign::ReadFromStart() {
  while (!stop_) {
    ReadCheck check(&witness);
    auto consumer = log_->NewConsumer({.topics = {kTopics.begin(), kTopics.end()},
                                       .from = OffsetSpec::Earliest(),
                                       .auto_offset_reset = AutoOffsetReset::kNone});
    if (!consumer.ok()) {
      witness.Expect("NewConsumer", consumer.status(), kTold);
      continue;
    }
    PollSome(&*consumer, &check, 200);
    records_read += check.records_checked();
  }
}

void Campaign::ReadFromEnd() {
  while (!stop_) {
    ReadCheck check(&witness);
    auto consumer = log_->NewConsumer(
        {.topics = {kTopics.begin(), kTopics.end()}, .from = OffsetSpec::Latest()});
    if (!consumer.ok()) {
      witness.Expect("NewConsumer", consumer.status(), kTold);
      continue;
    }
    PollSome(&*consumer, &check, 200);
    records_read += check.records_checked();
  }
}

// Two consumers of the same partitions, each at its own pace.
void Campaign::ReadAsTwins() {
  Random random = NewRandom();
  while (!stop_) {
    std::array<ReadCheck, 2> checks = {ReadCheck(&witness), ReadCheck(&witness)};
    std::vector<Consumer> twins;
    for (std::size_t i = 0; i < checks.size(); ++i) {
      auto consumer = log_->NewConsumer({.assignment = {{"disk", 0}, {"process", 1}, {"aged", 0}},
                                         .max_poll_records = 20 + static_cast<int>(i) * 200});
      if (consumer.ok()) twins.push_back(*std::move(consumer));
      witness.Expect("NewConsumer", consumer.status(), kTold);
    }
    for (int i = 0; i < 20 && twins.size() == checks.size(); ++i) {
      const std::size_t twin = random() % twins.size();
      PollSome(&twins[twin], &checks[twin], static_cast<int>(random() % 20));
    }
    for (const ReadCheck& check : checks) records_read += check.records_checked();
  }
}

void Campaign::ReadAnywhere() {
  Random random = NewRandom();
  while (!stop_) {
    const auto [incarnation, partition] = AnyPlace(&random);
    const TopicPartition place = {incarnation->topic, partition};
    ReadCheck check(&witness);
    auto consumer = log_->NewConsumer({.assignment = {place}});
    if (!consumer.ok()) {
      witness.Expect("NewConsumer", consumer.status(),
                     {ErrorReason::kPoisoned, ErrorReason::kUnknownTopic,
                      ErrorReason::kUnknownPartition});  // a new incarnation has fewer
      continue;
    }
    for (int i = 0; i < 20 && SeekAnywhere(&random, &*consumer, place, &check); ++i) {
      PollSome(&*consumer, &check, static_cast<int>(random() % 8));
    }
    records_read += check.records_checked();
  }
}

// False when the consumer cannot go on.
bool Campaign::SeekAnywhere(Random* random, Consumer* consumer, const TopicPartition& place,
                            ReadCheck* check) {
  const auto ends = consumer->ListOffsets(OffsetSpec::Latest());
  const auto starts = consumer->ListOffsets(OffsetSpec::Earliest());
  if (!ends.ok() || !starts.ok()) {
    witness.Expect("ListOffsets", ends.status(), kTold);
    witness.Expect("ListOffsets", starts.status(), kTold);
    return ReasonOf(ends.ok() ? starts.status() : ends.status()) == ErrorReason::kPoisoned;
  }
  const int64_t end = ends->front().offset;
  const int64_t start = std::min(starts->front().offset, end);
  const auto within = static_cast<int64_t>((*random)() % static_cast<uint64_t>(end - start + 1));
  const absl::Time time = absl::Now() - absl::Milliseconds(static_cast<int64_t>((*random)() % 500));
  const uint64_t kind = (*random)() % 5;
  const std::array<OffsetSpec, 5> specs = {OffsetSpec::Earliest(), OffsetSpec::Latest(),
                                           OffsetSpec::At(start + within), OffsetSpec::Last(within),
                                           OffsetSpec::ForTimestamp(time)};
  check->Forget();
  const absl::Status sought = consumer->Seek(place, specs[kind]);
  if (ReasonOf(sought) == ErrorReason::kBelowLogStart) return true;  // which has moved
  witness.Expect("Seek", sought, kTold);
  if (!sought.ok()) return ReasonOf(sought) == ErrorReason::kPoisoned;
  if (kind == 2) check->MoveTo(place, start + within);
  if (kind == 4) CheckFirstAt(time, end, consumer, place, check);
  return true;
}

// `end`: of what was there before the seek to `time`.
void Campaign::CheckFirstAt(absl::Time time, int64_t end, Consumer* consumer,
                            const TopicPartition& place, ReadCheck* check) {
  const auto position = consumer->Position(place);
  ConsumerRecords records;
  if (!position.ok() || !consumer->Poll(absl::ZeroDuration(), &records).ok()) return;
  check->Check(records);
  if (records.empty() || records[0].offset() != *position || *position >= end) return;
  if (records[0].timestamp() < absl::FromUnixMillis(absl::ToUnixMillis(time))) {
    witness.Report(fmt::format("{}-{}: offset {} is older than the time that was sought",
                               place.topic, place.partition, *position));
  }
}

void Campaign::ReadAsGroup() {
  while (!stop_) {
    auto consumer =
        log_->NewConsumer({.group = "readers", .topics = {"disk", "process", "aged", "sized"}});
    if (!consumer.ok()) {
      witness.Expect("NewConsumer", consumer.status(), kTold);
      continue;
    }
    ReadCheck check(&witness);
    for (const TopicPartition& place : consumer->Assignment()) {
      const auto position = consumer->Position(place);
      witness.Expect("Position", position.status(), kTold);
      if (!position.ok()) continue;
      const GroupOffset& offset = group_[place];
      check.MoveTo(place, *position <= offset.tried ? *position : offset.tried);
      if (*position < offset.committed) {
        witness.Report(fmt::format("{}-{}: the group goes on at {}, although it committed {}",
                                   place.topic, place.partition, *position, offset.committed));
      }
    }
    for (int i = 0; i < 10 && !stop_; ++i) {
      PollSome(&*consumer, &check, 5);
      Commit(&*consumer);
    }
    witness.Expect("Close", consumer->Close(), kTold);
    records_read += check.records_checked();
  }
}

void Campaign::Commit(Consumer* consumer) {
  std::map<TopicPartition, int64_t> positions;
  for (const TopicPartition& place : consumer->Assignment()) {
    const auto position = consumer->Position(place);
    witness.Expect("Position", position.status(), kTold);
    if (!position.ok()) return;
    positions[place] = *position;
    group_[place].tried = std::max(group_[place].tried, *position);
  }
  const absl::Status committed = consumer->Commit();
  witness.Expect("Commit", committed, kTold);
  if (!committed.ok()) return;
  for (const auto& [place, position] : positions) group_[place].committed = position;
}

void Campaign::Verify(Log* log) {
  for (const auto& incarnation : present_) {
    const auto topic = log->OpenTopic(incarnation->topic);
    witness.Expect("OpenTopic", topic.status(), {});
    if (!topic.ok()) continue;
    incarnation->handle = *topic;
    for (int32_t partition = 0; partition < topic->partitions(); ++partition) {
      const TopicPartition place = {incarnation->topic, partition};
      const Watermarks marks = *topic->GetWatermarks(partition);
      auto consumer = log->NewConsumer({.assignment = {place}});
      ReadCheck check(&witness);
      check.MoveTo(place, marks.log_start_offset);
      ConsumerRecords records;
      absl::Status polled;
      do {
        polled = consumer->Poll(absl::ZeroDuration(), &records);
        check.Check(records);
      } while (polled.ok() && !records.caught_up());
      witness.Expect("Poll", polled, {});
      const int64_t told = incarnation->ledger(partition)->end();
      // Retention goes on while this reads.
      const int64_t log_start = topic->GetWatermarks(partition)->log_start_offset;
      if (marks.high_watermark < told ||
          check.records_checked() < marks.high_watermark - log_start ||
          check.records_checked() > marks.high_watermark - marks.log_start_offset) {
        witness.Report(
            fmt::format("{}-{} has {} records from {} to {}, and somebody was told of {}",
                        place.topic, partition, check.records_checked(), marks.log_start_offset,
                        marks.high_watermark, told));
      }
    }
  }
  const auto offsets = *log->CommittedOffsets("readers");
  for (const TopicPartitionOffset& offset : offsets) {
    const GroupOffset& known = group_[{offset.topic, offset.partition}];
    if (offset.offset >= known.committed && offset.offset <= known.tried) continue;
    witness.Report(fmt::format("{}-{}: offset {} is committed, where {} was acknowledged",
                               offset.topic, offset.partition, offset.offset, known.committed));
  }
}

// Returns how often the log failed.
int64_t RunRound(World world, absl::Duration time, uint64_t seed) {
  Place place(world);
  LogOptions options = place.options();
  FaultFileSystem disk(options.file_system == nullptr ? FileSystem::Posix() : options.file_system);
  options.file_system = &disk;
  options.max_write_bytes = 512 << 10;
  options.max_record_bytes = 64 << 10;
  options.tuning.journal_bytes = 1 << 20;
  options.tuning.max_open_files = 16;
  options.tuning.batch_age = absl::Milliseconds(5);
  options.tuning.checkpoint_interval = absl::Milliseconds(100);
  options.tuning.retention_check_interval = absl::Milliseconds(50);
  std::atomic<int64_t> failures{0};
  options.observer = [&](const LogEvent& event) {
    if (event.kind == LogEvent::Kind::kPoisoned) ++failures;
  };
  Log log = OpenLog(options);
  Campaign campaign(&log, &disk, seed);
  campaign.Run(time);
  campaign.Verify(&log);
  std::cout << "readers_stress: EVENTLOG_STRESS_SEED=" << seed << ", " << NameOf(world) << ": "
            << campaign.records_written << " records written and " << campaign.records_read
            << " read, " << failures << " failures, " << campaign.incarnations << " topics made\n";
  CAPTURE(seed);
  CHECK(campaign.records_read > 0);
  REQUIRE(log.Close().ok());
  Log again = OpenLog(options);
  campaign.Verify(&again);
  CHECK(campaign.witness.problems() == std::vector<std::string>());
  return failures;
}

TEST_CASE("readers beside everything else are handed what was written or told why not",
          "[stress]") {
  const absl::Duration time = absl::Seconds(FromEnvironment("EVENTLOG_STRESS_SECONDS", 2));
  uint64_t seed = FromEnvironment("EVENTLOG_STRESS_SEED", std::random_device()());
  // In rounds: every offset is remembered until its log is checked.
  constexpr absl::Duration kMostOfARound = absl::Seconds(15);
  World world = World::kMemoryFileSystem;
  int64_t failures = 0;
  for (absl::Duration left = time; left > absl::ZeroDuration(); seed += 100) {
    const absl::Duration round = std::min({left, time / 2, kMostOfARound});
    failures += RunRound(world, round, seed);
    left -= round;
    world = world == World::kDirectory ? World::kMemoryFileSystem : World::kDirectory;
  }
  CHECK(failures > 0);
}

}  // namespace
}  // namespace eventlog::test
