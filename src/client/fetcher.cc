#include "client/fetcher.h"

#include <algorithm>
#include <limits>

#include "base/callback_scope.h"
#include "base/error.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {
namespace {

// What the views of one batch have in common.
struct ViewedBatch {
  const BatchSource* source = nullptr;
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
};

struct OffsetRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// Fills [to, *to_end) with views of the records of *left that lie in the range, and moves *left
// behind what it has looked at; *to_end: where it stopped. Nothing is left behind the range's end.
absl::Status ViewRecords(const ViewedBatch& batch, const OffsetRange& range, std::string_view* left,
                         RecordView* to, RecordView** to_end) {
  const char* at = left->data();
  const char* const end = at + left->size();
  RecordView* const full = *to_end;
  absl::Status status;
  while (to != full) {
    EncodedRecord record;
    if (!DecodePlainRecord(&at, end, &record)) {
      if (at == end) break;
      // Of copies, so that the loop over plain records has its own in registers.
      std::string_view rest(at, static_cast<std::size_t>(end - at));
      EncodedRecord any;
      status = DecodeAnyRecord(&rest, &any);
      if (!status.ok()) break;
      at = rest.data();
      record = any;
    }
    const int64_t offset = batch.base_offset + record.offset_delta;
    if (offset < range.begin) continue;  // before where the fetch began
    if (offset >= range.end) {
      at = end;
      break;
    }
    *to++ =
        RecordsAccess::MakeView(batch.source, record, offset,
                                TimestampAt(batch.base_timestamp_ms, record.timestamp_delta_ms));
  }
  *to_end = to;
  left->remove_prefix(static_cast<std::size_t>(at - left->data()));
  return status;
}

RecordView* Filter(const std::function<bool(const RecordView&)>& filter, RecordView* begin,
                   RecordView* end) {
  const CallbackScope in_filter;
  return std::remove_if(begin, end, [&filter](const RecordView& view) { return !filter(view); });
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

// A chunk of views at a time, so that the loop over records has nothing else in it; the filter then
// goes over the chunk.
absl::Status PartitionFetcher::HandOut(const StoredBatch& batch, const FetchLimits& limits,
                                       std::vector<RecordView>* records, RecordPins* pins) {
  constexpr std::size_t kChunk = 32;
  const BatchSource* const source =
      pins->AddSource({topic()->name(), number(), batch.header.leader_epoch});
  const std::size_t before = records->size();
  const ViewedBatch viewed = {source, batch.header.base_offset, batch.header.base_timestamp_ms};
  OffsetRange range = {*position_, until_.value_or(std::numeric_limits<int64_t>::max())};
  const auto most = static_cast<std::size_t>(std::max(batch.header.record_count, 1));
  std::string_view left = left_;
  absl::Status status;
  for (std::size_t wanted = limits.max_records; wanted > 0 && status.ok() && !left.empty();
       wanted = before + limits.max_records - records->size()) {
    const std::size_t chunk_begin = records->size();
    records->resize(chunk_begin + std::min({wanted, kChunk, most}));
    RecordView* const chunk = records->data() + chunk_begin;
    RecordView* chunk_end = records->data() + records->size();
    status = ViewRecords(viewed, range, &left, chunk, &chunk_end);
    if (chunk_end != chunk) range.begin = chunk_end[-1].offset() + 1;
    if (limits.filter != nullptr) chunk_end = Filter(*limits.filter, chunk, chunk_end);
    records->resize(static_cast<std::size_t>(chunk_end - records->data()));
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
  position_ = range.begin;
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
