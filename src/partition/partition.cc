#include "partition/partition.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace eventlog::inline v1::internal {

Partition::Partition(const PartitionEnvironment& environment, PartitionName name)
    : environment_(environment),
      name_(std::move(name)),
      segments_(environment.files, {name_.directory, name_.identity}) {}

void Partition::Adopt(RecoveredPartition recovered, int32_t leader_epoch) {
  MutexLock segment_lock(&segment_mutex_);
  MutexLock lock(&mutex_);
  segments_.Adopt(std::move(recovered.segments));
  leader_epoch_.store(leader_epoch, std::memory_order_release);
  newest_append_ms_ = recovered.newest_append_ms;
  Restart(recovered.log_start_offset, recovered.end_offset);
}

// Everything up to `end` is in segments and safe, and there is nothing else.
void Partition::Restart(int64_t log_start, int64_t end) {
  tail_.Clear();
  spare_chunk_.reset();
  watermarks_ = OrderedWatermarks(log_start, end, end, end);
  journaled_end_ = end;
  collected_end_ = end;
  group_start_ = -1;
  hold_ = Hold::kNone;
  atomic_sequence_ = 0;
  bypassed_ = false;
  draining_ = false;
  bulk_in_flight_.store(false);
  has_closed_.store(false);
  log_start_.store(log_start, std::memory_order_release);
  high_watermark_.store(end);
}

void Partition::SetConfig(const PartitionConfig& config) {
  MutexLock lock(&mutex_);
  config_ = config;
  acknowledgement_.store(config.acknowledgement, std::memory_order_release);
}

PartitionConfig Partition::config() const {
  MutexLock lock(&mutex_);
  return config_;
}

void Partition::CloseOpenBatch() {
  MutexLock lock(&mutex_);
  tail_.CloseOpenBatch();
}

int64_t Partition::bytes() const {
  MutexLock lock(&mutex_);
  const bool in_memory = config_.acknowledgement == Acknowledgement::kMemory;
  return segments_.bytes() + (in_memory ? tail_.bytes() : 0);
}

OrderedWatermarks Partition::watermarks() const {
  MutexLock lock(&mutex_);
  return watermarks_;
}

void Partition::Show(int64_t end_offset, Wakeups* wakeups) {
  if (end_offset <= watermarks_.high_watermark()) return;
  tail_.ShowUpTo(end_offset);
  watermarks_.SetHighWatermark(end_offset);
  PublishHighWatermark(wakeups);
}

// Only records that no group and no segment holds can be dropped.
void Partition::DropUnjournaled(int64_t keep_end, const absl::Status& why) {
  EVENTLOG_ASSERT(keep_end >= watermarks_.high_watermark());
  tail_.TruncateTo(keep_end);
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  journaled_end_ = keep_end;
  watermarks_.SetLogEnd(keep_end);
  drop_reason_ = why;
  drop_keep_end_.store(draining_ ? std::min(drop_keep_end_.load(), keep_end) : keep_end,
                       std::memory_order_release);
  drops_.fetch_add(1, std::memory_order_acq_rel);
  draining_ = true;
  environment_.health->CountDrop();
}

absl::Status Partition::DeletedError() const {
  return MakeError(ErrorReason::kUnknownTopic, "topic " + name_.topic + " is deleted");
}

void Partition::TellRolled() {
  environment_.events->Push({.kind = LogEvent::Kind::kRolled,
                             .topic = name_.topic,
                             .partition = name_.identity.partition,
                             .message = "a segment is full or old enough, the next one begins"});
  environment_.rolled->store(true);
}

absl::Status Partition::PoisonSegment(const absl::Status& cause) {
  const absl::Status poisoned = environment_.health->Poison(Health::Failure::kSegment, cause);
  MutexLock lock(&mutex_);
  bulk_in_flight_.store(false);
  bulk_done_.NotifyAll();
  return poisoned;
}

}  // namespace eventlog::inline v1::internal
