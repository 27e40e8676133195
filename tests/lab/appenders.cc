#include "lab/appenders.h"

#include <algorithm>
#include <random>
#include <thread>

#include "base/mutex.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "lab/labelled_record.h"

namespace eventlog::test {
namespace {

constexpr int kThreads = 4;
constexpr int32_t kPartitions = 2;  // of each of the two topics
constexpr int64_t kNumbersPerProcess = 10'000'000;

// What the threads share.
class Appenders {
 public:
  Appenders(int64_t number, SharedFacts* facts) : number_(number), facts_(facts) {}

  absl::Status Open(Log* log);
  void Run(int thread, uint64_t seed);
  void Check(const absl::Status& status);

 private:
  void Tell(const Fact& fact) {
    internal::MutexLock lock(&mutex_);
    facts_->Tell(fact);
  }
  std::string Try(const TopicPartition& place, std::size_t bytes);
  absl::Status AppendAll(Topic* topic, const TopicPartition& place, std::size_t count,
                         std::size_t bytes);
  absl::Status Send(Topic* topic, const TopicPartition& place, int count);
  absl::Status Commit(const TopicPartition& place);
  absl::Status DeleteAll(Topic* topic, const TopicPartition& place);
  absl::Status Work(Topic* topic, const TopicPartition& place, uint64_t dice);

  const int64_t number_;
  SharedFacts* const facts_;
  Log* log_ = nullptr;
  internal::Mutex mutex_;
  std::atomic<int64_t> next_value_ = 0;
};

absl::Status Appenders::Open(Log* log) {
  log_ = log;
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, log->ListTopics());
  for (const auto& [name, durability] :
       {std::pair{"disk", Durability::kDisk}, {"process", Durability::kProcess}}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const bool disk = durability == Durability::kDisk;
    Tell({.kind = Fact::Kind::kTopicTried, .disk = disk, .place = {name}, .number = kPartitions});
    EVENTLOG_RETURN_IF_ERROR(log->CreateTopic(name, {.partitions = kPartitions,
                                                     .durability = durability,
                                                     .segment_bytes = 256 << 10,
                                                     .batch_bytes = 4 << 10})
                                 .status());
    Tell({.kind = Fact::Kind::kTopicMade, .place = {name}});
  }
  return absl::OkStatus();
}

std::string Appenders::Try(const TopicPartition& place, std::size_t bytes) {
  const int64_t number = number_ * kNumbersPerProcess + next_value_++;
  std::string value = LabelledValue(number, Clock::System()->Now(), bytes);
  Tell({.kind = Fact::Kind::kAppendTried, .place = place, .value = value});
  return value;
}

absl::Status Appenders::AppendAll(Topic* topic, const TopicPartition& place, std::size_t count,
                                  std::size_t bytes) {
  std::vector<std::string> values;
  std::vector<LabelledRecord> labelled;
  for (std::size_t i = 0; i < count; ++i) values.push_back(Try(place, bytes));
  for (const std::string& value : values) labelled.emplace_back(value, place.partition);
  std::vector<ProducerRecord> records;
  for (const LabelledRecord& record : labelled) records.push_back(record.view());
  std::vector<RecordMetadata> metadata;
  EVENTLOG_RETURN_IF_ERROR(topic->AppendAll(records, &metadata));
  for (std::size_t i = 0; i < count; ++i) {
    Tell({.kind = Fact::Kind::kAppended,
          .place = place,
          .value = values[i],
          .offset = metadata[i].offset});
  }
  return absl::OkStatus();
}

absl::Status Appenders::Send(Topic* topic, const TopicPartition& place, int count) {
  EVENTLOG_ASSIGN_OR_RETURN(auto producer, log_->NewProducer());
  for (int i = 0; i < count; ++i) {
    const std::string value = Try(place, 200);
    const auto completed = [this, place, value](const absl::StatusOr<RecordMetadata>& at) {
      if (!at.ok()) return;  // Close says it too
      Tell({.kind = Fact::Kind::kAppended, .place = place, .value = value, .offset = at->offset});
    };
    EVENTLOG_RETURN_IF_ERROR(
        producer.Send(*topic, LabelledRecord(value, place.partition).view(), completed));
  }
  return producer.Close();
}

// What is there counts as read.
absl::Status Appenders::Commit(const TopicPartition& place) {
  const std::string group = fmt::format("{}-{}", place.topic, place.partition);
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            log_->NewConsumer({.group = group, .assignment = {place}}));
  EVENTLOG_RETURN_IF_ERROR(consumer.Seek(OffsetSpec::Latest()));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t position, consumer.Position(place));
  Fact commit = {.kind = Fact::Kind::kCommitTried,
                 .disk = place.topic == "disk",
                 .place = place,
                 .group = group,
                 .offset = position};
  Tell(commit);
  EVENTLOG_RETURN_IF_ERROR(consumer.Commit());
  commit.kind = Fact::Kind::kCommitted;
  Tell(commit);
  return absl::OkStatus();
}

absl::Status Appenders::DeleteAll(Topic* topic, const TopicPartition& place) {
  EVENTLOG_ASSIGN_OR_RETURN(const Watermarks marks, topic->GetWatermarks(place.partition));
  Fact deletion = {
      .kind = Fact::Kind::kDeleteTried, .place = place, .offset = marks.high_watermark};
  Tell(deletion);
  EVENTLOG_RETURN_IF_ERROR(topic->DeleteRecords(place.partition, marks.high_watermark));
  deletion.kind = Fact::Kind::kDeleted;
  Tell(deletion);
  return absl::OkStatus();
}

absl::Status Appenders::Work(Topic* topic, const TopicPartition& place, uint64_t dice) {
  switch (dice % 32) {
    case 0:
      return AppendAll(topic, place, 35, 8 << 10);  // straight to the segment
    case 1:
      return DeleteAll(topic, place);
    case 2:
      return Commit(place);
    case 3:
    case 4:
      return Send(topic, place, 20);
    default:
      return AppendAll(topic, place, 1 + dice / 32 % 3, dice / 128 % 900);
  }
}

void Appenders::Check(const absl::Status& status) {
  internal::MutexLock lock(&mutex_);
  if (!status.ok() && facts_->failure().empty()) facts_->Fail(status.ToString());
}

void Appenders::Run(int thread, uint64_t seed) {
  const TopicPartition place = {thread % 2 == 0 ? "disk" : "process", thread / kPartitions};
  auto topic = log_->OpenTopic(place.topic);
  absl::Status status = topic.status();
  std::mt19937_64 dice(seed + static_cast<uint64_t>(thread));
  while (status.ok()) status = Work(&*topic, place, dice());
  Check(status);
}

}  // namespace

void AppendUntilKilled(Log* log, uint64_t seed, int64_t number, SharedFacts* facts) {
  Appenders appenders(number, facts);
  if (const absl::Status opened = appenders.Open(log); !opened.ok()) {
    return appenders.Check(opened);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&, i] { appenders.Run(i, seed); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace eventlog::test
