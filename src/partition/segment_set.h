// The segments of one partition, oldest first; the last one is active.
//
// Invariants:
// - batches are contiguous: each starts at the offset where the one before ended, across files too;
// - one writer (the partition's segment lock), any number of readers;
// - what is unsynced is known: `Sync` covers every file and name that was touched since the last.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "format/checkpoint.h"
#include "format/identity.h"
#include "io/file_cache.h"
#include "partition/partition_config.h"
#include "segment/segment.h"

namespace eventlog::inline v1::internal {

class SegmentSet {
 public:
  struct Place {
    std::string directory;  // of the partition; made with the first segment
    PartitionIdentity identity;
  };

  SegmentSet(FileCache* files, Place place);

  // --- the writer's half
  // Takes what recovery found, instead of what was there.
  void Adopt(std::vector<std::shared_ptr<Segment>> segments);
  // Makes sure that `bytes` of batches, the first at `base_offset` and appended at `append_ms`, can
  // be written; rolls first when the active segment is full or segment_ms older than they.
  // ResourceExhausted: nothing has changed.
  // `*rolled`: a segment was finished.
  absl::Status Reserve(int64_t bytes, int64_t base_offset, int64_t append_ms,
                       const PartitionConfig& config, bool* rolled);
  // How much more the active segment takes before it is full.
  int64_t room(const PartitionConfig& config) const {
    return active_ == nullptr ? config.segment_bytes
                              : config.segment_bytes - active_->end_position();
  }
  // Writes batches into the reserved space.
  absl::Status Append(absl::Span<const SealedBatch> batches);
  // Makes every byte and every name durable, cuts the preallocated rest off what was rolled (which
  // nobody who appends is to wait for) and indexes it.
  absl::Status Sync();
  bool unsynced() const { return !unsynced_.empty() || directory_unsynced_; }
  // Cuts the active segment's preallocated rest off (at Close).
  absl::Status Trim();
  // Fills in where the synced end is: file, position, offset. A file that lies wholly below the
  // entry's log start is not named; it is not active (FinishBelow).
  void Describe(PartitionCheckpoint* entry) const;
  // Rolls when every batch of the active segment lies below the log start.
  void FinishBelow(int64_t log_start);
  // Removes the oldest segment if it lies wholly below the log start; `*bytes`: of it, else 0. The
  // next Sync makes the removal durable.
  absl::Status RemoveOldestBelow(int64_t log_start, int64_t* bytes);
  // Removes every file and the directory, durably. A failed sync is `*sync_failed`.
  absl::Status Remove(bool* sync_failed);
  // The active segment is older than segment_ms and has batches. The age of an adopted one is known
  // from the first Reserve on.
  bool IsDue(int64_t now_ms, const PartitionConfig& config) const;
  // Finishes the active segment; the next batch starts another.
  void Roll();

  // --- the readers' half
  // Batches from the one that holds `offset` on, out of the one segment that has it; nothing when
  // no segment does. OutOfRange is the caller's to say. DataLoss when records are missing.
  // `cache`: as Segment::Read.
  absl::Status Read(int64_t offset, int64_t position_hint, int64_t max_bytes,
                    std::vector<StoredBatch>* batches, BatchCache* cache = nullptr);
  // The first record from `from_offset` on that is at or after the timestamp.
  absl::StatusOr<std::optional<int64_t>> FindTimestamp(int64_t timestamp_ms, int64_t from_offset,
                                                       BatchCache* cache = nullptr);
  int64_t bytes() const;
  std::vector<std::shared_ptr<Segment>> segments() const;

 private:
  absl::Status Create(int64_t base_offset, int64_t bytes, int64_t append_ms);
  void Finish(std::shared_ptr<Segment> segment);
  bool IsThere(const std::shared_ptr<Segment>& segment) const;

  FileCache* const files_;
  const Place place_;
  std::shared_ptr<Segment> active_;                 // writer's
  int64_t active_created_ms_ = 0;                   // writer's; 0: not asked yet
  std::vector<std::shared_ptr<Segment>> rolled_;    // writer's: not indexed on disk yet
  std::vector<std::shared_ptr<Segment>> unsynced_;  // writer's
  bool directory_unsynced_ = false;                 // writer's
  bool has_directory_ = false;                      // writer's: made, and its name durable
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Segment>> segments_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
