// The Log itself: wires the parts, opens and closes them, owns the topics, the checkpoint and the
// background work.
//
// Lock order: checkpoint_mutex_, topics_mutex_, then a partition's locks. topics_mutex_ is never
// held while the disk is waited for, but by changes of topics, which take topic_change_mutex_
// first.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/topic_catalog.h"
#include "client/log_core.h"
#include "client/topic_state.h"
#include "client/write_batch_state.h"
#include "eventlog/log.h"
#include "eventlog/options.h"
#include "journal/arena.h"
#include "log/recovery.h"
#include "maintenance/scheduler.h"
#include "partition/atomic_write.h"

namespace eventlog::inline v1::internal {

class OffsetRecords;

// A log start that is to be moved up to `offset`, which is at most the high watermark.
struct LogStart {
  std::shared_ptr<Partition> partition;
  int64_t offset = 0;
};

class LogState final : public LogCore, public std::enable_shared_from_this<LogState> {
 public:
  // `options` resolved (ResolveOptions).
  explicit LogState(LogOptions options);
  ~LogState() override;

  // --- log_state.cc
  absl::Status Open();
  // After an Open that failed: lets go of what it had. Topics hold the log, which holds the lock.
  void Abandon();
  absl::Status Reopen();
  absl::Status Close(absl::Duration timeout);
  RecoveryReport recovery_report() const;

  // --- topics.cc
  // Makes it when it is missing. `must_be_new`: AlreadyExists (kTopicExists) otherwise.
  absl::StatusOr<std::shared_ptr<TopicState>> OpenTopic(std::string_view name,
                                                        const TopicOptions& options,
                                                        bool must_be_new = false);
  absl::Status AlterTopic(std::string_view name, const TopicOptions& options);
  absl::Status DeleteTopic(std::string_view name);
  absl::StatusOr<TopicDescription> DescribeTopic(std::string_view name);
  std::vector<std::string> ListTopics() const;
  absl::StatusOr<std::shared_ptr<TopicState>> FindTopic(std::string_view name) override;

  // --- write.cc
  absl::Status Write(const WriteBatchState& batch, std::vector<RecordMetadata>* metadata);
  absl::Status CommitOffsets(const OffsetCommits& commits) override;
  absl::Status AlterOffsets(std::string_view group, absl::Span<const TopicPartitionOffset> offsets);
  absl::Status DeleteGroup(std::string_view group);

  // --- upkeep.cc
  absl::Status MakeRoom() override;
  absl::Status RunMaintenance(absl::Duration budget);
  void RunDue() override { scheduler_->RunDue(absl::InfiniteDuration()); }
  absl::Duration UntilDue() const override { return scheduler_->UntilDue(); }
  bool has_background_thread() const override { return *options_.background_thread; }
  void ScheduleSends(absl::Duration delay) override { scheduler_->Schedule(send_task_, delay); }
  void RunSends() override { scheduler_->RunNow(send_task_); }

  // --- retention.cc
  absl::Status DeleteRecords(const std::shared_ptr<Partition>& partition, int64_t offset) override;

 private:
  struct OpenTopicEntry {
    CatalogTopic catalog;
    TopicConfig config;
    std::shared_ptr<TopicState> state;
  };
  using Topics = std::map<std::string, OpenTopicEntry, std::less<>>;

  // log_state.cc
  absl::Status OpenDirectory();
  absl::Status OpenOrCreate();
  absl::StatusOr<bool> IsNewLog();
  absl::Status CreateLog();
  absl::Status CreateFiles(const Checkpoint& first);
  absl::Status Recover(RecoveryMode mode);
  // What a recovery, or a creation, has left is what there is now.
  absl::Status Begin(RecoveredLog* recovered, absl::Duration took);
  absl::Status ReopenFromMemory();
  absl::Status RecoverPoisoned();
  absl::Status Shutdown(absl::Duration timeout);
  // Keeps calls out with `why` and waits until those inside have left, as Gate::Shut.
  bool KeepOut(const absl::Status& why, absl::Duration timeout);
  absl::Status CloseFiles();
  void AdoptRecovered(RecoveredLog* recovered);
  PartitionEnvironment Environment();

  // topics.cc
  absl::Status CatalogFailed(const absl::Status& status);
  absl::Status ForgetOffsetsOf(std::string_view topic);
  std::shared_ptr<TopicState> MakeTopicState(const CatalogTopic& topic);
  std::shared_ptr<Partition> MakePartition(const CatalogTopic& topic, int32_t number,
                                           const TopicConfig& config, RecoveredPartition recovered,
                                           int32_t leader_epoch);
  void AddPartitions(TopicState* state, const CatalogTopic& topic, const TopicConfig& config);
  void Configure(TopicState* state, const TopicConfig& config);
  absl::Status MakeDurableFor(const OpenTopicEntry& entry, const TopicConfig& altered);
  absl::StatusOr<std::shared_ptr<TopicState>> AddTopic(std::string_view name,
                                                       const TopicConfig& config);
  absl::StatusOr<OpenTopicEntry> FindEntry(std::string_view name) const;
  std::vector<std::shared_ptr<Partition>> AllPartitions() const;
  absl::StatusOr<std::shared_ptr<TopicState>> OffsetsTopic();

  // offsets.cc
  std::shared_ptr<Partition> OffsetsPartition();  // null before the first commit
  absl::Status ReplayOffsets(Partition* partition, int64_t end);
  absl::Status LoadOffsets(Checkpoint* checkpoint);
  void SnapshotOffsets(Checkpoint* checkpoint);
  std::optional<LogStart> OffsetsLogStart(int64_t offsets_upto);
  absl::Status TrimOffsetsInMemory();

  // write.cc
  absl::Status CheckEntry(const WriteBatchState::RecordEntry& entry,
                          const ProducerRecord& record) const;
  absl::Status WriteShares(std::vector<AtomicShare> shares, const AppendTime& now, bool sync,
                           std::vector<AtomicShare>* written);
  absl::Status WriteOffsets(OffsetRecords records, bool sync);
  absl::Status DeleteOffsets(std::vector<OffsetCommitKey> keys);
  bool CommitNeedsSync(absl::Span<const TopicPartitionOffset> offsets);

  // upkeep.cc
  void AddTasks();
  void AfterTask();
  // `log_starts`: where it is to put them; they are so when this is OK.
  absl::Status MakeCheckpoint(absl::Span<const LogStart> log_starts = {});
  // One for space in the journal, if that wants it or is full: what is little stays there.
  absl::Status FreeJournal(bool only_if_full);
  absl::StatusOr<Journal::Mark> MarkAndSeal(
      const std::vector<std::shared_ptr<Partition>>& partitions, int64_t max_carried_bytes);
  absl::Status MakeCheckpointLocked(int64_t max_carried_bytes,
                                    absl::Span<const LogStart> log_starts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(checkpoint_mutex_);
  // ResourceExhausted (kDiskFull): the old one stands. FailedPrecondition (kPoisoned).
  absl::Status ReplaceCheckpoint(const Checkpoint& checkpoint);
  absl::Status SealAged();
  void Upkeep();
  void ScheduleAging();
  void ScheduleAgingTasks();
  absl::StatusOr<bool> SealOlderThan(absl::Duration age);

  // retention.cc
  // Moves log starts up, durably and for readers, and removes the files that lie below them (R12).
  absl::Status AdvanceLogStarts(absl::Span<const LogStart> log_starts);
  // As far as the checkpoint that stands allows, which takes no space for segments.
  absl::Status AdvanceBelowCheckpoint(absl::Span<const LogStart> log_starts);
  // If any topic has a retention.
  void ScheduleRetention(absl::Duration delay);
  void RetainFromNowOn(const TopicConfig& config);
  void ScheduleAfterRoll();
  void Retain();

  LogOptions options_;
  FileSystem* file_system_ = nullptr;
  std::unique_ptr<FileSystem> memory_;  // a memory log's own
  std::unique_ptr<File> lock_;
  std::unique_ptr<TopicCatalog> catalog_;
  std::unique_ptr<Arena> arena_;
  // checkpoint_mutex_'s, or that of who opens or reopens the log, alone.
  std::unique_ptr<ReplacedFile> checkpoint_file_;
  std::unique_ptr<Scheduler> scheduler_;
  Scheduler::TaskId send_task_ = 0;
  Scheduler::TaskId checkpoint_task_ = 0;
  Scheduler::TaskId seal_task_ = 0;
  Scheduler::TaskId upkeep_task_ = 0;
  Scheduler::TaskId retention_task_ = 0;
  std::atomic<bool> aging_scheduled_{false};
  std::atomic<bool> written_since_aging_{false};
  std::atomic<bool> has_retention_{false};  // some topic
  std::atomic<bool> rolled_{false};         // some segment, since retention was last asked for

  Mutex lifecycle_mutex_;  // Open, Reopen, Close; taken first
  bool open_ ABSL_GUARDED_BY(lifecycle_mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(lifecycle_mutex_) = false;  // a Close began: never open again

  Mutex checkpoint_mutex_;  // one checkpoint at a time
  uint64_t generation_ ABSL_GUARDED_BY(checkpoint_mutex_) = 0;
  int32_t leader_epoch_ ABSL_GUARDED_BY(checkpoint_mutex_) = 0;

  Mutex topic_change_mutex_;  // one creation, alteration or deletion at a time
  mutable Mutex topics_mutex_;
  Topics topics_ ABSL_GUARDED_BY(topics_mutex_);
  RecoveryReport report_ ABSL_GUARDED_BY(topics_mutex_);
};

}  // namespace eventlog::inline v1::internal
