#include "client/partition_offsets.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "client/offset_spec.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {

absl::StatusOr<int64_t> PartitionOffsets::Resolve(const OffsetSpec& spec) const {
  const int64_t start = partition()->log_start_offset();
  const int64_t end = partition()->high_watermark();
  const int64_t value = OffsetSpecAccess::value(spec);
  switch (OffsetSpecAccess::kind(spec)) {
    case OffsetSpecAccess::Kind::kEarliest:
      return start;
    case OffsetSpecAccess::Kind::kLatest:
      return end;
    case OffsetSpecAccess::Kind::kLast:
      return std::max(start, value > end ? 0 : end - value);
    case OffsetSpecAccess::Kind::kForTimestamp:
      return partition()->OffsetForTimestamp(value);
    case OffsetSpecAccess::Kind::kAt:
    case OffsetSpecAccess::Kind::kCommitted:
      break;
  }
  if (value >= start && value <= end) return value;
  const auto reason =
      value < start ? ErrorReason::kBelowLogStart : ErrorReason::kBeyondHighWatermark;
  return WithActualOffset(
      MakeError(reason, fmt::format("{}-{}: offset {} is not between log start {} and high "
                                    "watermark {}",
                                    *topic_->name(), number_, value, start, end)),
      value < start ? start : end);
}

absl::StatusOr<TopicPartitionOffset> PartitionOffsets::WithEpoch(int64_t offset) const {
  EVENTLOG_ASSIGN_OR_RETURN(const int32_t epoch, EpochBefore(offset));
  return TopicPartitionOffset{*topic_->name(), number_, offset, epoch, ""};
}

// Epochs never fall from one record to the next, so the cut is found by halving.
absl::Status PartitionOffsets::CheckNotTruncated(int64_t offset, int32_t leader_epoch) const {
  int64_t cut = std::min(offset, partition()->high_watermark());
  if (leader_epoch >= 0) {
    EVENTLOG_ASSIGN_OR_RETURN(const int32_t found, EpochBefore(cut));
    int64_t below = found > leader_epoch ? partition()->log_start_offset() : cut;
    while (below < cut) {
      const int64_t middle = below + (cut - below) / 2;
      EVENTLOG_ASSIGN_OR_RETURN(const int32_t epoch, EpochBefore(middle + 1));
      if (epoch > leader_epoch) {
        cut = middle;
      } else {
        below = middle + 1;
      }
    }
  }
  if (cut == offset) return absl::OkStatus();
  return WithActualOffset(
      MakeError(ErrorReason::kLogTruncated,
                fmt::format("{}-{}: what was read before offset {} is not in the log any more: it "
                            "was cut at {}",
                            *topic_->name(), number_, offset, cut)),
      cut);
}

// −1 when the record is deleted, or about to be by retention.
absl::StatusOr<int32_t> PartitionOffsets::EpochBefore(int64_t offset) const {
  if (offset <= partition()->log_start_offset()) return -1;
  FetchCursor cursor;
  std::vector<StoredBatch> batches;
  const absl::Status read = partition()->Read(offset - 1, 1, &cursor, &batches);
  if (ReasonOf(read) == ErrorReason::kBelowLogStart) return -1;
  EVENTLOG_RETURN_IF_ERROR(read);
  return batches.front().header.leader_epoch;
}

}  // namespace eventlog::inline v1::internal
