// Deleting the oldest records, by a topic's retention or by Topic::DeleteRecords.
#include "maintenance/retention.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "log/log_state.h"

namespace eventlog::inline v1::internal {
namespace {

// After a segment was finished one more may have outlived its retention. Not at once: each round
// that finds one makes a checkpoint.
constexpr absl::Duration kAfterRoll = absl::Seconds(1);

RetentionLimits LimitsOf(const Partition& partition) {
  const PartitionConfig config = partition.config();
  return {config.retention_ms, config.retention_bytes};
}

absl::StatusOr<LogStart> RetainedLogStart(std::shared_ptr<Partition> partition, int64_t now_ms) {
  const RetentionView view = partition->retention_view();
  std::vector<RetainedPartition::Segment> segments;
  for (const auto& segment : view.segments) {
    segments.push_back({segment->base_offset(), segment->end_position()});
  }
  EVENTLOG_ASSIGN_OR_RETURN(
      const int64_t offset,
      RetainedFrom(LimitsOf(*partition), now_ms,
                   {segments, view.log_start, view.high_watermark, view.newest_append_ms},
                   [&](std::size_t i) -> absl::StatusOr<int64_t> {
                     auto created_ms = view.segments[i]->CreatedMs();
                     // The damage is for `verify` to tell; later segments say when this one ended.
                     if (IsDamage(created_ms.status())) return 0;
                     return created_ms;
                   }));
  return LogStart{std::move(partition), offset};
}

}  // namespace

// R12: the log starts first, by one checkpoint that names nothing below them; then the files.
absl::Status LogState::AdvanceLogStarts(absl::Span<const LogStart> log_starts) {
  if (options_.memory) {
    for (const LogStart& start : log_starts) {
      EVENTLOG_RETURN_IF_ERROR(start.partition->SealAll());
      start.partition->SetLogStart(start.offset);
    }
  } else {
    absl::Status advanced = MakeCheckpoint(log_starts);
    if (IsDiskFull(advanced)) {  // deletion is what makes room: first of what needs no sealing
      EVENTLOG_RETURN_IF_ERROR(AdvanceBelowCheckpoint(log_starts));
      advanced = MakeCheckpoint(log_starts);
    }
    EVENTLOG_RETURN_IF_ERROR(advanced);
  }
  absl::Status status;
  for (const LogStart& start : log_starts) status.Update(start.partition->RemoveBelowLogStart());
  return status;
}

// Writes it again with higher log starts: the segments that it names stay, and the journal from its
// place on, so it proves what it did.
absl::Status LogState::AdvanceBelowCheckpoint(absl::Span<const LogStart> log_starts) {
  std::vector<LogStart> advanced;
  {
    MutexLock checkpointing(&checkpoint_mutex_);
    EVENTLOG_RETURN_IF_ERROR(health_.Check());
    EVENTLOG_ASSIGN_OR_RETURN(Checkpoint checkpoint,
                              ReadCheckpoint(file_system_, options_.directory));
    for (PartitionCheckpoint& entry : checkpoint.partitions) {
      for (const LogStart& start : log_starts) {
        const PartitionName& name = start.partition->name();
        const int64_t offset = std::min(start.offset, entry.segment_base_offset);
        if (name.topic_id != entry.topic_id || name.identity.partition != entry.partition ||
            offset <= entry.log_start_offset) {
          continue;
        }
        entry.log_start_offset = offset;
        advanced.push_back({start.partition, offset});
      }
    }
    if (advanced.empty()) return absl::OkStatus();
    EVENTLOG_RETURN_IF_ERROR(ReplaceCheckpoint(checkpoint));
    for (const LogStart& start : advanced) start.partition->SetLogStart(start.offset);
  }
  absl::Status status;
  for (const LogStart& start : advanced) status.Update(start.partition->RemoveBelowLogStart());
  return status;
}

absl::Status LogState::DeleteRecords(const std::shared_ptr<Partition>& partition, int64_t offset) {
  if (offset <= partition->log_start_offset()) return absl::OkStatus();
  const LogStart log_start = {partition, offset};
  return AdvanceLogStarts({&log_start, 1});
}

void LogState::ScheduleRetention(absl::Duration delay) {
  const std::vector<std::shared_ptr<Partition>> partitions = AllPartitions();
  const bool any = std::any_of(partitions.begin(), partitions.end(),
                               [](const auto& partition) { return LimitsOf(*partition).any(); });
  has_retention_.store(any, std::memory_order_relaxed);
  if (any) scheduler_->Schedule(retention_task_, delay);
}

void LogState::RetainFromNowOn(const TopicConfig& config) {
  if (!RetentionLimits{config.retention_ms, config.retention_bytes}.any()) return;
  has_retention_.store(true, std::memory_order_relaxed);
  scheduler_->Schedule(retention_task_, options_.tuning.retention_check_interval);
  if (options_.memory) ScheduleAging();  // of what is there already: nothing had it sealed so far
}

void LogState::ScheduleAfterRoll() {
  if (!rolled_.load(std::memory_order_relaxed) || !rolled_.exchange(false)) return;
  if (options_.memory) scheduler_->Schedule(checkpoint_task_, kAfterRoll);  // of what is committed
  if (!has_retention_.load(std::memory_order_relaxed)) return;
  scheduler_->Schedule(retention_task_,
                       std::min(kAfterRoll, options_.tuning.retention_check_interval));
}

void LogState::Retain() {
  ScheduleRetention(options_.tuning.retention_check_interval);
  if (health_.poisoned()) return;
  std::vector<LogStart> log_starts;
  for (const auto& partition : AllPartitions()) {
    if (!LimitsOf(*partition).any()) continue;
    // What an earlier round could not remove.
    static_cast<void>(partition->RemoveBelowLogStart());
    auto log_start = RetainedLogStart(partition, time_.NowMs());
    if (log_start.ok() && log_start->offset > partition->log_start_offset()) {
      log_starts.push_back(*std::move(log_start));
    }
  }
  // A failure poisons the log or comes again, with reasons.
  if (!log_starts.empty()) static_cast<void>(AdvanceLogStarts(log_starts));
}

}  // namespace eventlog::inline v1::internal
