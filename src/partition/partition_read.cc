// Reading what is visible: the tail first, then the segments. A batch is written to its segment
// before it leaves the tail, so what is in neither does not exist.
#include "base/error.h"
#include "fmt/format.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

absl::Status Partition::BelowLogStart(int64_t offset) const {
  const int64_t log_start = log_start_offset();
  return WithActualOffset(
      MakeError(ErrorReason::kBelowLogStart,
                fmt::format("{}-{}: offset {} is below the log start {}", name_.topic,
                            name_.identity.partition, offset, log_start)),
      log_start);
}

absl::Status Partition::WhyNotRead(int64_t offset, absl::Status failed) const {
  if (offset < log_start_offset()) return BelowLogStart(offset);
  MutexLock lock(&mutex_);
  return deleted_ ? DeletedError() : failed;
}

absl::Status Partition::Read(int64_t offset, int64_t max_bytes, FetchCursor* cursor,
                             std::vector<StoredBatch>* batches) {
  const int64_t visible_end = high_watermark();
  if (offset < log_start_offset()) return BelowLogStart(offset);
  if (offset > visible_end) {
    return WithActualOffset(
        MakeError(ErrorReason::kBeyondHighWatermark,
                  fmt::format("{}-{}: offset {} is beyond the high watermark {}", name_.topic,
                              name_.identity.partition, offset, visible_end)),
        visible_end);
  }
  if (offset == visible_end) return absl::OkStatus();

  StoredBatch in_tail;
  if (tail_.Read(offset, visible_end, &cursor->tail, &in_tail)) {
    batches->push_back(std::move(in_tail));
    return absl::OkStatus();
  }
  const std::size_t first = batches->size();
  const int64_t hint = cursor->segment_offset == offset ? cursor->segment_position : -1;
  const absl::Status read = segments_.Read(offset, hint, max_bytes, batches, environment_.batches);
  if (!read.ok()) return WhyNotRead(offset, read);
  // A bulk write has its batches in the file before they are synced: they are not to be seen yet.
  // What left the tail since the first look is visible now.
  const int64_t visible_now = high_watermark();
  while (batches->size() > first && batches->back().header.next_offset() > visible_now) {
    batches->pop_back();
  }
  if (batches->size() == first) {
    return WhyNotRead(
        offset,
        MakeError(ErrorReason::kDurableDataMissing,
                  fmt::format("{}: offset {} is below the high watermark {} and in no segment",
                              name_.directory, offset, visible_now)));
  }
  const StoredBatch& last = batches->back();
  cursor->segment_offset = last.header.next_offset();
  cursor->segment_position = last.position + last.header.batch_bytes();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Partition::OffsetForTimestamp(int64_t timestamp_ms) {
  const int64_t visible_end = high_watermark();
  // The tail first: what is sealed meanwhile is then found in its segment.
  const int64_t in_tail = tail_.FindTimestamp(timestamp_ms, visible_end);
  EVENTLOG_ASSIGN_OR_RETURN(
      const auto in_segment,
      segments_.FindTimestamp(timestamp_ms, log_start_offset(), environment_.batches));
  if (in_segment.has_value() && *in_segment < visible_end) return *in_segment;
  return in_tail >= 0 ? in_tail : visible_end;
}

}  // namespace eventlog::inline v1::internal
