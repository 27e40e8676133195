#include "client/fetcher.h"

#include <algorithm>
#include <limits>

#include "base/callback_scope.h"
#include "base/error.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {

void PartitionFetcher::SetPosition(int64_t offset) {
  if (position_ == offset && position_epoch_ == partition()->leader_epoch()) return;
  position_ = offset;
  position_epoch_ = partition()->leader_epoch();
  Forget();
}

bool PartitionFetcher::has_news() const {
  if (!position_.has_value() || !topic()->CheckNotDeleted().ok()) return true;
  const int64_t visible_end = partition()->high_watermark();
  return position_epoch_ != partition()->leader_epoch() || *position_ > visible_end ||
         *position_ < std::min(end(), visible_end);
}

absl::StatusOr<bool> PartitionFetcher::Fetch(const FetchLimits& limits,
                                             std::vector<RecordView>* records, RecordPins* pins) {
  EVENTLOG_RETURN_IF_ERROR(topic()->CheckNotDeleted());
  EVENTLOG_RETURN_IF_ERROR(CheckPosition());
  if (caught_up()) return false;
  // What is in hand is given before more is read, which may block or fail.
  if (batches_.empty()) EVENTLOG_RETURN_IF_ERROR(FillBatches(limits.fetch_bytes));
  const int64_t before = *position_;
  const int64_t until = until_.value_or(std::numeric_limits<int64_t>::max());
  FetchLimits left = limits;
  absl::Status status;
  while (current_ < batches_.size() && left.max_records > 0 && *position_ < until) {
    const StoredBatch& batch = batches_[current_];
    const std::size_t handed_out = records->size();
    status = HandOut(batch, left, records, pins);
    if (!status.ok()) break;
    left.max_records -= records->size() - handed_out;
    if (!left_.empty()) break;
    position_ = std::max(*position_, std::min(batch.header.next_offset(), until));
    ++current_;
    if (current_ < batches_.size()) left_ = batches_[current_].records;
  }
  if (current_ == batches_.size() || *position_ >= until) DropBatches();
  if (*position_ == before) EVENTLOG_RETURN_IF_ERROR(status);
  return *position_ != before;  // an error behind what was moved over comes again
}

// A recovery of the log since then may have cut off what was read, and records that came later
// stand in its place: what is in hand is not to be trusted either.
absl::Status PartitionFetcher::CheckPosition() {
  const int32_t epoch = partition()->leader_epoch();
  if (epoch != position_epoch_ || *position_ > partition()->high_watermark()) {
    EVENTLOG_RETURN_IF_ERROR(CheckNotTruncated(*position_, position_epoch_));
    position_epoch_ = epoch;
    Forget();
  }
  return absl::OkStatus();
}

void PartitionFetcher::DropBatches() {
  batches_.clear();
  current_ = 0;
  left_ = {};
}

void PartitionFetcher::Forget() {
  DropBatches();
  cursor_ = {};
}

absl::Status PartitionFetcher::FillBatches(int64_t fetch_bytes) {
  EVENTLOG_RETURN_IF_ERROR(partition()->Read(*position_, fetch_bytes, &cursor_, &batches_));
  if (!batches_.empty()) left_ = batches_.front().records;
  return absl::OkStatus();
}

absl::Status PartitionFetcher::HandOut(const StoredBatch& batch, const FetchLimits& limits,
                                       std::vector<RecordView>* records, RecordPins* pins) {
  const BatchSource* const source =
      pins->AddSource({topic()->name(), number(), batch.header.leader_epoch});
  const std::size_t before = records->size();
  std::optional<CallbackScope> in_filter;
  if (limits.filter != nullptr) in_filter.emplace();
  absl::Status status;
  int64_t position = *position_;
  std::string_view left = left_;
  EncodedRecord record;
  while (records->size() - before < limits.max_records && !left.empty()) {
    status = DecodeRecord(&left, &record);
    if (!status.ok()) break;
    const int64_t offset = batch.header.base_offset + record.offset_delta;
    if (offset < position) continue;  // before where the fetch began
    if (until_.has_value() && offset >= *until_) {
      left = {};
      break;
    }
    const RecordView view = RecordsAccess::MakeView(
        source, record, offset,
        TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms));
    if (limits.filter == nullptr || (*limits.filter)(view)) records->push_back(view);
    position = offset + 1;
  }
  if (!status.ok()) records->resize(before);
  // What nothing was handed out of need not be kept.
  if (records->size() > before) {
    pins->Pin(batch.pin);
  } else {
    pins->DropLastSource();
  }
  EVENTLOG_RETURN_IF_ERROR(status);
  left_ = left;
  position_ = position;
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
