#include "segment/segment_index.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "format/segment_header.h"
#include "io/durable_file.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kRebuildBytes = 1 << 20;  // read at once

absl::StatusOr<std::vector<IndexEntry>> LoadEntries(FileSystem* file_system,
                                                    const std::string& path,
                                                    const HeaderFormat& format, uint64_t seed,
                                                    int64_t base_offset, int64_t segment_bytes) {
  // Every batch is larger than an entry, so no index is larger than its data.
  const int64_t max_bytes = static_cast<int64_t>(kIndexHeaderBytes) + segment_bytes;
  EVENTLOG_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file_system, path, max_bytes));
  EVENTLOG_ASSIGN_OR_RETURN(IndexFile index, DecodeIndexFile(bytes, format, seed));
  if (index.base_offset != base_offset || index.segment_bytes != segment_bytes) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{}: is of another segment, or older than its data", path));
  }
  return std::move(index.entries);
}

}  // namespace

void SegmentIndex::Add(const BatchHeader& header, int64_t position) {
  max_timestamp_ms_ = std::max(max_timestamp_ms_, header.max_timestamp_ms);
  newest_offset_ = header.base_offset;
  if (indexed_to_ < 0) indexed_to_ = position;  // the first batch needs no entry to be found
  if (position - indexed_to_ < kIntervalBytes) return;
  indexed_to_ = position;
  offsets_.push_back({header.base_offset, position});
  if (times_.empty() || times_.back().key < max_timestamp_ms_) {
    times_.push_back({max_timestamp_ms_, newest_offset_});
  } else {
    times_.back().value = newest_offset_;  // time stood still: the same entry says more now
  }
}

int64_t SegmentIndex::FindOffset(int64_t offset, int64_t fallback) const {
  const auto after =
      std::upper_bound(offsets_.begin(), offsets_.end(), offset,
                       [](int64_t wanted, const IndexEntry& entry) { return wanted < entry.key; });
  return after == offsets_.begin() ? fallback : std::prev(after)->value;
}

int64_t SegmentIndex::FindTimestamp(int64_t timestamp_ms) const {
  const auto reached =
      std::lower_bound(times_.begin(), times_.end(), timestamp_ms,
                       [](const IndexEntry& entry, int64_t wanted) { return entry.key < wanted; });
  return reached == times_.begin() ? base_offset_ : std::prev(reached)->value;
}

absl::Status SegmentIndex::Save(FileSystem* file_system, const std::string& partition_directory,
                                int64_t segment_bytes, uint64_t identity_seed) const {
  // The last entry speaks for the whole segment, so that Load knows the largest timestamp.
  std::vector<IndexEntry> times = times_;
  if (indexed_to_ >= 0) {
    if (times.empty() || times.back().key < max_timestamp_ms_) times.emplace_back();
    times.back() = {max_timestamp_ms_, newest_offset_};
  }
  EVENTLOG_RETURN_IF_ERROR(ReplaceFile(
      file_system, OffsetIndexPath(partition_directory, base_offset_),
      EncodeIndexFile({base_offset_, segment_bytes, offsets_}, kOffsetIndexFormat, identity_seed)));
  return ReplaceFile(file_system, TimeIndexPath(partition_directory, base_offset_),
                     EncodeIndexFile({base_offset_, segment_bytes, std::move(times)},
                                     kTimeIndexFormat, identity_seed));
}

absl::StatusOr<SegmentIndex> SegmentIndex::Load(FileSystem* file_system,
                                                const std::string& partition_directory,
                                                int64_t base_offset, int64_t segment_bytes,
                                                uint64_t identity_seed) {
  SegmentIndex index(base_offset);
  EVENTLOG_ASSIGN_OR_RETURN(
      index.offsets_, LoadEntries(file_system, OffsetIndexPath(partition_directory, base_offset),
                                  kOffsetIndexFormat, identity_seed, base_offset, segment_bytes));
  EVENTLOG_ASSIGN_OR_RETURN(
      index.times_, LoadEntries(file_system, TimeIndexPath(partition_directory, base_offset),
                                kTimeIndexFormat, identity_seed, base_offset, segment_bytes));
  if (segment_bytes <= kSegmentHeaderBytes) return index;
  if (index.times_.empty()) {
    return MakeError(ErrorReason::kCorruptData, "a time index without the last batch's entry");
  }
  index.indexed_to_ = index.offsets_.empty() ? kSegmentHeaderBytes : index.offsets_.back().value;
  index.newest_offset_ = index.times_.back().value;
  index.max_timestamp_ms_ = index.times_.back().key;
  return index;
}

absl::StatusOr<SegmentIndex> SegmentIndex::Rebuild(File* file, const std::string& path,
                                                   uint64_t identity_seed, int64_t base_offset,
                                                   int64_t limit) {
  SegmentIndex index(base_offset);
  int64_t position = kSegmentHeaderBytes;
  int64_t next_offset = base_offset;
  std::vector<StoredBatch> batches;
  while (position < limit) {
    batches.clear();
    const absl::Status status =
        ReadBatches(file, path, identity_seed, {position, limit, kRebuildBytes}, &batches);
    // Batches out of order are damage as well: entries must rise.
    if (IsDamage(status) || (status.ok() && batches.front().header.base_offset < next_offset)) {
      index.max_timestamp_ms_ = INT64_MAX;  // of what is damaged: whoever looks there is told so
      EVENTLOG_ASSIGN_OR_RETURN(
          position, FindNextBatch(file, identity_seed, position + 1, limit, next_offset));
      if (position < 0) break;
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(status);
    for (const StoredBatch& batch : batches) index.Add(batch.header, batch.position);
    position = batches.back().position + batches.back().header.batch_bytes();
    next_offset = batches.back().header.next_offset();
  }
  return index;
}

}  // namespace eventlog::inline v1::internal
