// A partition in the hands of the journal's leader.
#include <algorithm>

#include "format/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

void Partition::Collect(GroupBuilder* group) {
  MutexLock lock(&mutex_);
  if (bulk_in_flight_.load(std::memory_order_relaxed)) return;  // R6
  if (group_start_ < 0) group_start_ = journaled_end_;
  tail_.Collect(name_.topic_id, name_.identity.partition, group);
  journaled_end_ = watermarks_.log_end();
  collected_end_ = journaled_end_;
}

void Partition::OnWritten(uint64_t sequence) {
  Wakeups wakeups;
  MutexLock lock(&mutex_);
  group_start_ = -1;
  if (hold_ != Hold::kNone) atomic_sequence_ = sequence;
  if (hold_ == Hold::kUntilWritten) hold_ = Hold::kNone;
  if (hold_ == Hold::kNone && config_.acknowledgement == Acknowledgement::kProcess) {
    Show(collected_end_, &wakeups);
  }
}

void Partition::OnSynced() {
  Wakeups wakeups;
  MutexLock lock(&mutex_);
  group_start_ = -1;
  hold_ = Hold::kNone;
  Show(collected_end_, &wakeups);
}

void Partition::OnRefused(const absl::Status& why) {
  MutexLock lock(&mutex_);
  hold_ = Hold::kNone;
  if (group_start_ < 0) return;
  journaled_end_ = std::max(group_start_, watermarks_.high_watermark());
  collected_end_ = journaled_end_;
  group_start_ = -1;
  // A bulk write that began meanwhile has the refused records in hand and decides their fate.
  if (!bulk_in_flight_.load(std::memory_order_relaxed) && journaled_end_ < watermarks_.log_end()) {
    DropUnjournaled(journaled_end_, why);
  }
}

bool Partition::CollectAgain(GroupBuilder* group, int64_t room) {
  MutexLock lock(&mutex_);
  const bool fits = static_cast<int64_t>(group->bytes()) + tail_.journaled_bytes() <= room;
  if (!fits || !IsCarried()) return false;
  tail_.CollectAgain(name_.topic_id, name_.identity.partition, group);
  return true;
}

std::optional<int64_t> Partition::CarriedBytes() const {
  MutexLock lock(&mutex_);
  if (!IsCarried()) return std::nullopt;
  return tail_.journaled_bytes();
}

absl::Status Partition::HoldForAtomicWrite(bool until_synced, bool* held) {
  *held = false;
  bool bypassed = false;
  {
    MutexLock lock(&mutex_);
    while (bulk_in_flight_.load(std::memory_order_relaxed)) bulk_done_.Wait(&mutex_);
    if (environment_.health->poisoned()) return environment_.health->Check();
    if (deleted_) return DeletedError();
    if (draining_ && tickets_out_.load(std::memory_order_acquire) != 0) return drop_reason_;
    *held = hold_ == Hold::kNone;
    if (hold_ != Hold::kUntilSynced)
      hold_ = until_synced ? Hold::kUntilSynced : Hold::kUntilWritten;
    bypassed = bypassed_;
  }
  if (!bypassed) return absl::OkStatus();
  // R7: the share starts at the power-durable end; what bypassed the journal is made durable first.
  MutexLock segment_lock(&segment_mutex_);
  if (absl::Status synced = segments_.Sync(); !synced.ok()) return PoisonSegment(synced);
  MutexLock lock(&mutex_);
  bypassed_ = false;
  return absl::OkStatus();
}

void Partition::ReleaseHold() {
  MutexLock lock(&mutex_);
  hold_ = Hold::kNone;
}

AppendTicket Partition::CollectAtomicShare(absl::Span<const ProducerRecord> records,
                                           const AppendTime& now, GroupBuilder* group) {
  AppendTicket ticket;
  {
    MutexLock lock(&mutex_);
    draining_ = false;  // no ticket was out when the hold was taken
    ticket = StageOnHeap(records, MaxEncodedBytes(records), now);
    Count(&ticket);
  }
  Collect(group);
  return ticket;
}

}  // namespace eventlog::inline v1::internal
