#include "client/write_batch_state.h"

#include <string_view>
#include <utility>

#include "client/encoded_headers.h"
#include "format/offset_commit.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {
namespace {

std::size_t EncodedCommitBytes(const ConsumerGroupMetadata& group,
                               const TopicPartitionOffset& offset) {
  const std::string key = EncodeOffsetCommitKey({group.group, offset.topic, offset.partition});
  const std::string value =
      EncodeOffsetCommitValue({offset.offset, offset.leader_epoch, 0, offset.metadata});
  return MaxEncodedRecordBytes({.key = key, .value = value});
}

}  // namespace

void WriteBatchState::Append(std::shared_ptr<TopicState> topic, const ProducerRecord& record) {
  RecordEntry entry;
  entry.element = size();
  entry.topic = std::move(topic);
  entry.key = Copy(record.key);
  entry.value = Copy(record.value);
  entry.headers = {arena_.size(), 0, record.headers.empty()};
  for (const Header& header : record.headers) {
    AppendEncodedHeader(&arena_, header.key, header.value);
  }
  entry.headers.size = arena_.size() - entry.headers.begin;
  entry.header_count = record.headers.size();
  entry.timestamp = record.timestamp;
  entry.partition = record.partition;
  records_.push_back(std::move(entry));
  bytes_ += MaxEncodedRecordBytes(record);
}

void WriteBatchState::CommitOffsets(const ConsumerGroupMetadata& group,
                                    absl::Span<const TopicPartitionOffset> offsets) {
  for (const TopicPartitionOffset& offset : offsets) {
    commits_.push_back({size(), group, offset});
    bytes_ += EncodedCommitBytes(group, offset);
  }
}

void WriteBatchState::Clear() {
  arena_.clear();
  records_.clear();
  commits_.clear();
  bytes_ = 0;
}

ProducerRecord WriteBatchState::View(const RecordEntry& entry) const {
  ProducerRecord record;
  record.key = At(entry.key);
  record.value = At(entry.value);
  if (!entry.headers.null) {
    record.headers =
        RecordsAccess::EncodedHeaders(arena_.data() + entry.headers.begin, entry.header_count);
  }
  record.timestamp = entry.timestamp;
  record.partition = entry.partition;
  return record;
}

WriteBatchState::ArenaBytes WriteBatchState::Copy(BytesView bytes) {
  const ArenaBytes copied = {arena_.size(), bytes.view().size(), bytes.is_null()};
  arena_.append(bytes.view());
  return copied;
}

BytesView WriteBatchState::At(const ArenaBytes& bytes) const {
  BytesView view;
  if (!bytes.null) view = std::string_view(arena_.data() + bytes.begin, bytes.size);
  return view;
}

}  // namespace eventlog::inline v1::internal
