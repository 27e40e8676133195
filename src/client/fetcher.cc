#include "client/fetcher.h"

#include <algorithm>
#include <limits>

#include "base/callback_scope.h"
#include "base/error.h"
#include "format/record_views.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {
namespace {

// What is asked of one batch: views of the records in `range`, `count` at most.
struct Wanted {
  ViewedBatch batch;
  OffsetRange range;
  std::size_t count = 0;
};

// Appends what decoding the next of *left gives, and moves *left behind it.
absl::Status AppendDecoded(const Wanted& wanted, std::string_view* left,
                           std::vector<RecordView>* records) {
  const std::size_t before = records->size();
  records->resize(before + wanted.count);
  RecordView* end = records->data() + records->size();
  absl::Status status =
      ViewRecords(wanted.batch, wanted.range, left, records->data() + before, &end);
  records->resize(static_cast<std::size_t>(end - records->data()));
  return status;
}

// Appends copies of what was decoded before. *left is emptied when no more is in the range.
void AppendCopies(const Wanted& wanted, absl::Span<const RecordView> views, std::string_view* left,
                  std::vector<RecordView>* records) {
  const auto before = [](const RecordView& view, int64_t offset) { return view.offset() < offset; };
  const auto from = std::lower_bound(views.begin(), views.end(), wanted.range.begin, before);
  const auto end = std::lower_bound(from, views.end(), wanted.range.end, before);
  const auto to = from + std::min(end - from, static_cast<std::ptrdiff_t>(wanted.count));
  const auto copied = records->insert(records->end(), from, to);
  std::for_each(copied, records->end(), [&wanted](RecordView& view) {
    RecordsAccess::SetSource(&view, wanted.batch.source);
  });
  if (to == end) *left = {};
}

void Filter(const std::function<bool(const RecordView&)>& filter, std::size_t begin,
            std::vector<RecordView>* records) {
  const CallbackScope in_filter;
  const auto first = records->begin() + static_cast<std::ptrdiff_t>(begin);
  records->erase(std::remove_if(first, records->end(),
                                [&filter](const RecordView& view) { return !filter(view); }),
                 records->end());
}

}  // namespace

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
  fetch_bytes_ = kFirstFetchBytes;
}

absl::Status PartitionFetcher::FillBatches(int64_t max_bytes) {
  const int64_t bytes = std::min(fetch_bytes_, max_bytes);
  EVENTLOG_RETURN_IF_ERROR(partition()->Read(*position_, bytes, &cursor_, &batches_));
  fetch_bytes_ = 2 * bytes;
  if (!batches_.empty()) left_ = batches_.front().records;
  return absl::OkStatus();
}

// Records are decoded a chunk at a time, so that the loop over them has nothing else in it; the
// filter then goes over the chunk.
absl::Status PartitionFetcher::HandOut(const StoredBatch& batch, const FetchLimits& limits,
                                       std::vector<RecordView>* records, RecordPins* pins) {
  constexpr std::size_t kChunk = 32;
  const BatchSource* const source =
      pins->AddSource({topic()->name(), number(), batch.header.leader_epoch});
  const std::size_t before = records->size();
  Wanted wanted = {{source, batch.header.base_offset, batch.header.base_timestamp_ms},
                   {*position_, until_.value_or(std::numeric_limits<int64_t>::max())}};
  const auto most = static_cast<std::size_t>(std::max(batch.header.record_count, 1));
  std::string_view left = left_;
  absl::Status status;
  while (records->size() < before + limits.max_records && status.ok() && !left.empty()) {
    const std::size_t chunk_begin = records->size();
    wanted.count = before + limits.max_records - chunk_begin;
    if (batch.views.empty()) {
      wanted.count = std::min({wanted.count, kChunk, most});
      status = AppendDecoded(wanted, &left, records);
    } else {
      AppendCopies(wanted, batch.views, &left, records);
    }
    if (records->size() > chunk_begin) wanted.range.begin = records->back().offset() + 1;
    if (limits.filter != nullptr) Filter(*limits.filter, chunk_begin, records);
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
  position_ = wanted.range.begin;
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
