// The sparse index of one segment, by offset and by time. In memory while the segment is active,
// written as two files when it is sealed, rebuilt from the data whenever the files are missing,
// stale or damaged. A lower bound only: whoever looks up verifies and scans on from there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventlog/file_system.h"
#include "format/index_file.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {

class SegmentIndex {
 public:
  // An entry is added when this many bytes of batches went by since the last one.
  static constexpr int64_t kIntervalBytes = 16 << 10;

  explicit SegmentIndex(int64_t base_offset) : base_offset_(base_offset) {}

  // Notes a batch at `position`. Batches come in file order.
  void Add(const BatchHeader& header, int64_t position);

  // The largest known position whose batch starts at or below `offset`; `fallback` (the first
  // batch's position) when there is none.
  int64_t FindOffset(int64_t offset, int64_t fallback) const;
  // An offset such that no record below it is at or after `timestamp_ms`: where to start scanning.
  int64_t FindTimestamp(int64_t timestamp_ms) const;
  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }

  // Writes both files (replacing), for a data file of `segment_bytes`.
  absl::Status Save(FileSystem* file_system, const std::string& partition_directory,
                    int64_t segment_bytes, uint64_t identity_seed) const;
  // Reads both files. Any error, whatever it is, means: rebuild.
  static absl::StatusOr<SegmentIndex> Load(FileSystem* file_system,
                                           const std::string& partition_directory,
                                           int64_t base_offset, int64_t segment_bytes,
                                           uint64_t identity_seed);
  // By scanning the data file's batches up to `limit`; leaves out, without error, what is damaged,
  // but for its timestamps, which may be any.
  static absl::StatusOr<SegmentIndex> Rebuild(File* file, const std::string& path,
                                              uint64_t identity_seed, int64_t base_offset,
                                              int64_t limit);

 private:
  int64_t base_offset_;
  int64_t indexed_to_ = -1;    // position of the newest entry, or the first batch; -1: no batch
  int64_t newest_offset_ = 0;  // the newest batch's base offset
  int64_t max_timestamp_ms_ = INT64_MIN;
  std::vector<IndexEntry> offsets_;
  // (T, O): no record in the batches up to the one at O, itself included, is after T.
  std::vector<IndexEntry> times_;
};

}  // namespace eventlog::inline v1::internal
