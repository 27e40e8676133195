// Log::Write, offset commits and their administration: each one journal group.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/record.h"
#include "log/log_state.h"
#include "partition/append_wait.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status TooLarge(std::string_view what, std::size_t bytes, std::string_view limit,
                      int64_t limit_bytes) {
  return MakeError(ErrorReason::kRecordTooLarge, fmt::format("{} takes up to {} bytes, {} is {}",
                                                             what, bytes, limit, limit_bytes));
}

absl::Status CheckGroupName(std::string_view group) {
  if (!group.empty()) return absl::OkStatus();
  return MakeError(ErrorReason::kInvalidOption, "offsets are committed for a group with a name");
}

absl::Status CheckCommit(std::string_view group, const TopicPartitionOffset& offset) {
  EVENTLOG_RETURN_IF_ERROR(CheckGroupName(group));
  if (offset.offset < 0) {
    return WithActualOffset(
        MakeError(ErrorReason::kBelowLogStart, fmt::format("offset {} to commit", offset.offset)),
        0);
  }
  if (offset.partition < 0 || offset.topic.empty()) {
    return MakeError(ErrorReason::kInvalidOption,
                     fmt::format("cannot commit an offset of topic '{}' partition {}", offset.topic,
                                 offset.partition));
  }
  // Each commit would be one more record to read, and to commit.
  return CheckNotReserved(offset.topic);
}

// Where the records of one Write go, and the records as its shares view them: those of a partition
// next to each other, in the caller's order.
class RoutedRecords {
 public:
  explicit RoutedRecords(std::size_t count) {
    routes_.reserve(count);
    unsorted_.reserve(count);
  }

  void Add(const std::shared_ptr<Partition>& partition, const ProducerRecord& record) {
    routes_.push_back({&partition, routes_.size()});
    unsorted_.push_back(record);
  }
  // Of all that was added. They view this.
  std::vector<AtomicShare> Shares() {
    std::stable_sort(routes_.begin(), routes_.end(),
                     [](const Route& a, const Route& b) { return a.Key() < b.Key(); });
    sorted_.reserve(routes_.size());
    for (const Route& route : routes_) sorted_.push_back(unsorted_[route.place]);
    std::vector<AtomicShare> shares;
    for (std::size_t begin = 0, end = 0; begin < routes_.size(); begin = end) {
      const auto& partition = *routes_[begin].partition;
      while (end < routes_.size() && *routes_[end].partition == partition) ++end;
      shares.push_back({partition, absl::MakeConstSpan(sorted_).subspan(begin, end - begin)});
    }
    return shares;
  }
  // In the order in which they were added. `shares`: these, and perhaps more behind them.
  std::vector<RecordMetadata> Metadata(absl::Span<const AtomicShare> shares,
                                       const AppendTime& now) const {
    std::vector<RecordMetadata> metadata(routes_.size());
    std::size_t sorted = 0;
    for (const AtomicShare& share : shares) {
      for (std::size_t i = 0; i < share.records.size() && sorted < routes_.size(); ++i) {
        metadata[routes_[sorted++].place] = share.MetadataOfRecord(i, now);
      }
    }
    return metadata;
  }

 private:
  struct Route {
    const std::shared_ptr<Partition>* partition;
    std::size_t place;  // in the caller's order

    std::pair<int32_t, int32_t> Key() const {
      const PartitionName& name = (*partition)->name();
      return {name.topic_id, name.identity.partition};
    }
  };

  std::vector<Route> routes_;
  std::vector<ProducerRecord> unsorted_;
  std::vector<ProducerRecord> sorted_;
};

}  // namespace

// What records of __consumer_offsets are to say, and the bytes that they view.
class OffsetRecords {
 public:
  absl::Status Add(const std::string& group, const TopicPartitionOffset& offset, int64_t now_ms,
                   int64_t max_record_bytes) {
    EVENTLOG_RETURN_IF_ERROR(CheckCommit(group, offset));
    const std::size_t before = bytes_;
    Add({group, offset.topic, offset.partition},
        OffsetCommitValue{offset.offset, offset.leader_epoch, now_ms, offset.metadata});
    if (static_cast<int64_t>(bytes_ - before) <= max_record_bytes) return absl::OkStatus();
    return TooLarge("the commit", bytes_ - before, "max_record_bytes", max_record_bytes);
  }
  void AddDeletion(OffsetCommitKey key) { Add(std::move(key), std::nullopt); }
  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const { return bytes_; }  // encoded, at most

  // Of all that was added. It views this.
  AtomicShare Share(std::shared_ptr<Partition> partition) {
    for (const Entry& entry : entries_) records_.push_back(entry.Record());
    return {std::move(partition), records_};
  }
  void ApplyTo(OffsetStore* offsets, const AtomicShare& written) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      offsets->Apply(entries_[i].key, entries_[i].value,
                     written.first_offset + static_cast<int64_t>(i));
    }
  }

 private:
  struct Entry {
    OffsetCommitKey key;
    std::optional<OffsetCommitValue> value;
    std::string key_bytes;
    std::string value_bytes;

    ProducerRecord Record() const {
      ProducerRecord record;
      record.key = BytesView(key_bytes);
      if (value.has_value()) record.value = BytesView(value_bytes);
      return record;
    }
  };

  void Add(OffsetCommitKey key, std::optional<OffsetCommitValue> value) {
    std::string key_bytes = EncodeOffsetCommitKey(key);
    std::string value_bytes = value.has_value() ? EncodeOffsetCommitValue(*value) : "";
    entries_.push_back(
        {std::move(key), std::move(value), std::move(key_bytes), std::move(value_bytes)});
    bytes_ += MaxEncodedRecordBytes(entries_.back().Record());
  }

  std::vector<Entry> entries_;
  std::vector<ProducerRecord> records_;
  std::size_t bytes_ = 0;
};

// A topic that this log does not have is a relay's cursor: as durable as can be.
bool LogState::CommitNeedsSync(absl::Span<const TopicPartitionOffset> offsets) {
  return std::all_of(offsets.begin(), offsets.end(), [this](const TopicPartitionOffset& offset) {
    const auto topic = FindTopic(offset.topic);
    return !topic.ok() || (*topic)->NeedsSync();
  });
}

absl::Status LogState::WriteShares(std::vector<AtomicShare> shares, const AppendTime& now,
                                   bool sync, std::vector<AtomicShare>* written) {
  EVENTLOG_RETURN_IF_ERROR(MakeRoom());
  if (options_.memory) {  // nothing can come between: nobody else sees a memory log's crash
    for (AtomicShare& share : shares) {
      EVENTLOG_ASSIGN_OR_RETURN(const auto ticket, share.partition->Stage(share.records, now));
      share.first_offset = ticket.first_offset;
      EVENTLOG_RETURN_IF_ERROR(AwaitAppend(journal_.get(), share.partition, ticket));
    }
    *written = std::move(shares);
    return absl::OkStatus();
  }
  const auto write = std::make_shared<AtomicWrite>(std::move(shares), now, sync);
  EVENTLOG_RETURN_IF_ERROR(write->Run(journal_.get()));
  *written = write->shares();
  return absl::OkStatus();
}

absl::Status LogState::WriteOffsets(OffsetRecords records, bool sync) {
  if (records.empty()) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(const auto topic, OffsetsTopic());
  std::vector<AtomicShare> written;
  EVENTLOG_RETURN_IF_ERROR(
      WriteShares({records.Share(topic->partitions().front())}, time_.Now(), sync, &written));
  records.ApplyTo(&offsets_, written.front());
  return absl::OkStatus();
}

absl::Status LogState::CommitOffsets(const OffsetCommits& commits) {
  OffsetRecords records;
  const int64_t now_ms = time_.Now().wall_ms;
  for (const TopicPartitionOffset& offset : commits.offsets) {
    EVENTLOG_RETURN_IF_ERROR(records.Add(commits.group, offset, now_ms, options_.max_record_bytes));
  }
  if (static_cast<int64_t>(records.bytes()) > options_.max_write_bytes) {
    return TooLarge("the commit", records.bytes(), "max_write_bytes", options_.max_write_bytes);
  }
  return WriteOffsets(std::move(records), CommitNeedsSync(commits.offsets));
}

// Null values, each as durable as can be. More than one write may hold are several.
absl::Status LogState::DeleteOffsets(std::vector<OffsetCommitKey> keys) {
  OffsetRecords records;
  for (OffsetCommitKey& key : keys) {
    records.AddDeletion(std::move(key));
    if (static_cast<int64_t>(records.bytes()) < options_.max_write_bytes) continue;
    EVENTLOG_RETURN_IF_ERROR(WriteOffsets(std::exchange(records, OffsetRecords()), /*sync=*/true));
  }
  return WriteOffsets(std::move(records), /*sync=*/true);
}

// Every offset that a group has committed in the topic.
absl::Status LogState::ForgetOffsetsOf(std::string_view topic) {
  std::vector<OffsetCommitKey> keys;
  for (const std::string& group : offsets_.Groups()) {
    for (const TopicPartitionOffset& offset : offsets_.Committed(group)) {
      if (offset.topic == topic) keys.push_back({group, offset.topic, offset.partition});
    }
  }
  return DeleteOffsets(std::move(keys));
}

absl::Status LogState::AlterOffsets(std::string_view group,
                                    absl::Span<const TopicPartitionOffset> offsets) {
  EVENTLOG_RETURN_IF_ERROR(CheckGroupName(group));
  for (const TopicPartitionOffset& offset : offsets) {
    EVENTLOG_RETURN_IF_ERROR(CheckCommit(group, offset));
    EVENTLOG_ASSIGN_OR_RETURN(const auto topic, FindTopic(offset.topic));
    EVENTLOG_RETURN_IF_ERROR(topic->FindPartition(offset.partition).status());
  }
  const ShortMembership nobody_else(&offsets_, group);
  EVENTLOG_RETURN_IF_ERROR(nobody_else.status());
  return CommitOffsets({std::string(group), {offsets.begin(), offsets.end()}});
}

absl::Status LogState::DeleteGroup(std::string_view group) {
  const ShortMembership nobody_else(&offsets_, group);
  EVENTLOG_RETURN_IF_ERROR(nobody_else.status());
  std::vector<OffsetCommitKey> keys;
  for (const TopicPartitionOffset& offset : offsets_.Committed(group)) {
    keys.push_back({std::string(group), offset.topic, offset.partition});
  }
  if (keys.empty()) {
    return MakeError(ErrorReason::kUnknownGroup,
                     fmt::format("group \"{}\" has committed nothing", group));
  }
  return DeleteOffsets(std::move(keys));
}

absl::Status LogState::CheckEntry(const WriteBatchState::RecordEntry& entry,
                                  const ProducerRecord& record) const {
  if (entry.topic == nullptr || entry.topic->core() != this) {
    return MakeError(ErrorReason::kWrongLog, "the topic is not of this log");
  }
  EVENTLOG_RETURN_IF_ERROR(entry.topic->CheckNotDeleted());
  return entry.topic->Check(record);
}

absl::Status LogState::Write(const WriteBatchState& batch, std::vector<RecordMetadata>* metadata) {
  if (static_cast<int64_t>(batch.bytes()) > options_.max_write_bytes) {
    return TooLarge("the batch", batch.bytes(), "max_write_bytes", options_.max_write_bytes);
  }
  if (batch.size() == 0) return absl::OkStatus();
  bool sync = false;
  RoutedRecords records(batch.records().size());
  for (const auto& entry : batch.records()) {
    const ProducerRecord record = batch.View(entry);
    if (absl::Status refused = CheckEntry(entry, record); !refused.ok()) {
      return WithFailedIndex(refused, entry.element);
    }
    const auto number = static_cast<std::size_t>(entry.topic->Route(record));
    records.Add(entry.topic->partitions()[number], record);
    sync = sync || entry.topic->NeedsSync();
  }
  OffsetRecords commits;
  std::vector<TopicPartitionOffset> offsets;
  const AppendTime now = time_.Now();
  for (const auto& entry : batch.commits()) {
    const absl::Status added =
        commits.Add(entry.group.group, entry.offset, now.wall_ms, options_.max_record_bytes);
    if (!added.ok()) return WithFailedIndex(added, entry.element);
    offsets.push_back(entry.offset);
  }
  std::vector<AtomicShare> shares = records.Shares();
  if (!offsets.empty()) {
    sync = sync || CommitNeedsSync(offsets);
    EVENTLOG_ASSIGN_OR_RETURN(const auto topic, OffsetsTopic());
    shares.push_back(commits.Share(topic->partitions().front()));
  }
  std::vector<AtomicShare> written;
  EVENTLOG_RETURN_IF_ERROR(WriteShares(std::move(shares), now, sync, &written));
  if (!commits.empty()) commits.ApplyTo(&offsets_, written.back());
  if (metadata != nullptr) *metadata = records.Metadata(written, now);
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
