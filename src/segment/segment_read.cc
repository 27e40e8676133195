// The readers' half of a segment: any number of threads, beside the writer.
//
// The end position is loaded after the index was asked: what the index knows lies below it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/types/span.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/record.h"
#include "format/segment_header.h"
#include "segment/segment.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kTimeScanBytes = 128 << 10;  // read at once

// Verified headers by position. They are read through a window: walking many small batches up to
// the one that is wanted costs one read call.
class HeaderWindow {
 public:
  HeaderWindow(File* file, uint64_t identity_seed, int64_t end)
      : file_(file), seed_(identity_seed), end_(end) {}

  absl::StatusOr<BatchHeader> At(int64_t position) {
    const int64_t needed_bytes = std::min(static_cast<int64_t>(kMaxHeaderBytes), end_ - position);
    if (position < start_ || position + needed_bytes > start_ + Bytes()) {
      EVENTLOG_RETURN_IF_ERROR(Fill(position));
    }
    const std::size_t at = static_cast<std::size_t>(position - start_);
    EVENTLOG_ASSIGN_OR_RETURN(const BatchHeader header,
                              DecodeBatchHeader(std::string_view(window_).substr(at), seed_));
    if (header.batch_bytes() > end_ - position) {
      return MakeError(ErrorReason::kCorruptData, "a batch that ends beyond the valid bytes");
    }
    return header;
  }

 private:
  static constexpr int64_t kWindowBytes = SegmentIndex::kIntervalBytes + kMaxHeaderBytes;

  int64_t Bytes() const { return static_cast<int64_t>(window_.size()); }

  absl::Status Fill(int64_t position) {
    start_ = position;
    window_.resize(static_cast<std::size_t>(std::min(kWindowBytes, end_ - position)));
    EVENTLOG_ASSIGN_OR_RETURN(
        const std::size_t read_bytes,
        file_->ReadAt(position, absl::MakeSpan(window_.data(), window_.size())));
    window_.resize(read_bytes);
    return absl::OkStatus();
  }

  File* const file_;
  const uint64_t seed_;
  const int64_t end_;
  int64_t start_ = 0;
  std::string window_;
};

// Goes from batch to batch from `position` on, up to the one that holds `offset` or comes first
// after it. Damage on the way is stepped over, unless `offset` may lie in it.
absl::StatusOr<int64_t> WalkTo(File* file, uint64_t identity_seed, HeaderWindow* headers,
                               int64_t position, int64_t end, int64_t offset) {
  int64_t next_offset = INT64_MIN;
  int64_t damage_position = -1;  // of the damage just before `position`
  while (position < end) {
    const auto header = headers->At(position);
    if (!header.ok() && !IsDamage(header.status())) return header.status();
    if (!header.ok() || header->base_offset < next_offset) {
      if (damage_position < 0) damage_position = position;
      EVENTLOG_ASSIGN_OR_RETURN(position,
                                FindNextBatch(file, identity_seed, position + 1, end, next_offset));
      if (position < 0) return damage_position;
      continue;
    }
    if (header->base_offset > offset && damage_position >= 0) return damage_position;
    if (header->next_offset() > offset) return position;
    damage_position = -1;
    next_offset = header->next_offset();
    position += header->batch_bytes();
  }
  return damage_position >= 0 ? damage_position : end;
}

// Leaves out, of the batches from number `first` on, what a read of `max_bytes` would not have
// read: a run of the cache may be longer, and a read where the index points is.
void Shorten(int64_t max_bytes, std::size_t first, std::vector<StoredBatch>* batches) {
  const int64_t end = (*batches)[first].position + max_bytes;
  while (batches->size() > first + 1 && batches->back().position >= end) batches->pop_back();
}

// The offset of the batch's first record from `from_offset` on that is at or after the timestamp.
// Timestamps have no order.
absl::StatusOr<std::optional<int64_t>> FindInBatch(const StoredBatch& batch, int64_t timestamp_ms,
                                                   int64_t from_offset) {
  std::string_view rest = batch.records;
  for (int32_t i = 0; i < batch.header.record_count; ++i) {
    EncodedRecord record;
    EVENTLOG_RETURN_IF_ERROR(DecodeRecord(&rest, &record));
    if (record.offset_delta < 0 || record.offset_delta > batch.header.last_offset_delta) {
      return MakeError(ErrorReason::kCorruptData, "a record's offset lies outside its batch");
    }
    const int64_t offset = batch.header.base_offset + record.offset_delta;
    if (offset >= from_offset &&
        TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms) >= timestamp_ms) {
      return std::optional<int64_t>(offset);
    }
  }
  return std::optional<int64_t>();
}

}  // namespace

absl::Status Segment::LoadIndex() {
  if (index_.has_value()) return absl::OkStatus();
  if (sealed_) {
    auto loaded = SegmentIndex::Load(files_->file_system(), place_.partition_directory,
                                     place_.base_offset, end_position(), seed_);
    if (loaded.ok()) {
      index_ = *std::move(loaded);
      return absl::OkStatus();
    }
  }
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  EVENTLOG_ASSIGN_OR_RETURN(
      index_, SegmentIndex::Rebuild(file.get(), path_, seed_, place_.base_offset, end_position()));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Segment::IndexedPosition(int64_t offset) {
  if (offset <= base_offset()) return kSegmentHeaderBytes;
  MutexLock lock(&index_mutex_);
  EVENTLOG_RETURN_IF_ERROR(LoadIndex());
  return index_->FindOffset(offset, kSegmentHeaderBytes);
}

absl::StatusOr<int64_t> Segment::PositionOf(File* file, int64_t offset) {
  if (offset <= base_offset()) return kSegmentHeaderBytes;
  EVENTLOG_ASSIGN_OR_RETURN(int64_t position, IndexedPosition(offset));
  const int64_t end = end_position();
  HeaderWindow headers(file, seed_, end);
  if (position != kSegmentHeaderBytes) {  // the index is never trusted
    const bool possible = position > kSegmentHeaderBytes && position < end;
    const auto header = possible ? headers.At(position) : absl::StatusOr<BatchHeader>();
    if (possible && !header.ok() && !IsDamage(header.status())) return header.status();
    if (!header.ok() || header->base_offset > offset) position = kSegmentHeaderBytes;
  }
  return WalkTo(file, seed_, &headers, position, end, offset);
}

absl::Status Segment::ReadAt(int64_t position, int64_t max_bytes, BatchCache* cache,
                             std::vector<StoredBatch>* batches) {
  const int64_t end = end_position();
  if (position >= end) return absl::OkStatus();
  if (cache != nullptr && cache->Find(number_, position, batches)) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  if (cache == nullptr) {
    return ReadBatches(file.get(), path_, seed_, {position, end, max_bytes}, batches);
  }
  std::vector<StoredBatch> run;
  EVENTLOG_RETURN_IF_ERROR(ReadBatches(file.get(), path_, seed_, {position, end, max_bytes}, &run));
  cache->Add(number_, std::move(run), batches);
  return absl::OkStatus();
}

absl::Status Segment::Read(int64_t offset, int64_t position_hint, int64_t max_bytes,
                           std::vector<StoredBatch>* batches, BatchCache* cache) {
  int64_t hinted_bytes = max_bytes;
  if (position_hint < kSegmentHeaderBytes) {
    // What the index says is a hint like any other, to a place not far before the batch: to the
    // batch itself, or to one that is followed by all of it.
    EVENTLOG_ASSIGN_OR_RETURN(position_hint, IndexedPosition(offset));
    hinted_bytes = std::max(max_bytes, 2 * SegmentIndex::kIntervalBytes);
  }
  const std::ptrdiff_t before = std::ssize(*batches);
  if (position_hint >= kSegmentHeaderBytes) {
    const absl::Status status = ReadAt(position_hint, hinted_bytes, cache, batches);
    if (!status.ok() && !IsDamage(status)) return status;
  }
  const auto hinted = batches->begin() + before;
  if (hinted != batches->end() && batches->back().header.last_offset() >= offset &&
      (hinted->header.base_offset <= offset || position_hint == kSegmentHeaderBytes)) {
    const auto first = std::find_if(hinted, batches->end(), [offset](const StoredBatch& batch) {
      return batch.header.last_offset() >= offset;
    });
    batches->erase(hinted, first);
    Shorten(max_bytes, static_cast<std::size_t>(before), batches);
    return absl::OkStatus();
  }
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  const auto position = PositionOf(file.get(), offset);
  // In front of a gap the hint is right, though its batch alone cannot show it.
  if (position.ok() && hinted != batches->end() && hinted->position == *position) {
    return absl::OkStatus();
  }
  batches->erase(hinted, batches->end());
  EVENTLOG_RETURN_IF_ERROR(position);
  return ReadAt(*position, max_bytes, cache, batches);
}

absl::StatusOr<int64_t> Segment::MaxTimestamp() {
  MutexLock lock(&index_mutex_);
  if (sealed_max_timestamp_ms_.has_value()) return *sealed_max_timestamp_ms_;
  const bool keep = index_.has_value() || !sealed_;
  EVENTLOG_RETURN_IF_ERROR(LoadIndex());
  const int64_t max_timestamp_ms = index_->max_timestamp_ms();
  if (sealed_) sealed_max_timestamp_ms_ = max_timestamp_ms;
  if (!keep) index_.reset();
  return max_timestamp_ms;
}

absl::StatusOr<int64_t> Segment::CreatedMs() {
  {
    MutexLock lock(&index_mutex_);
    if (created_ms_.has_value()) return *created_ms_;
  }
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  const auto header = ReadSegmentHeader(file.get());
  if (!header.ok()) return Annotate(header.status(), path_);
  if (header->identity != place_.identity || header->base_offset != place_.base_offset) {
    return MakeError(ErrorReason::kCorruptData, path_ + ": the header is another segment's");
  }
  MutexLock lock(&index_mutex_);
  created_ms_ = header->created_ms;
  return header->created_ms;
}

absl::StatusOr<std::optional<int64_t>> Segment::FindTimestamp(int64_t timestamp_ms,
                                                              int64_t from_offset,
                                                              BatchCache* cache) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t max_timestamp_ms, MaxTimestamp());
  if (max_timestamp_ms < timestamp_ms) return std::optional<int64_t>();
  int64_t next_offset = 0;
  {
    MutexLock lock(&index_mutex_);
    EVENTLOG_RETURN_IF_ERROR(LoadIndex());
    next_offset = std::max(index_->FindTimestamp(timestamp_ms), from_offset);
  }
  const int64_t end = end_position();
  std::vector<StoredBatch> batches;
  for (int64_t position = -1; position < end;) {
    batches.clear();
    EVENTLOG_RETURN_IF_ERROR(Read(next_offset, position, kTimeScanBytes, &batches, cache));
    if (batches.empty()) break;
    for (const StoredBatch& batch : batches) {
      if (batch.header.max_timestamp_ms < timestamp_ms) continue;
      const auto found = FindInBatch(batch, timestamp_ms, from_offset);
      if (!found.ok()) {
        return Annotate(found.status(),
                        fmt::format("{}: batch at position {}", path_, batch.position));
      }
      if (found->has_value()) return *found;
    }
    const StoredBatch& last = batches.back();
    next_offset = last.header.next_offset();
    position = last.position + last.header.batch_bytes();
  }
  return std::optional<int64_t>();
}

}  // namespace eventlog::inline v1::internal
