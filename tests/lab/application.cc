#include "lab/application.h"

#include <algorithm>
#include <utility>

#include "eventlog/status_macros.h"
#include "lab/labelled_record.h"

namespace eventlog::test {

LogOptions Application::Options(FileSystem* file_system, const std::string& directory) {
  LogOptions options;
  options.directory = directory;
  options.clock = clock_;
  options.file_system = file_system;
  options.random = &random_;
  options.max_write_bytes = 512 << 10;
  options.max_record_bytes = 32 << 10;
  options.tuning.journal_bytes = 1 << 20;
  options.tuning.retention_check_interval = absl::Minutes(1);
  return options;
}

absl::Status Application::Open(LogOptions options) {
  options_ = std::move(options);
  EVENTLOG_ASSIGN_OR_RETURN(log_, Log::Open(options_));
  return OpenTopics();
}

absl::Status Application::Reopen() {
  EVENTLOG_RETURN_IF_ERROR(log_.Reopen());
  return OpenTopics();
}

absl::Status Application::OpenTopics() {
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, log_.ListTopics());
  topics_.clear();
  seen_.clear();
  for (const std::string& name : names) {
    EVENTLOG_ASSIGN_OR_RETURN(topics_[name], log_.OpenTopic(name));
  }
  return absl::OkStatus();
}

absl::Status Application::Close() {
  topics_.clear();
  return log_.Close();
}

absl::Status Application::Restart() {
  EVENTLOG_RETURN_IF_ERROR(Close());
  return Open(options_);
}

void Application::Abandon() {
  topics_.clear();
  log_ = Log();
}

void Application::Tell(Fact::Kind kind, const TopicPartition& place, int64_t offset,
                       const std::string& value) {
  tell_(
      {.kind = kind, .place = place, .value = value, .offset = offset, .at = clock_->Monotonic()});
}

// `undone`: the call promises to have left nothing when the disk is full.
absl::Status Application::Refused(const absl::Status& status,
                                  const std::vector<TopicPartition>& places, bool undone) {
  undone = undone && ReasonOf(status) == ErrorReason::kDiskFull;
  for (const TopicPartition& place : places) {
    Tell(undone ? Fact::Kind::kUndone : Fact::Kind::kRefused, place);
  }
  Look();
  return status;
}

std::string Application::NewValue(std::size_t bytes) {
  return LabelledValue(next_value_++, clock_->Now(), bytes);
}

absl::Status Application::CreateTopic(const std::string& name, const TopicOptions& options) {
  const bool disk = options.durability.value_or(Durability::kDisk) == Durability::kDisk;
  tell_({.kind = Fact::Kind::kTopicTried,
         .disk = disk,
         .place = {name},
         .number = std::max(options.partitions, 1),
         .retention = options.retention.value_or(absl::InfiniteDuration()),
         .retention_bytes = options.retention_bytes > 0 ? options.retention_bytes : -1});
  EVENTLOG_ASSIGN_OR_RETURN(topics_[name], log_.CreateTopic(name, options));
  Tell(Fact::Kind::kTopicMade, {name});
  return absl::OkStatus();
}

absl::Status Application::AddPartitions(const std::string& name, int32_t partitions) {
  tell_({.kind = Fact::Kind::kPartitionsTried, .place = {name}, .number = partitions});
  EVENTLOG_RETURN_IF_ERROR(log_.AlterTopic(name, {.partitions = partitions}));
  Tell(Fact::Kind::kTopicMade, {name});
  return absl::OkStatus();
}

absl::Status Application::DeleteTopic(const std::string& name) {
  Tell(Fact::Kind::kTopicDoomed, {name});
  EVENTLOG_RETURN_IF_ERROR(log_.DeleteTopic(name));
  topics_.erase(name);
  std::erase_if(seen_, [&](const auto& seen) { return seen.first.topic == name; });
  Tell(Fact::Kind::kTopicDeleted, {name});
  return absl::OkStatus();
}

absl::Status Application::Append(const TopicPartition& place, std::size_t value_bytes) {
  const std::string value = NewValue(value_bytes);
  Tell(Fact::Kind::kAppendTried, place, -1, value);
  const auto appended =
      topics_.at(place.topic).Append(LabelledRecord(value, place.partition).WithoutTimestamp());
  if (!appended.ok()) return Refused(appended.status(), {place}, /*undone=*/true);
  Tell(Fact::Kind::kAppended, place, appended->offset, value);
  Look();
  return absl::OkStatus();
}

absl::Status Application::AppendAll(const TopicPartition& place, std::size_t count,
                                    std::size_t value_bytes) {
  std::vector<std::string> values;
  std::vector<LabelledRecord> labelled;
  for (std::size_t i = 0; i < count; ++i) values.push_back(NewValue(value_bytes));
  for (const std::string& value : values) {
    Tell(Fact::Kind::kAppendTried, place, -1, value);
    labelled.emplace_back(value, place.partition);
  }
  std::vector<ProducerRecord> records;
  for (const LabelledRecord& record : labelled) records.push_back(record.view());
  std::vector<RecordMetadata> metadata;
  if (absl::Status status = topics_.at(place.topic).AppendAll(records, &metadata); !status.ok()) {
    return Refused(status, {place}, /*undone=*/false);
  }
  for (std::size_t i = 0; i < count; ++i) {
    Tell(Fact::Kind::kAppended, place, metadata[i].offset, values[i]);
  }
  Look();
  return absl::OkStatus();
}

absl::Status Application::SendAll(const std::vector<TopicPartition>& places,
                                  std::size_t value_bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(auto producer, log_.NewProducer());
  absl::Status status;
  for (const TopicPartition& place : places) {
    const std::string value = NewValue(value_bytes);
    Tell(Fact::Kind::kAppendTried, place, -1, value);
    const auto completed = [this, place, value, &status](const absl::StatusOr<RecordMetadata>& at) {
      if (at.ok()) {
        Tell(Fact::Kind::kAppended, place, at->offset, value);
      } else {
        status.Update(Refused(at.status(), {place}, /*undone=*/false));
      }
    };
    const absl::Status sent = producer.Send(
        topics_.at(place.topic), LabelledRecord(value, place.partition).view(), completed);
    if (!sent.ok()) status.Update(Refused(sent, {place}, /*undone=*/false));
  }
  status.Update(producer.Flush());
  status.Update(producer.Close());
  Look();
  return status;
}

absl::Status Application::Write(const std::vector<TopicPartition>& places, std::size_t value_bytes,
                                const std::string& group) {
  const TopicPartition stream = {"a stream elsewhere", 0};
  WriteBatch batch;
  std::vector<std::string> values;
  const int64_t write = next_write_++;
  for (const TopicPartition& place : places) {
    values.push_back(NewValue(value_bytes));
    tell_({.kind = Fact::Kind::kAppendTried,
           .place = place,
           .value = values.back(),
           .number = write});
    batch.Append(topics_.at(place.topic), LabelledRecord(values.back(), place.partition).view());
  }
  const int64_t cursor = group.empty() ? 0 : next_cursor_++;
  if (cursor > 0) {
    tell_({.kind = Fact::Kind::kCommitTried,
           .disk = true,
           .place = stream,
           .group = group,
           .offset = cursor,
           .number = write});
    batch.CommitOffsets({.group = group},
                        {{.topic = stream.topic, .partition = 0, .offset = cursor}});
  }
  std::vector<RecordMetadata> metadata;
  if (absl::Status status = log_.Write(batch, &metadata); !status.ok()) {
    return Refused(status, places, /*undone=*/true);
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    Tell(Fact::Kind::kAppended, places[i], metadata[i].offset, values[i]);
  }
  if (cursor > 0) {
    tell_({.kind = Fact::Kind::kCommitted, .place = stream, .group = group, .offset = cursor});
  }
  Look();
  return absl::OkStatus();
}

void Application::TellCommits(Fact::Kind kind, const std::string& group, const Consumer& consumer,
                              bool disk) {
  for (const TopicPartition& place : consumer.Assignment()) {
    const auto position = consumer.Position(place);
    if (!position.ok()) continue;
    tell_({.kind = kind, .disk = disk, .place = place, .group = group, .offset = *position});
  }
}

absl::Status Application::Consume(const std::string& group, const std::string& topic) {
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log_.NewConsumer({.group = group, .topics = {topic}}));
  ConsumerRecords records;
  do {
    const absl::Status polled = consumer.Poll(absl::ZeroDuration(), &records);
    if (ReasonOf(polled) == ErrorReason::kLogTruncated) {
      EVENTLOG_RETURN_IF_ERROR(consumer.Seek(OffsetSpec::Earliest()));
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(polled);
    for (const auto& record : records) {
      Tell(Fact::Kind::kRead, {std::string(record.topic()), record.partition()}, record.offset(),
           std::string(record.value()));
    }
  } while (!records.caught_up());
  EVENTLOG_ASSIGN_OR_RETURN(const auto described, log_.DescribeTopic(topic));
  const bool disk = described.options.durability == Durability::kDisk;
  TellCommits(Fact::Kind::kCommitTried, group, consumer, disk);
  EVENTLOG_RETURN_IF_ERROR(consumer.Commit());
  TellCommits(Fact::Kind::kCommitted, group, consumer, disk);
  return absl::OkStatus();
}

absl::Status Application::DeleteRecords(const TopicPartition& place, int64_t offset) {
  Tell(Fact::Kind::kDeleteTried, place, offset);
  EVENTLOG_RETURN_IF_ERROR(topics_.at(place.topic).DeleteRecords(place.partition, offset));
  Tell(Fact::Kind::kDeleted, place, offset);
  return absl::OkStatus();
}

absl::Status Application::Maintain(absl::Duration later) {
  clock_->Advance(later);
  Tell(Fact::Kind::kTimePassed, {});
  EVENTLOG_RETURN_IF_ERROR(log_.RunMaintenance());
  Look();
  for (const auto& [name, topic] : topics_) {
    for (int32_t i = 0; i < topic.partitions(); ++i) {
      Tell(Fact::Kind::kDeleted, {name, i}, MarksOf({name, i}).log_start_offset);
    }
  }
  return absl::OkStatus();
}

void Application::Look() {
  for (const auto& [name, topic] : topics_) {
    for (int32_t i = 0; i < topic.partitions(); ++i) {
      const TopicPartition place = {name, i};
      const int64_t end = MarksOf(place).high_watermark;
      int64_t& seen = seen_[place];
      if (end <= seen) continue;
      seen = end;
      Tell(Fact::Kind::kSeen, place, end);
    }
  }
}

Watermarks Application::MarksOf(const TopicPartition& place) const {
  const auto topic = topics_.find(place.topic);
  if (topic == topics_.end()) return {};
  return topic->second.GetWatermarks(place.partition).value_or(Watermarks());
}

}  // namespace eventlog::test
