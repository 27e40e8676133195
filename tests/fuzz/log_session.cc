#include "fuzz/log_session.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr char kDirectory[] = "log";
constexpr std::size_t kValueBytes[] = {8, 8, 60, 300, 900, 1500, 6000, 20000};
constexpr const char* kGroups[] = {"g0", "g1"};

ProducerRecord AsProduced(const ModelRecord& record, int32_t partition) {
  static const std::vector<Header> headers = {{kHeaderKey, kHeaderValue}};
  ProducerRecord produced;
  if (record.key.has_value()) produced.key = *record.key;
  if (record.value.has_value()) produced.value = *record.value;
  if (record.with_header) produced.headers = headers;
  produced.timestamp = record.timestamp;
  produced.partition = partition;
  return produced;
}

std::string Text(const absl::Status& status) { return status.ToString(); }

}  // namespace

void LogSession::CountingRandom::Fill(absl::Span<char> bytes) {
  for (char& byte : bytes) byte = static_cast<char>((next_ += 0x9E37'79B9'7F4A'7C15) >> 56);
}

LogSession::LogSession(std::string_view input) : input_(input), faults_(&disk_) {
  faults_.Intercept([this](const FaultFileSystem::Call&) -> absl::Status {
    if (!crashed_ && calls_left_ >= 0 && calls_left_-- == 0) {
      crashed_ = true;
      if (power_) disk_.CutPower();
    }
    return crashed_ ? absl::UnavailableError("the machine is gone") : absl::OkStatus();
  });
}

LogSession::~LogSession() { crashed_ = true; }

int LogSession::Run() {
  Open();
  while (!input_.empty()) {
    FollowRetention();
    Operate();
    if (crashed_) Recover();
  }
  calls_left_ = -1;
  FollowRetention();
  LookAtEverything(LogModel::Loss::kNone);
  return appended_;
}

unsigned LogSession::Byte() {
  if (input_.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input_.front());
  input_.remove_prefix(1);
  return byte;
}

Place LogSession::AnyPlace() {
  const unsigned byte = Byte();
  if (model_.topics().empty()) return {};
  const auto topic = std::next(model_.topics().begin(), byte % 4 % std::ssize(model_.topics()));
  return {topic->first, static_cast<int32_t>(byte / 4 % topic->second.partitions.size())};
}

ModelRecord LogSession::AnyRecord() {
  const unsigned byte = Byte();
  ModelRecord record;
  if (const unsigned key = byte % 4; key > 0) record.key = std::string(key - 1, 'k');
  std::string value = fmt::format("{:08}", next_id_++);
  const std::size_t bytes = kValueBytes[byte / 4 % 8];
  if (bytes <= bytes_left_) {
    value.resize(bytes, static_cast<char>('a' + next_id_ % 26));
    bytes_left_ -= bytes;
  }
  if ((byte & 0xe0) != 0xe0) record.value = std::move(value);  // else a tombstone
  record.with_header = (byte & 0xc0) == 0x40;
  if ((byte & 0xc0) == 0x80) {
    record.timestamp = absl::FromUnixSeconds(946'684'800 + static_cast<int64_t>(Byte()));
  }
  record.appended = clock_.Monotonic();
  return record;
}

void LogSession::Operate() {
  using Operation = void (LogSession::*)();
  static constexpr Operation kOperations[] = {
      &LogSession::Append,       &LogSession::Append,      &LogSession::AppendAll,
      &LogSession::Write,        &LogSession::Send,        &LogSession::CreateTopic,
      &LogSession::AlterTopic,   &LogSession::DeleteTopic, &LogSession::DeleteRecords,
      &LogSession::AlterOffsets, &LogSession::DeleteGroup, &LogSession::Maintain,
      &LogSession::Restart,      &LogSession::ArmCrash,    &LogSession::NewReader,
      &LogSession::Poll,         &LogSession::Poll,        &LogSession::Commit,
      &LogSession::CommitSome,   &LogSession::Seek,        &LogSession::Pause,
      &LogSession::CloseReader,  &LogSession::CheckOffsets};
  (this->*kOperations[Below(std::size(kOperations))])();
}

bool LogSession::Acknowledged(const absl::Status& status) {
  if (crashed_) return status.ok();  // the machine may go while nobody needs it
  Require(status.ok(), Text(status));
  return true;
}

void LogSession::RequireReason(const absl::Status& status, ErrorReason reason) {
  if (crashed_) return;
  Require(ReasonOf(status) == reason,
          fmt::format("{} instead of {}", Text(status), ErrorReasonName(reason)));
}

// --- open, close, crash

void LogSession::Open() {
  --openings_left_;
  LogOptions options;
  options.directory = kDirectory;
  options.clock = &clock_;
  options.file_system = &faults_;
  options.random = &random_;
  options.max_write_bytes = 512 << 10;
  options.max_record_bytes = 32 << 10;
  options.tuning.journal_bytes = 1 << 20;
  options.tuning.retention_check_interval = absl::Seconds(30);
  auto log = Log::Open(options);
  if (!Acknowledged(log.status())) return;
  log_ = *std::move(log);
}

void LogSession::Restart() {
  if (openings_left_ <= 0) return;
  const absl::Status closed = log_.Close();
  if (Acknowledged(closed)) model_.SetDurable();
  for (Reader& reader : readers_) {
    RequireReason(reader.consumer.Poll(absl::ZeroDuration(), &reader.records),
                  ErrorReason::kClosed);
  }
  readers_.clear();
  topics_.clear();
  if (crashed_) return;
  Open();
  if (crashed_) return;
  const int armed = std::exchange(calls_left_, -1);  // not while everything is looked at
  LookAtEverything(LogModel::Loss::kNone);
  calls_left_ = armed;
}

// The machine goes at a call of the file system: now, soon, or in a recovery after that.
void LogSession::ArmCrash() {
  const unsigned how = Byte();
  if (openings_left_ <= 0) return;
  power_ = (how & 1) != 0;
  calls_left_ = static_cast<int>(Byte() % 64);
  next_calls_.clear();
  for (unsigned i = how / 2 % 4; i > 0; --i) next_calls_.push_back(static_cast<int>(Byte() % 64));
  if ((how & 0xc0) != 0) return;
  crashed_ = true;
  if (power_) disk_.CutPower();
}

void LogSession::Recover() {
  while (crashed_) {
    readers_.clear();
    topics_.clear();
    producer_ = Producer();
    log_ = Log();
    crashed_ = false;
    calls_left_ = -1;
    if (!next_calls_.empty()) {
      calls_left_ = next_calls_.back();
      next_calls_.pop_back();
    }
    Open();
    if (!crashed_) {
      calls_left_ = -1;
      LookAtEverything(power_ ? LogModel::Loss::kPowerCut : LogModel::Loss::kKill);
    }
  }
}

// --- looking

void LogSession::FollowRetention() {
  for (const auto& [name, topic] : model_.topics()) {
    if (!topic.expires) continue;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const Place place(name, static_cast<int32_t>(i));
      const auto marks = TopicOf(place).GetWatermarks(place.second);
      Require(marks.ok(), Text(marks.status()));
      model_.MoveLogStart(place, marks->log_start_offset, clock_.Monotonic());
    }
  }
}

FoundLog LogSession::Look() {
  FoundLog found;
  const auto names = log_.ListTopics();
  Require(names.ok(), Text(names.status()));
  for (const std::string& name : *names) {
    const auto description = log_.DescribeTopic(name);
    Require(description.ok(), Text(description.status()));
    FoundTopic& topic = found.topics[name];
    topic.disk = description->options.durability == Durability::kDisk;
    for (const auto& partition : description->partitions) {
      topic.partitions.push_back({partition.watermarks, {}});
    }
    auto opened = log_.OpenTopic(name);
    Require(opened.ok(), Text(opened.status()));
    topics_[name] = *std::move(opened);
  }
  ConsumerOptions everything;
  everything.topics = *names;
  auto consumer = log_.NewConsumer(everything);
  Require(consumer.ok(), Text(consumer.status()));
  ConsumerRecords records;
  do {
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    Require(polled.ok(), Text(polled));
    for (const RecordView& record : records) {
      FoundTopic& topic = found.topics.at(std::string(record.topic()));
      topic.partitions.at(static_cast<std::size_t>(record.partition()))
          .records.push_back(record.ToOwned());
    }
  } while (!records.caught_up());

  const auto groups = log_.ListGroups();
  Require(groups.ok(), Text(groups.status()));
  for (const std::string& group : *groups) {
    const auto offsets = log_.CommittedOffsets(group);
    Require(offsets.ok() && !offsets->empty(), "a group without offsets");
    for (const TopicPartitionOffset& offset : *offsets) {
      found.committed[group][{offset.topic, offset.partition}] = offset.offset;
    }
  }
  return found;
}

void LogSession::LookAtEverything(LogModel::Loss loss) {
  model_.Judge(Look(), loss, clock_.Monotonic());
}

// --- appending

std::vector<std::pair<Place, ModelRecord>> LogSession::AnyRecords(unsigned count) {
  std::vector<std::pair<Place, ModelRecord>> records;
  for (unsigned i = 0; i < count; ++i) {
    Place place = AnyPlace();
    if (place.first.empty()) break;
    ModelRecord record = AnyRecord();
    if (record.key.has_value() && record.key->size() == 1) place.second = kAnyPartition;
    records.emplace_back(std::move(place), std::move(record));
  }
  return records;
}

void LogSession::Append() {
  const auto records = AnyRecords(1);
  if (records.empty()) return;
  const auto& [place, record] = records.front();
  model_.Begin({.records = records});
  const auto metadata = TopicOf(place).Append(AsProduced(record, place.second));
  if (!Acknowledged(metadata.status())) return;
  model_.End({*metadata});
  ++appended_;
}

// One topic's: the first record's.
void LogSession::AppendAll() {
  auto records = AnyRecords(Byte() % 20);
  if (records.empty()) return;
  const std::string topic = records.front().first.first;
  std::erase_if(records, [&](const auto& record) { return record.first.first != topic; });
  std::vector<ProducerRecord> produced;
  for (const auto& [place, record] : records) produced.push_back(AsProduced(record, place.second));
  model_.Begin({.records = records});
  std::vector<RecordMetadata> metadata;
  const absl::Status status = topics_.at(topic).AppendAll(produced, &metadata);
  if (!Acknowledged(status)) return;
  model_.End(metadata);
  appended_ += static_cast<int>(metadata.size());
}

void LogSession::Write() {
  const unsigned how = Byte();
  Change change;
  change.atomic = true;
  change.records = AnyRecords(1 + how % 5);
  if (change.records.empty()) return;
  WriteBatch batch;
  for (const auto& [place, record] : change.records) {
    batch.Append(TopicOf(place), AsProduced(record, place.second));
  }
  if ((how & 0x80) != 0) {
    change.relayed = model_.relayed() + 1;
    batch.CommitOffsets({.group = kRelay},
                        {{.topic = "elsewhere", .partition = 0, .offset = *change.relayed}});
  }
  model_.Begin(change);
  std::vector<RecordMetadata> metadata;
  if (!Acknowledged(log_.Write(batch, &metadata))) return;
  model_.End(metadata);
  appended_ += static_cast<int>(metadata.size());
}

void LogSession::Send() {
  const auto records = AnyRecords(1 + Byte() % 6);
  if (records.empty()) return;
  model_.Begin({.records = records});
  auto producer = log_.NewProducer({.buffer_bytes = 64 << 10});
  if (!Acknowledged(producer.status())) return;
  producer_ = *std::move(producer);
  std::size_t told = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& [place, record] = records[i];
    const absl::Status sent =
        producer_.Send(TopicOf(place), AsProduced(record, place.second),
                       [this, i, &told](const absl::StatusOr<RecordMetadata>& metadata) {
                         ++told;
                         if (!Acknowledged(metadata.status())) return;
                         model_.Acknowledge(i, *metadata);
                         ++appended_;
                       });
    if (!Acknowledged(sent)) ++told;  // it never is
  }
  static_cast<void>(Acknowledged(producer_.Flush()));
  static_cast<void>(Acknowledged(producer_.Close()));
  Require(told == records.size(), "a callback did not run");
  if (!crashed_) model_.Drop();
}

// --- topics

TopicOptions LogSession::OptionsFrom(unsigned bits, ModelTopic* model) const {
  TopicOptions options = {.segment_bytes = 64 << 10, .batch_bytes = 1 << 10};
  model->disk = (bits & 1) == 0;
  options.durability = model->disk ? Durability::kDisk : Durability::kProcess;
  if ((bits & 2) != 0) options.compression_type = CompressionType::kLz4;
  if ((bits & 4) != 0) {
    options.retention = kRetention;
    model->expires = true;
  }
  options.partitions = std::max(static_cast<int32_t>(1 + bits / 8 % 3),
                                static_cast<int32_t>(model->partitions.size()));
  model->partitions.resize(static_cast<std::size_t>(options.partitions));
  return options;
}

void LogSession::CreateTopic() {
  const std::string name = AnyName();
  ModelTopic topic;
  const TopicOptions options = OptionsFrom(Byte(), &topic);
  const bool exists = model_.topics().contains(name);
  if (!exists) model_.Begin({.topic = name, .after = topic});
  auto created = log_.CreateTopic(name, options);
  if (exists) {
    RequireReason(created.status(), ErrorReason::kTopicExists);
  } else if (Acknowledged(created.status())) {
    model_.End({});
    topics_[name] = *std::move(created);
  }
}

void LogSession::AlterTopic() {
  const std::string name = AnyName();
  const unsigned bits = Byte();
  const auto found = model_.topics().find(name);
  if (found == model_.topics().end()) {
    RequireReason(log_.AlterTopic(name, {.partitions = 2}), ErrorReason::kUnknownTopic);
    return;
  }
  ModelTopic topic = found->second;
  const bool was_disk = topic.disk;
  const TopicOptions options = OptionsFrom(bits, &topic);
  // What there is is as safe as the safer of both asks for.
  if (was_disk || topic.disk) {
    for (ModelPartition& partition : topic.partitions) partition.durable_end = partition.end();
  }
  model_.Begin({.topic = name, .after = std::move(topic)});
  if (Acknowledged(log_.AlterTopic(name, options))) model_.End({});
}

void LogSession::DeleteTopic() {
  const std::string name = AnyName();
  if (!model_.topics().contains(name)) {
    RequireReason(log_.DeleteTopic(name), ErrorReason::kUnknownTopic);
    return;
  }
  model_.Begin({.topic = name, .after = std::nullopt});
  if (!Acknowledged(log_.DeleteTopic(name))) return;
  model_.End({});
  RequireReason(topics_.at(name).GetWatermarks(0).status(), ErrorReason::kUnknownTopic);
  topics_.erase(name);
  EndReadersOf(name);
}

void LogSession::DeleteRecords() {
  const Place place = AnyPlace();
  if (place.first.empty()) return;
  const ModelPartition& partition = model_.at(place);
  const int64_t offset = partition.log_start + Byte() % (std::ssize(partition.records) + 2);
  if (offset > partition.end()) {
    RequireReason(TopicOf(place).DeleteRecords(place.second, offset),
                  ErrorReason::kBeyondHighWatermark);
    return;
  }
  model_.Begin({.log_start = std::pair(place, offset)});
  if (Acknowledged(TopicOf(place).DeleteRecords(place.second, offset))) model_.End({});
}

// --- groups from outside, and time

void LogSession::AlterOffsets() {
  const std::string group = kGroups[Below(2)];
  const Place place = AnyPlace();
  const int64_t offset = Byte();
  if (place.first.empty()) return;
  const bool active = std::any_of(readers_.begin(), readers_.end(),
                                  [&](const Reader& reader) { return reader.group == group; });
  if (!active) model_.Begin({.group = group, .commits = {{place, offset}}});
  const absl::Status status = log_.AlterOffsets(
      group, {{.topic = place.first, .partition = place.second, .offset = offset}});
  if (active) {
    RequireReason(status, ErrorReason::kGroupActive);
  } else if (Acknowledged(status)) {
    model_.End({});
  }
}

void LogSession::DeleteGroup() {
  const std::string group = kGroups[Below(2)];
  const bool active = std::any_of(readers_.begin(), readers_.end(),
                                  [&](const Reader& reader) { return reader.group == group; });
  Change change = {.group = group};
  for (const auto& [name, topic] : model_.topics()) {
    for (int32_t i = 0; i < std::ssize(topic.partitions); ++i) {
      if (model_.Committed(group, {name, i}).has_value()) change.commits[{name, i}] = std::nullopt;
    }
  }
  const bool known = !change.commits.empty();
  if (!active && known) model_.Begin(std::move(change));
  const absl::Status status = log_.DeleteGroup(group);
  if (active || !known) {
    RequireReason(status, active ? ErrorReason::kGroupActive : ErrorReason::kUnknownGroup);
  } else if (Acknowledged(status)) {
    model_.End({});
  }
}

void LogSession::Maintain() {
  static constexpr int kSeconds[] = {1, 11, 31, 65};
  clock_.Advance(absl::Seconds(kSeconds[Below(4)]));
  static_cast<void>(Acknowledged(log_.RunMaintenance()));
}

}  // namespace eventlog::test
