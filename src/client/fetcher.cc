#include "client/fetcher.h"

#include <algorithm>

#include "base/error.h"
#include "client/offset_spec.h"
#include "fmt/format.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {

void PartitionFetcher::SetPosition(int64_t offset) {
  if (position_ == offset) return;
  position_ = offset;
  batches_.clear();
  current_ = 0;
  left_ = {};
}

absl::StatusOr<int64_t> PartitionFetcher::Resolve(const OffsetSpec& spec) const {
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

absl::StatusOr<int32_t> PartitionFetcher::EpochAt(int64_t offset) const {
  FetchCursor cursor;
  std::vector<StoredBatch> batches;
  EVENTLOG_RETURN_IF_ERROR(partition()->Read(offset, 1, &cursor, &batches));
  if (batches.empty()) return partition()->leader_epoch();
  return batches.front().header.leader_epoch;
}

// Epochs never fall from one record to the next, so the cut is found by halving.
absl::Status PartitionFetcher::CheckNotTruncated(int64_t offset, int32_t leader_epoch) const {
  int64_t cut = partition()->high_watermark();
  if (offset <= cut) {
    const int64_t start = partition()->log_start_offset();
    if (leader_epoch < 0 || offset <= start) return absl::OkStatus();
    EVENTLOG_ASSIGN_OR_RETURN(const int32_t found, EpochAt(offset - 1));
    if (found <= leader_epoch) return absl::OkStatus();
    cut = offset - 1;
    for (int64_t below = start; below < cut;) {
      const int64_t middle = below + (cut - below) / 2;
      EVENTLOG_ASSIGN_OR_RETURN(const int32_t epoch, EpochAt(middle));
      if (epoch > leader_epoch) {
        cut = middle;
      } else {
        below = middle + 1;
      }
    }
  }
  return WithActualOffset(
      MakeError(ErrorReason::kLogTruncated,
                fmt::format("{}-{}: what was read before offset {} is not in the log any more: it "
                            "was cut at {}",
                            *topic_->name(), number_, offset, cut)),
      cut);
}

absl::StatusOr<std::size_t> PartitionFetcher::Fetch(std::size_t max_records, int64_t fetch_bytes,
                                                    std::vector<RecordView>* records,
                                                    RecordPins* pins) {
  EVENTLOG_RETURN_IF_ERROR(topic_->CheckNotDeleted());
  std::size_t handed_out = 0;
  while (handed_out < max_records) {
    if (current_ == batches_.size()) {
      // What is in hand is given before more is read, which may block or fail.
      if (handed_out > 0) break;
      if (caught_up()) {
        if (*position_ > partition()->high_watermark()) return CheckNotTruncated(*position_, -1);
        break;
      }
      EVENTLOG_RETURN_IF_ERROR(FillBatches(fetch_bytes));
      if (batches_.empty()) break;
    }
    const StoredBatch& batch = batches_[current_];
    EVENTLOG_ASSIGN_OR_RETURN(const std::size_t count,
                              HandOut(batch, max_records - handed_out, records, pins));
    handed_out += count;
    if (!left_.empty()) break;
    position_ = std::max(*position_, batch.header.next_offset());
    ++current_;
    if (current_ < batches_.size()) left_ = batches_[current_].records;
  }
  return handed_out;
}

absl::Status PartitionFetcher::FillBatches(int64_t fetch_bytes) {
  batches_.clear();
  current_ = 0;
  left_ = {};
  EVENTLOG_RETURN_IF_ERROR(partition()->Read(*position_, fetch_bytes, &cursor_, &batches_));
  if (!batches_.empty()) left_ = batches_.front().records;
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> PartitionFetcher::HandOut(const StoredBatch& batch,
                                                      std::size_t max_records,
                                                      std::vector<RecordView>* records,
                                                      RecordPins* pins) {
  if (left_.empty()) return std::size_t{0};
  const BatchSource* const source =
      pins->AddSource({topic_->name(), number_, batch.header.leader_epoch});
  pins->Pin(batch.pin);
  const std::size_t before = records->size();
  std::size_t count = 0;
  int64_t position = *position_;
  std::string_view left = left_;
  while (count < max_records && !left.empty()) {
    EncodedRecord record;
    if (absl::Status decoded = DecodeRecord(&left, &record); !decoded.ok()) {
      records->resize(before);
      return decoded;
    }
    const int64_t offset = batch.header.base_offset + record.offset_delta;
    if (offset < position) continue;  // before where the fetch began
    records->push_back(RecordsAccess::MakeView(
        source, record, offset,
        TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms)));
    position = offset + 1;
    ++count;
  }
  left_ = left;
  position_ = position;
  return count;
}

}  // namespace eventlog::inline v1::internal
