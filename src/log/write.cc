// Log::Write and offset commits: records and offsets as one journal group.
#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "log/log_state.h"

namespace eventlog::inline v1::internal {
namespace {

// Encoded commits: what the records of __consumer_offsets view.
struct EncodedCommits {
  std::vector<OffsetCommitKey> keys;
  std::vector<OffsetCommitValue> values;
  std::vector<std::pair<std::string, std::string>> bytes;

  void Add(const std::string& group, const TopicPartitionOffset& offset, int64_t now_ms) {
    keys.push_back({group, offset.topic, offset.partition});
    values.push_back({offset.offset, offset.leader_epoch, now_ms, offset.metadata});
    bytes.emplace_back(EncodeOffsetCommitKey(keys.back()), EncodeOffsetCommitValue(values.back()));
  }
  AtomicShare Share(std::shared_ptr<Partition> partition) const {
    AtomicShare share{std::move(partition), {}};
    for (const auto& [key, value] : bytes) {
      ProducerRecord record;
      record.key = BytesView(key);
      record.value = BytesView(value);
      share.records.push_back(record);
    }
    return share;
  }
};

absl::Status CheckCommit(const std::string& group, const TopicPartitionOffset& offset) {
  if (group.empty()) {
    return MakeError(ErrorReason::kInvalidOption, "offsets are committed for a group with a name");
  }
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
  return absl::OkStatus();
}

}  // namespace

// A topic that this log does not have is a relay's cursor: as durable as can be.
bool LogState::CommitNeedsSync(absl::Span<const TopicPartitionOffset> offsets) {
  return std::all_of(offsets.begin(), offsets.end(), [this](const TopicPartitionOffset& offset) {
    const auto topic = FindTopic(offset.topic);
    return !topic.ok() || (*topic)->NeedsSync();
  });
}

absl::Status LogState::WriteShares(std::vector<AtomicShare> shares, bool sync,
                                   std::vector<AtomicShare>* written) {
  EVENTLOG_RETURN_IF_ERROR(MakeRoom());
  const int64_t now_ms = WallMs();
  if (options_.memory) {  // nothing can come between: nobody else sees a memory log's crash
    for (AtomicShare& share : shares) {
      EVENTLOG_ASSIGN_OR_RETURN(const auto ticket,
                                share.partition->Stage(share.records, now_ms, &share.metadata));
      share.partition->Finish(ticket);
    }
    *written = std::move(shares);
    return absl::OkStatus();
  }
  const auto write = std::make_shared<AtomicWrite>(std::move(shares), now_ms, sync);
  EVENTLOG_RETURN_IF_ERROR(write->Run(journal_.get()));
  *written = write->shares();
  return absl::OkStatus();
}

absl::Status LogState::CommitOffsets(const OffsetCommits& commits) {
  EncodedCommits encoded;
  for (const TopicPartitionOffset& offset : commits.offsets) {
    EVENTLOG_RETURN_IF_ERROR(CheckCommit(commits.group, offset));
    encoded.Add(commits.group, offset, WallMs());
  }
  EVENTLOG_ASSIGN_OR_RETURN(const auto topic, OffsetsTopic());
  std::vector<AtomicShare> written;
  EVENTLOG_RETURN_IF_ERROR(WriteShares({encoded.Share(topic->partitions().front())},
                                       CommitNeedsSync(commits.offsets), &written));
  for (std::size_t i = 0; i < encoded.keys.size(); ++i) {
    offsets_.Apply(encoded.keys[i], encoded.values[i], written.front().metadata[i].offset);
  }
  return absl::OkStatus();
}

// Null values for every offset that a group has committed in the topic.
absl::Status LogState::ForgetOffsetsOf(std::string_view topic) {
  std::vector<OffsetCommitKey> keys;
  for (const std::string& group : offsets_.Groups()) {
    for (const TopicPartitionOffset& offset : offsets_.Committed(group)) {
      if (offset.topic == topic) keys.push_back({group, offset.topic, offset.partition});
    }
  }
  if (keys.empty()) return absl::OkStatus();
  std::vector<std::string> encoded;
  for (const OffsetCommitKey& key : keys) encoded.push_back(EncodeOffsetCommitKey(key));
  EVENTLOG_ASSIGN_OR_RETURN(const auto offsets, FindTopic(kConsumerOffsetsTopic));
  AtomicShare share{offsets->partitions().front(), {}};
  for (const std::string& key : encoded) share.records.push_back({.key = BytesView(key)});
  std::vector<AtomicShare> written;
  EVENTLOG_RETURN_IF_ERROR(WriteShares({std::move(share)}, /*sync=*/true, &written));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    offsets_.Apply(keys[i], std::nullopt, written.front().metadata[i].offset);
  }
  return absl::OkStatus();
}

absl::Status LogState::Write(const WriteBatchState& batch, std::vector<RecordMetadata>* metadata) {
  if (static_cast<int64_t>(batch.bytes()) > options_.max_write_bytes) {
    return MakeError(ErrorReason::kRecordTooLarge,
                     fmt::format("the batch takes up to {} bytes, max_write_bytes is {}",
                                 batch.bytes(), options_.max_write_bytes));
  }
  if (batch.size() == 0) return absl::OkStatus();
  std::map<Partition*, std::size_t> share_of;
  std::vector<AtomicShare> shares;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // of each record: share, index in it
  bool sync = false;
  const auto share_for = [&](const std::shared_ptr<Partition>& partition) {
    const auto [at, added] = share_of.emplace(partition.get(), shares.size());
    if (added) shares.push_back({partition, {}});
    return at->second;
  };
  for (const auto& entry : batch.records()) {
    absl::Status wrong;
    if (entry.topic == nullptr || entry.topic->core() != this) {
      wrong = MakeError(ErrorReason::kWrongLog, "the topic is not of this log");
    } else {
      wrong = entry.topic->CheckNotDeleted();
    }
    if (!wrong.ok()) return WithFailedIndex(wrong, entry.element);
    const ProducerRecord record = batch.View(entry);
    auto number = entry.topic->Route(record);
    if (!number.ok()) return WithFailedIndex(number.status(), entry.element);
    const std::size_t share =
        share_for(entry.topic->partitions()[static_cast<std::size_t>(*number)]);
    places.emplace_back(share, shares[share].records.size());
    shares[share].records.push_back(record);
    sync = sync || entry.topic->NeedsSync();
  }
  EncodedCommits commits;
  std::vector<TopicPartitionOffset> offsets;
  for (const auto& entry : batch.commits()) {
    if (absl::Status wrong = CheckCommit(entry.group.group, entry.offset); !wrong.ok()) {
      return WithFailedIndex(wrong, entry.element);
    }
    commits.Add(entry.group.group, entry.offset, WallMs());
    offsets.push_back(entry.offset);
  }
  std::size_t commit_share = 0;
  if (!offsets.empty()) {
    sync = sync || CommitNeedsSync(offsets);
    EVENTLOG_ASSIGN_OR_RETURN(const auto topic, OffsetsTopic());
    commit_share = shares.size();
    shares.push_back(commits.Share(topic->partitions().front()));
  }
  std::vector<AtomicShare> written;
  EVENTLOG_RETURN_IF_ERROR(WriteShares(std::move(shares), sync, &written));
  for (std::size_t i = 0; i < commits.keys.size(); ++i) {
    offsets_.Apply(commits.keys[i], commits.values[i], written[commit_share].metadata[i].offset);
  }
  if (metadata != nullptr) {
    for (const auto& [share, index] : places) {
      metadata->push_back(written[share].metadata[index]);
    }
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
