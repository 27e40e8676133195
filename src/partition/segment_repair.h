// Writing segments from what recovery has in hand, and the two explicit recovery modes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/options.h"
#include "format/checkpoint.h"
#include "format/journal_group.h"
#include "io/file_cache.h"
#include "partition/open_batch.h"
#include "partition/partition.h"
#include "partition/segment_set.h"
#include "partition/tail.h"

namespace eventlog::inline v1::internal {

// Seals a batch and appends it, rolling as needed. Not synced.
absl::Status AppendBatch(SegmentSet* segments, const OpenBatch& batch,
                         const PartitionConfig& config, uint64_t identity_seed, int64_t now_ms);
// Appends batches without records that stand for [from, to): offsets whose records are lost. They
// keep the segments contiguous, so that a hole is damage everywhere and always. Nothing when empty.
absl::Status AppendFiller(SegmentSet* segments, int64_t from, int64_t to,
                          const PartitionConfig& config, uint64_t identity_seed, int64_t now_ms);

// Encodes the records of a frame whose offsets are in [from, to) anew, behind those in `tail` (R5).
// Returns how many. DataLoss (kCorruptData).
absl::StatusOr<int64_t> ReplayFrame(const JournalFrame& frame, int64_t from, int64_t to,
                                    int64_t batch_bytes, int64_t now_ms, Tail* tail);

struct RepairInput {
  FileCache* files = nullptr;
  PartitionName name = {};
  PartitionConfig config = {};
  std::vector<const JournalFrame*> frames = {};  // of this partition, in order
  RecoveryMode mode = RecoveryMode::kTruncate;
  int64_t now_ms = 0;
};

struct RepairFindings {
  std::vector<std::string> notes;  // a line for people each
  int64_t bytes_cut = 0;           // of files: damaged ranges, and what was cut behind them
  int64_t records_replayed = 0;    // out of the journal
};

// Verifies every segment of a partition, and mends what is damaged so that an ordinary recovery
// succeeds: kTruncate cuts the partition at the first damage; kSkipDamaged writes each damaged
// segment anew without its damaged ranges, in their place what the journal has of them and fillers,
// and moves it over the old one.
// `*proven` is changed to what is so; what was found goes to *findings. Takes time proportional to
// the partition. Unimplemented (kNewerFormat): such a batch is not damage, and nothing is changed.
absl::Status RepairSegments(const RepairInput& input, PartitionCheckpoint* proven,
                            RepairFindings* findings);

}  // namespace eventlog::inline v1::internal
