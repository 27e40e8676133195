// Committed offsets over a restart: the checkpoint carries them, so that Open reads only the
// records of __consumer_offsets behind it, and those before it can go.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/record.h"
#include "log/log_state.h"

namespace eventlog::inline v1::internal {

std::shared_ptr<Partition> LogState::OffsetsPartition() {
  const auto topic = FindTopic(kConsumerOffsetsTopic);
  return topic.ok() ? (*topic)->partitions().front() : nullptr;
}

// Applies the records from where the store is up to `end`, at most the high watermark.
absl::Status LogState::ReplayOffsets(Partition* partition, int64_t end) {
  offsets_.SkipTo(partition->log_start_offset());
  FetchCursor cursor;
  while (offsets_.upto() < end) {
    std::vector<StoredBatch> batches;
    EVENTLOG_RETURN_IF_ERROR(partition->Read(offsets_.upto(), 1 << 20, &cursor, &batches));
    for (const StoredBatch& batch : batches) {
      std::string_view left = batch.records;
      while (!left.empty()) {
        EncodedRecord record;
        EVENTLOG_RETURN_IF_ERROR(DecodeRecord(&left, &record));
        std::optional<std::string_view> value;
        if (record.value != nullptr) value.emplace(record.value, record.value_size);
        EVENTLOG_RETURN_IF_ERROR(offsets_.ApplyRecord(
            {record.key, record.key_size}, value, batch.header.base_offset + record.offset_delta));
      }
      offsets_.SkipTo(batch.header.next_offset());  // offsets without a record
    }
  }
  return absl::OkStatus();
}

absl::Status LogState::LoadOffsets(Checkpoint* checkpoint) {
  offsets_.Start(std::move(checkpoint->offsets), checkpoint->offsets_upto);
  const auto partition = OffsetsPartition();
  if (partition == nullptr) return absl::OkStatus();
  return ReplayOffsets(partition.get(), partition->high_watermark());
}

// Before the checkpoint syncs anything: so all that the snapshot says becomes durable with it.
void LogState::SnapshotOffsets(Checkpoint* checkpoint) {
  const auto partition = OffsetsPartition();
  if (partition == nullptr) return;
  // Whoever writes a commit applies it a moment later, so there is hardly ever anything to read.
  // When that fails, the snapshot is of less, and right.
  static_cast<void>(ReplayOffsets(partition.get(), partition->high_watermark()));
  checkpoint->offsets_upto = offsets_.Snapshot(&checkpoint->offsets);
}

// Of __consumer_offsets, all segments but those that hold what no snapshot has.
std::optional<LogStart> LogState::OffsetsLogStart(int64_t offsets_upto) {
  auto partition = OffsetsPartition();
  if (partition == nullptr) return std::nullopt;
  int64_t log_start = partition->log_start_offset();
  for (const auto& segment : partition->retention_view().segments) {
    if (segment->base_offset() <= offsets_upto) {
      log_start = std::max(log_start, segment->base_offset());
    }
  }
  return LogStart{std::move(partition), log_start};
}

// A memory log makes no checkpoint and is never read again: what has been applied can go.
absl::Status LogState::TrimOffsetsInMemory() {
  const auto log_start = OffsetsLogStart(offsets_.upto());
  if (!log_start.has_value()) return absl::OkStatus();
  return DeleteRecords(log_start->partition, log_start->offset);
}

}  // namespace eventlog::inline v1::internal
