// Appends of `process` durability without the journal: encoded in the arena, they are safe and
// shown at once. Space in the segment is reserved before a chunk is used, so that what a chunk has
// can always be written there.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

std::unique_ptr<ArenaChunk> Partition::BeginChunk(int64_t base_timestamp_ms) {
  ArenaChunkHeader header;
  header.topic_id = name_.topic_id;
  header.partition = name_.identity.partition;
  header.base_offset = watermarks_.log_end();
  header.base_timestamp_ms = base_timestamp_ms;
  header.leader_epoch = leader_epoch_.load(std::memory_order_relaxed);
  spare_chunk_->Begin(header);
  return std::move(spare_chunk_);
}

absl::StatusOr<bool> Partition::GetChunk() {
  for (const bool first : {true, false}) {
    EVENTLOG_ASSIGN_OR_RETURN(const ChunkSearch found, PrepareChunk());
    if (found != ChunkSearch::kNoneFree) return found == ChunkSearch::kLookAgain;
    if (!first) break;
    const std::shared_ptr<ArenaUser> longest = environment_.arena->LongestUser();
    if (longest == nullptr || !longest->SpillChunks().ok()) break;
  }
  return false;
}

absl::StatusOr<Partition::ChunkSearch> Partition::PrepareChunk() {
  EVENTLOG_RETURN_IF_ERROR(SyncBeforeSealing());
  MutexLock segment_lock(&segment_mutex_);
  {
    MutexLock lock(&mutex_);
    // Somebody else was here first, or something came that the arena may not overtake.
    if (deleted_ || spare_chunk_ != nullptr || !MayShowAtOnce(0)) return ChunkSearch::kLookAgain;
  }
  absl::Status status = WriteBeforeChunk();
  if (!status.ok() && !IsDiskFull(status)) return status;
  std::unique_ptr<ArenaChunk> chunk = environment_.arena->Take(weak_from_this());
  if (chunk == nullptr) return ChunkSearch::kNoneFree;
  status = ReserveForChunk();
  if (IsDiskFull(status)) return ChunkSearch::kNoSpace;
  EVENTLOG_RETURN_IF_ERROR(status);
  MutexLock lock(&mutex_);
  if (!deleted_) spare_chunk_ = std::move(chunk);
  return ChunkSearch::kLookAgain;
}

// What is closed, when it is worth a write; where chunks are scarce, the open batch as well.
absl::Status Partition::WriteBeforeChunk() {
  {
    MutexLock lock(&mutex_);
    if (environment_.arena->is_scarce() && tail_.ShowsAtOnce()) tail_.CloseOpenBatch();
    if (!environment_.arena->is_scarce() && !tail_.WantsWriting()) return absl::OkStatus();
  }
  return WriteClosedLocked();
}

// For all that the tail holds and one chunk more, in one segment.
absl::Status Partition::ReserveForChunk() {
  int64_t bytes = static_cast<int64_t>(kBatchHeaderBytes);
  int64_t base_offset = 0;
  int64_t append_ms = environment_.time->NowMs();
  PartitionConfig config;
  {
    MutexLock lock(&mutex_);
    config = config_;
    bytes += tail_.bytes() + std::min<int64_t>(config.batch_bytes, Arena::kLargeChunkBytes);
    base_offset = tail_.empty() ? watermarks_.log_end() : tail_.oldest().base_offset();
    if (!tail_.empty()) append_ms = tail_.oldest().append_ms();
  }
  bool rolled = false;
  absl::Status reserved = segments_.Reserve(bytes, base_offset, append_ms, config, &rolled);
  if (rolled) TellRolled();
  return reserved.ok() || IsDiskFull(reserved) ? reserved : PoisonSegment(reserved);
}

absl::Status Partition::SpillChunks() {
  {
    MutexLock lock(&mutex_);
    spare_chunk_.reset();
  }
  return SealAll();
}

}  // namespace eventlog::inline v1::internal
