// From the tail into segments, and the checkpoint's view of it.
#include <algorithm>

#include "base/error.h"
#include "partition/append_wait.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kWriteBytes = 512 << 10;  // of closed batches with one call

}  // namespace

// Records of an atomic write reach a segment only after its group is on the device: otherwise a
// power cut could keep one partition's share and lose the others'.
absl::Status Partition::SyncBeforeSealing() {
  uint64_t sequence = 0;
  {
    MutexLock lock(&mutex_);
    sequence = atomic_sequence_;
  }
  if (sequence <= environment_.journal->synced_upto()) return absl::OkStatus();
  return environment_.journal->SyncAndMark().status();
}

absl::Status Partition::WriteClosedBatches(bool wait) {
  EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
  EVENTLOG_RETURN_IF_ERROR(SyncBeforeSealing());
  if (wait) {
    segment_mutex_.Lock();
  } else if (!segment_mutex_.TryLock()) {
    return absl::OkStatus();
  }
  absl::Status written = WriteClosedLocked();
  segment_mutex_.Unlock();
  return written;
}

absl::Status Partition::WriteClosedLocked() {
  EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
  for (;;) {
    std::vector<std::shared_ptr<OpenBatch>> batches;
    PartitionConfig config;
    {
      MutexLock lock(&mutex_);
      batches = TakeClosed();
      if (batches.empty()) return absl::OkStatus();
      config = config_;
    }
    bool refused = false;
    absl::Status written = ReserveAndWrite(batches, config, &refused);
    if (refused) return written;
    if (!written.ok()) return PoisonSegment(written);
    MutexLock lock(&mutex_);
    for (std::size_t i = 0; i < batches.size(); ++i) tail_.PopOldest();
    oldest_staged_ = environment_.clock->Monotonic();
    has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  }
}

// The oldest closed batches that may go to the segment together; they stay in the tail.
std::vector<std::shared_ptr<OpenBatch>> Partition::TakeClosed() {
  std::vector<std::shared_ptr<OpenBatch>> batches;
  const bool atomic_unsynced = config_.acknowledgement != Acknowledgement::kMemory &&
                               atomic_sequence_ > environment_.journal->synced_upto();
  if (atomic_unsynced) return batches;
  const int64_t room = std::min(kWriteBytes, segments_.room(config_));
  int64_t bytes = 0;
  for (auto& batch : tail_.ClosedBelow(watermarks_.high_watermark())) {
    bytes += static_cast<int64_t>(kBatchHeaderBytes + batch->bytes());
    if (bytes > room && !batches.empty()) break;
    if (batch->unjournaled_bytes() > 0) {
      // Its gap in the journal is not to come between an atomic write's look at it and its share.
      if (hold_ != Hold::kNone) break;
      bypassed_ = true;
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

absl::Status Partition::ReserveAndWrite(const std::vector<std::shared_ptr<OpenBatch>>& batches,
                                        const PartitionConfig& config, bool* refused) {
  *refused = false;
  if (batches.empty()) return absl::OkStatus();
  int64_t bytes = 0;
  for (const auto& batch : batches) {
    bytes += static_cast<int64_t>(kBatchHeaderBytes + batch->bytes());
  }
  bool rolled = false;
  absl::Status reserved = segments_.Reserve(bytes, batches.front()->base_offset(),
                                            batches.front()->append_ms(), config, &rolled);
  *refused = IsDiskFull(reserved);
  EVENTLOG_RETURN_IF_ERROR(reserved);
  if (rolled) TellRolled();
  return SealAndWrite(batches, config);
}

absl::Status Partition::SealAndWrite(const std::vector<std::shared_ptr<OpenBatch>>& batches,
                                     const PartitionConfig& config) {
  std::vector<SealedBatch> sealed;
  sealed.reserve(batches.size());
  for (const auto& batch : batches) {
    sealed.push_back(SealBatch(batch->Header(), batch->records(), config.compression_type,
                               name_.identity.Seed()));
  }
  return segments_.Append(sealed);
}

absl::Status Partition::SealAll() {
  StagedAppend all{shared_from_this(), {}};
  std::vector<std::shared_ptr<OpenBatch>> batches;
  {
    MutexLock lock(&mutex_);
    if (tail_.empty()) return absl::OkStatus();
    tail_.CloseOpenBatch();
    has_closed_.store(true, std::memory_order_release);
    batches = tail_.ClosedBelow(watermarks_.log_end());
    all.ticket.first_offset = watermarks_.log_end();
    all.ticket.end_offset = watermarks_.log_end();
    all.ticket.drops = drops_.load(std::memory_order_relaxed);
    Count(&all.ticket);
  }
  if (absl::Status durable = AwaitAppends(environment_.journal, {&all, 1});
      !durable.ok() && !IsDiskFull(durable)) {
    return ReasonOf(durable) == ErrorReason::kUnknownTopic ? absl::OkStatus() : durable;
  }
  for (;;) {  // again when an atomic write came between its sync and the sealing
    EVENTLOG_RETURN_IF_ERROR(WriteClosedBatches(/*wait=*/true));
    {
      MutexLock lock(&mutex_);
      if (!tail_.OldestIsAmong(batches)) return absl::OkStatus();
    }
    EVENTLOG_RETURN_IF_ERROR(environment_.journal->SyncAndMark().status());
  }
}

absl::StatusOr<bool> Partition::SealOlderThan(absl::Duration age) {
  bool due = false;
  bool left = false;
  {
    MutexLock lock(&mutex_);
    due = !tail_.empty() && environment_.clock->Monotonic() - oldest_staged_ >= age;
    left = !tail_.empty() && !due;
  }
  if (due) EVENTLOG_RETURN_IF_ERROR(SealAll());
  MutexLock segment_lock(&segment_mutex_);
  PartitionConfig config;
  {
    MutexLock lock(&mutex_);
    config = config_;
  }
  if (!segments_.IsDue(environment_.time->NowMs(), config)) return left;
  segments_.Roll();
  TellRolled();
  return left;
}

absl::StatusOr<PartitionCheckpoint> Partition::SyncForCheckpoint(int64_t log_start) {
  MutexLock segment_lock(&segment_mutex_);
  EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());  // nothing is synced a second time (R19)
  log_start = std::max(log_start, log_start_offset());
  segments_.FinishBelow(log_start);
  const absl::Status synced = segments_.unsynced() ? segments_.Sync() : absl::OkStatus();
  if (!synced.ok()) return PoisonSegment(synced);
  MutexLock lock(&mutex_);
  bypassed_ = false;
  return Describe(log_start);
}

// What is in the segments, all of which are synced. Without a segment, or with none that goes
// beyond the log start, that is where the log goes on.
PartitionCheckpoint Partition::Describe(int64_t log_start) const {
  PartitionCheckpoint entry;
  entry.topic_id = name_.topic_id;
  entry.partition = name_.identity.partition;
  entry.log_start_offset = log_start;
  entry.end_offset = log_start;
  entry.newest_append_ms = newest_append_ms_;
  segments_.Describe(&entry);
  return entry;
}

absl::Status Partition::TrimForClose() {
  MutexLock segment_lock(&segment_mutex_);
  if (absl::Status trimmed = segments_.Trim(); !trimmed.ok()) return PoisonSegment(trimmed);
  return absl::OkStatus();
}

absl::StatusOr<PartitionCheckpoint> Partition::ReopenFromMemory(int32_t leader_epoch) {
  MutexLock segment_lock(&segment_mutex_);
  int64_t end = 0;
  std::vector<std::shared_ptr<OpenBatch>> batches;
  PartitionConfig config;
  {
    MutexLock lock(&mutex_);
    end = watermarks_.high_watermark();
    tail_.TruncateTo(end);
    watermarks_ = OrderedWatermarks(watermarks_.log_start(), end, end, end);
    batches = tail_.ClosedBelow(end);
    config = config_;
  }
  bool refused = false;
  absl::Status written = ReserveAndWrite(batches, config, &refused);
  if (refused) return written;  // nothing has changed: it can be tried again
  if (written.ok()) written = segments_.Sync();
  if (!written.ok()) return PoisonSegment(written);
  MutexLock lock(&mutex_);
  leader_epoch_.store(leader_epoch, std::memory_order_release);
  Restart(watermarks_.log_start(), end);
  return Describe(watermarks_.log_start());
}

absl::Status Partition::Delete() {
  MutexLock segment_lock(&segment_mutex_);
  {
    Wakeups wakeups;
    MutexLock lock(&mutex_);
    deleted_ = true;
    // Those who wait for a group that will not come are refused.
    if (journaled_end_ < watermarks_.log_end()) {
      DropUnjournaled(std::max(journaled_end_, watermarks_.high_watermark()), DeletedError());
    }
    tail_.Clear();
    spare_chunk_.reset();
    has_closed_.store(false, std::memory_order_release);
    waiters_.NotifyLocked(&wakeups);
  }
  bool sync_failed = false;
  const absl::Status removed = segments_.Remove(&sync_failed);
  return sync_failed ? PoisonSegment(removed) : removed;
}

}  // namespace eventlog::inline v1::internal
