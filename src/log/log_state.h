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
#include <string>
#include <string_view>
#include <vector>

#include "catalog/topic_catalog.h"
#include "client/log_core.h"
#include "client/topic_state.h"
#include "client/write_batch_state.h"
#include "eventlog/log.h"
#include "eventlog/options.h"
#include "log/recovery.h"
#include "maintenance/scheduler.h"
#include "partition/atomic_write.h"

namespace eventlog::inline v1::internal {

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
  absl::StatusOr<std::shared_ptr<TopicState>> OpenTopic(std::string_view name,
                                                        const TopicOptions& options);
  absl::StatusOr<std::shared_ptr<TopicState>> CreateTopic(std::string_view name,
                                                          const TopicOptions& options);
  absl::Status AlterTopic(std::string_view name, const TopicOptions& options);
  absl::Status DeleteTopic(std::string_view name);
  absl::StatusOr<TopicDescription> DescribeTopic(std::string_view name);
  std::vector<std::string> ListTopics() const;
  absl::StatusOr<std::shared_ptr<TopicState>> FindTopic(std::string_view name) override;

  // --- write.cc
  absl::Status Write(const WriteBatchState& batch, std::vector<RecordMetadata>* metadata);
  absl::Status CommitOffsets(const OffsetCommits& commits) override;

  // --- upkeep.cc
  absl::Status MakeRoom() override;
  absl::Status RunMaintenance(absl::Duration budget);
  void RunDue() override { scheduler_->RunDue(absl::InfiniteDuration()); }
  absl::Duration UntilDue() const override { return scheduler_->UntilDue(); }

 private:
  struct OpenTopicEntry {
    CatalogTopic catalog;
    TopicConfig config;
    std::shared_ptr<TopicState> state;
  };
  using Topics = std::map<std::string, OpenTopicEntry, std::less<>>;

  // log_state.cc
  absl::Status OpenDirectory();
  absl::Status CreateLog();
  absl::StatusOr<bool> IsNewLog();
  absl::Status Recover(RecoveryMode mode);
  absl::Status ReopenFromMemory();
  absl::Status LoadOffsets();
  absl::Status CloseFiles();
  void AdoptRecovered(RecoveredLog* recovered);
  PartitionEnvironment Environment();

  // topics.cc
  absl::Status CatalogFailed(const absl::Status& status);
  absl::Status ForgetOffsetsOf(std::string_view topic);
  std::shared_ptr<TopicState> MakeTopicState(const CatalogTopic& topic, const TopicConfig& config);
  absl::StatusOr<std::shared_ptr<TopicState>> AddTopic(std::string_view name,
                                                       const TopicConfig& config);
  absl::StatusOr<OpenTopicEntry> FindEntry(std::string_view name) const;
  std::vector<std::shared_ptr<Partition>> AllPartitions() const;
  absl::StatusOr<std::shared_ptr<TopicState>> OffsetsTopic();

  // write.cc
  absl::Status WriteShares(std::vector<AtomicShare> shares, bool sync,
                           std::vector<AtomicShare>* written);
  bool CommitNeedsSync(absl::Span<const TopicPartitionOffset> offsets);

  // upkeep.cc
  void AddTasks();
  absl::Status MakeCheckpoint(bool only_if_full = false);
  absl::Status SealAged();
  void Upkeep();
  void ScheduleAging();

  LogOptions options_;
  FileSystem* file_system_ = nullptr;
  std::unique_ptr<FileSystem> memory_;  // a memory log's own
  std::unique_ptr<File> lock_;
  std::unique_ptr<TopicCatalog> catalog_;
  std::unique_ptr<Scheduler> scheduler_;
  Scheduler::TaskId checkpoint_task_ = 0;
  Scheduler::TaskId seal_task_ = 0;
  Scheduler::TaskId upkeep_task_ = 0;
  std::atomic<bool> aging_scheduled_{false};
  std::atomic<bool> written_since_aging_{false};

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
