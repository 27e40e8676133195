// One segment: a data file and its indexes. One writer at a time (the partition's segment lock),
// any number of readers beside it.
//
// Invariants:
// - end_position() covers whole batches only and never falls, except in the hands of recovery.
// - bytes below end_position() never change.
// - space is reserved (Allocate) before a byte is written, so that a full disk is seen while the
//   caller can still refuse.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "format/identity.h"
#include "format/record_batch.h"
#include "io/file_cache.h"
#include "segment/batch_cache.h"
#include "segment/batch_reader.h"
#include "segment/segment_index.h"

namespace eventlog::inline v1::internal {

class Segment {
 public:
  struct Place {
    std::string partition_directory;  // exists
    PartitionIdentity identity;
    int64_t base_offset = 0;
  };

  // Creates the file with its header, preallocated for a first batch of `first_bytes`. The caller
  // syncs file and directory before it relies on them. ResourceExhausted (kDiskFull).
  static absl::StatusOr<std::shared_ptr<Segment>> Create(FileCache* files, const Place& place,
                                                         int64_t created_ms, int64_t first_bytes);
  // Takes an existing file whose valid bytes end at `end_position` (with the batch before
  // `next_offset`). Does not touch the file: descriptors and indexes are opened when needed.
  static std::shared_ptr<Segment> Adopt(FileCache* files, const Place& place, int64_t end_position,
                                        int64_t next_offset, bool sealed);

  // --- by anyone, any thread
  int64_t base_offset() const { return place_.base_offset; }
  const std::string& path() const { return path_; }
  int64_t end_position() const { return end_position_.load(std::memory_order_acquire); }
  // Batches from the one that holds `offset`, or the first after it, on. `position_hint`, when not
  // negative, is where that batch is believed to start; a wrong hint costs time, never truth.
  // Empty when the segment ends before `offset`. DataLoss (kCorruptData) names file and position:
  // the bytes that hold or may hold `offset` are damaged; damage elsewhere is no error here.
  // NotFound after Remove. What is in `cache` (null: none) is not read, what is read goes there.
  absl::Status Read(int64_t offset, int64_t position_hint, int64_t max_bytes,
                    std::vector<StoredBatch>* batches, BatchCache* cache = nullptr);
  // The first record from `from_offset` on that is at or after the timestamp, as an offset; nullopt
  // when this segment has none. NotFound after Remove.
  absl::StatusOr<std::optional<int64_t>> FindTimestamp(int64_t timestamp_ms, int64_t from_offset,
                                                       BatchCache* cache = nullptr);
  // The largest timestamp of any record; INT64_MIN when empty. May rebuild the index.
  absl::StatusOr<int64_t> MaxTimestamp();
  // When its first record was appended, as its header says, which is read once. DataLoss
  // (kCorruptData).
  absl::StatusOr<int64_t> CreatedMs();

  // --- by the one writer
  int64_t next_offset() const { return next_offset_; }
  // Makes sure that `bytes` more fit, which must come before Append (Create's first_bytes are
  // reserved already); steps double from 64 KiB to 16 MiB. ResourceExhausted
  // (kDiskFull): nothing was written, nothing has changed.
  absl::Status Reserve(int64_t bytes);
  // Writes sealed batches, one at least, at the end and then shows them to readers. Not synced.
  // After an error the segment must not be written again (the log is poisoned).
  absl::Status Append(absl::Span<const SealedBatch> batches);
  // Makes everything appended durable. OK at once when nothing is dirty.
  absl::Status Sync();
  // Cuts the preallocated rest off. The next Sync makes that durable.
  absl::Status Trim();
  // Writes the index files; the segment gets no more batches. Trim and Sync come first. An index
  // that cannot be written is not an error: it is rebuilt when needed.
  void Seal();
  // Removes data and index files. Readers that hold the file go on reading.
  absl::Status Remove();

 private:
  Segment(FileCache* files, Place place);
  absl::Status LoadIndex() ABSL_EXCLUSIVE_LOCKS_REQUIRED(index_mutex_);
  // Where the index says that the batch with `offset` starts, or one not far before it.
  absl::StatusOr<int64_t> IndexedPosition(int64_t offset);
  // Where the batch that holds `offset` starts, or the first after it, or the damage that may hide
  // it; end_position() when there is none.
  absl::StatusOr<int64_t> PositionOf(File* file, int64_t offset);
  absl::Status ReadAt(int64_t position, int64_t max_bytes, BatchCache* cache,
                      std::vector<StoredBatch>* batches);

  FileCache* const files_;
  const Place place_;
  const std::string path_;
  const uint64_t seed_;
  const uint64_t number_;                 // no other segment object of this process has it
  std::atomic<int64_t> end_position_{0};  // stored under index_mutex_, so that the index keeps up
  int64_t next_offset_ = 0;               // writer's
  int64_t allocated_bytes_ = -1;          // writer's; negative: not asked yet
  Mutex index_mutex_;
  bool sealed_ ABSL_GUARDED_BY(index_mutex_) = false;
  std::optional<SegmentIndex> index_ ABSL_GUARDED_BY(index_mutex_);  // empty: not in memory
  std::optional<int64_t> created_ms_ ABSL_GUARDED_BY(index_mutex_);  // empty: not read yet
  // Kept apart, so that asking all sealed segments for it does not hold all indexes in memory.
  std::optional<int64_t> sealed_max_timestamp_ms_ ABSL_GUARDED_BY(index_mutex_);
};

}  // namespace eventlog::inline v1::internal
