// The checkpoint, and what runs on the background thread or in the caller's RunMaintenance.
#include <map>
#include <utility>

#include "base/error.h"
#include "log/log_state.h"
#include "partition/carry_over.h"

namespace eventlog::inline v1::internal {

void LogState::AddTasks() {
  send_task_ = scheduler_->Add([this] { sender_.Run(); });
  // A failure poisons the log or comes again, with reasons.
  checkpoint_task_ = scheduler_->Add([this] { static_cast<void>(MakeCheckpoint()); });
  seal_task_ = scheduler_->Add([this] { static_cast<void>(SealAged()); });
  upkeep_task_ = scheduler_->Add([this] { Upkeep(); });
  retention_task_ = scheduler_->Add([this] { Retain(); });
}

// The scheduler holds no lock here.
void LogState::AfterTask() {
  TellObserver();
  sender_.Deliver();
}

// Called before records are staged. Beyond its bound the journal still takes what is on its way, so
// it is a checkpoint before the next append that keeps it there.
absl::Status LogState::MakeRoom() {
  sender_.SettleDropped();
  if (options_.memory) {
    // What is sealed is no safer there; only retention looks at segments.
    if (has_retention_.load(std::memory_order_relaxed)) ScheduleAging();
    ScheduleAfterRoll();
    return absl::OkStatus();
  }
  if (journal_->IsFull()) EVENTLOG_RETURN_IF_ERROR(FreeJournal(/*only_if_full=*/true));
  if (journal_->WantsCheckpoint() || journal_->WantsSpare()) {
    scheduler_->Schedule(upkeep_task_, absl::ZeroDuration());
  }
  ScheduleAging();
  return absl::OkStatus();
}

// Something is about to be written: it is to be sealed, and covered by a checkpoint, in time.
void LogState::ScheduleAging() {
  ScheduleAfterRoll();
  if (!written_since_aging_.load(std::memory_order_relaxed)) written_since_aging_.store(true);
  if (aging_scheduled_.load(std::memory_order_relaxed) || aging_scheduled_.exchange(true)) return;
  ScheduleAgingTasks();
}

void LogState::ScheduleAgingTasks() {
  scheduler_->Schedule(seal_task_, options_.tuning.batch_age);
  scheduler_->Schedule(checkpoint_task_, options_.tuning.checkpoint_interval);
}

void LogState::Upkeep() {
  if (health_.poisoned()) return;
  static_cast<void>(FreeJournal(/*only_if_full=*/false));
  journal_->PrepareSpare();
}

absl::Status LogState::SealAged() {
  aging_scheduled_.store(false);
  const bool written = written_since_aging_.exchange(false);
  const absl::StatusOr<bool> left = SealOlderThan(options_.tuning.batch_age);
  // What is too young this time is looked at again, whether or not another append comes.
  const bool again = written || (left.ok() && *left);
  if (again && !aging_scheduled_.exchange(true)) ScheduleAgingTasks();
  return left.status();
}

absl::StatusOr<bool> LogState::SealOlderThan(absl::Duration age) {
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  bool left = false;
  for (const auto& partition : AllPartitions()) {
    EVENTLOG_ASSIGN_OR_RETURN(const bool left_there, partition->SealOlderThan(age));
    left = left || left_there;
  }
  return left;
}

absl::Status LogState::MakeCheckpoint(absl::Span<const LogStart> log_starts) {
  if (options_.memory) return TrimOffsetsInMemory();
  MutexLock checkpointing(&checkpoint_mutex_);
  return MakeCheckpointLocked(/*max_carried_bytes=*/0, log_starts);
}

absl::Status LogState::FreeJournal(bool only_if_full) {
  MutexLock checkpointing(&checkpoint_mutex_);
  const bool due = only_if_full ? journal_->IsFull() : journal_->WantsCheckpoint();
  if (!due) return absl::OkStatus();  // somebody else's did it
  return MakeCheckpointLocked(journal_->max_carried_bytes(), {});
}

// Syncs the journal, marks the place, and seals what lies before it and is not carried over.
absl::StatusOr<Journal::Mark> LogState::MarkAndSeal(
    const std::vector<std::shared_ptr<Partition>>& partitions, int64_t max_carried_bytes) {
  CarryOver carried(partitions, max_carried_bytes);
  if (carried.bytes() > 0) journal_->PrepareRoom(carried.group_bytes());
  EVENTLOG_ASSIGN_OR_RETURN(const Journal::Mark mark,
                            journal_->SyncAndMark([&](GroupBuilder* group, int64_t room) {
                              carried.Collect(group, room);
                            }));
  for (const auto& partition : mark.carried ? carried.left() : partitions) {
    EVENTLOG_RETURN_IF_ERROR(partition->SealAll());
  }
  return mark;
}

// R11, in this order: take the committed offsets; sync the journal and mark the place; seal what
// lies before it and is not carried over; sync segments and directories; replace the checkpoint;
// free the journal's files.
absl::Status LogState::MakeCheckpointLocked(int64_t max_carried_bytes,
                                            absl::Span<const LogStart> log_starts) {
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  Checkpoint checkpoint;
  SnapshotOffsets(&checkpoint);
  const std::vector<std::shared_ptr<Partition>> partitions = AllPartitions();
  EVENTLOG_ASSIGN_OR_RETURN(const Journal::Mark mark, MarkAndSeal(partitions, max_carried_bytes));

  checkpoint.log_id = catalog_->log_id();
  checkpoint.generation = generation_;
  checkpoint.leader_epoch = leader_epoch_;
  checkpoint.sequence = mark.sequence;
  checkpoint.journal_file = mark.place.file;
  checkpoint.journal_position = static_cast<uint64_t>(mark.place.position);
  checkpoint.synced_upto = mark.synced_upto;
  std::map<const Partition*, int64_t> log_start_of;
  for (const LogStart& start : log_starts) log_start_of[start.partition.get()] = start.offset;
  const auto offsets = OffsetsLogStart(checkpoint.offsets_upto);
  if (offsets.has_value()) log_start_of[offsets->partition.get()] = offsets->offset;
  for (const auto& partition : partitions) {
    EVENTLOG_ASSIGN_OR_RETURN(auto entry,
                              partition->SyncForCheckpoint(log_start_of[partition.get()]));
    checkpoint.partitions.push_back(entry);
  }
  EVENTLOG_RETURN_IF_ERROR(ReplaceCheckpoint(checkpoint));
  journal_->FreeBelow(mark);
  for (const LogStart& start : log_starts) start.partition->SetLogStart(start.offset);
  if (offsets.has_value()) {
    offsets->partition->SetLogStart(offsets->offset);
    // Those that stay are left to the next checkpoint, or to recovery.
    static_cast<void>(offsets->partition->RemoveBelowLogStart());
  }
  return absl::OkStatus();
}

absl::Status LogState::ReplaceCheckpoint(const Checkpoint& checkpoint) {
  absl::Status written = WriteCheckpoint(checkpoint_file_.get(), checkpoint);
  if (written.ok() || IsDiskFull(written)) return written;
  return health_.Poison(Health::Failure::kSegment, written);
}

absl::Status LogState::RunMaintenance(absl::Duration budget) {
  scheduler_->RunDue(budget);
  return health_.Check();
}

}  // namespace eventlog::inline v1::internal
