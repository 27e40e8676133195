// One partition's part of recovery (rules R15, R16): segments from the checkpointed place to the
// first hole, then journal frames and arena chunks, until nothing fits any more. Only the merged
// end is compared with what is proven; what was cut is removed before anything new can be written
// there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/options.h"
#include "format/checkpoint.h"
#include "format/journal_group.h"
#include "io/file_cache.h"
#include "journal/arena_reader.h"
#include "partition/partition.h"
#include "partition/partition_config.h"

namespace eventlog::inline v1::internal {

struct PartitionRecoveryInput {
  FileCache* files = nullptr;
  PartitionName name = {};
  PartitionConfig config = {};
  PartitionCheckpoint checkpoint = {};           // all unset when the checkpoint does not know it
  std::vector<const JournalFrame*> frames = {};  // of this partition, in order
  std::vector<const JournalFrame*> chunks = {};  // of this partition in the arena, in any order
  std::vector<const ArenaContents::Damaged*> damaged_chunks = {};  // likewise
  int32_t leader_epoch = 0;  // the checkpoint's; nothing newer can be valid
  RecoveryMode mode = RecoveryMode::kRefuse;
  int64_t now_ms = 0;
};

struct PartitionRecoveryResult {
  RecoveredPartition partition;
  PartitionCheckpoint checkpoint;       // what the next checkpoint says
  int64_t records_replayed = 0;         // out of the journal and the arena
  int64_t bytes_cut = 0;                // of files
  std::optional<int64_t> cut_to = {};   // set when acknowledged records may be gone: the end now
  std::vector<std::string> notes = {};  // one line for people per thing that was mended
};

// One recovery, in two halves: a log is recovered when nothing of it was refused.
class PartitionRecovery {
 public:
  virtual ~PartitionRecovery() = default;
  // Once. Changes nothing, but in the modes that repair. DataLoss (kDurableDataMissing,
  // kCorruptData): the merged end lies below what was proven durable, or the files are younger than
  // the checkpoint; names file, offsets and bytes. Unimplemented (kNewerFormat). ResourceExhausted:
  // try again with more space; nothing is lost.
  virtual absl::Status Examine() = 0;
  // Once, after that. ResourceExhausted as above.
  virtual absl::StatusOr<PartitionRecoveryResult> Finish() = 0;
};

std::unique_ptr<PartitionRecovery> NewPartitionRecovery(PartitionRecoveryInput input);

// Both halves.
absl::StatusOr<PartitionRecoveryResult> RecoverPartition(const PartitionRecoveryInput& input);

}  // namespace eventlog::inline v1::internal
