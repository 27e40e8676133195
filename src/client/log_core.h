// What every handle of one log shares: the parts, and the door through which each public call
// comes.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/event_queue.h"
#include "base/fork_guard.h"
#include "base/gate.h"
#include "base/health.h"
#include "base/log_time.h"
#include "client/sender.h"
#include "eventlog/clock.h"
#include "group/offset_store.h"
#include "io/file_cache.h"
#include "journal/journal.h"
#include "partition/wait_set.h"
#include "segment/batch_cache.h"

namespace eventlog::inline v1::internal {

class Partition;
class TopicState;

struct LogLimits {
  int64_t max_record_bytes = 0;
  int64_t max_write_bytes = 0;
};

// Offsets to commit in one atomic write, as `group`.
struct OffsetCommits {
  std::string group;
  std::vector<TopicPartitionOffset> offsets;
};

class LogCore {
 public:
  LogCore(Clock* clock, Observer observer, const LogLimits& limits)
      : clock_(clock), time_(clock), events_(std::move(observer)), limits_(limits), sender_(this) {}
  virtual ~LogCore() = default;
  LogCore(const LogCore&) = delete;
  LogCore& operator=(const LogCore&) = delete;

  Clock* clock() const { return clock_; }
  const LogLimits& limits() const { return limits_; }
  const LogTime& log_time() const { return time_; }
  Journal* journal() const { return journal_.get(); }
  OffsetStore* offsets() { return &offsets_; }
  const Health& health() const { return health_; }
  Sender* sender() { return &sender_; }
  // Without a lock held: tells the observer what has happened, a poisoning included.
  void TellObserver() {
    if (health_.poisoned()) PushPoisoned();
    events_.Deliver();
  }
  const ForkGuard& fork_guard() const { return fork_guard_; }
  Gate* gate() { return &gate_; }
  // Everybody who waits outside the gate: set when the log closes or reopens.
  WaitSet* sleepers() { return &sleepers_; }

  // Before records are staged: makes a checkpoint first when the journal is full, and asks for one,
  // or for a spare file, ahead of need. ResourceExhausted (kDiskFull).
  virtual absl::Status MakeRoom() = 0;
  // Moves the partition's log start up to `offset`, at most its high watermark, as
  // Topic::DeleteRecords says.
  virtual absl::Status DeleteRecords(const std::shared_ptr<Partition>& partition,
                                     int64_t offset) = 0;
  // A topic by name. NotFound (kUnknownTopic).
  virtual absl::StatusOr<std::shared_ptr<TopicState>> FindTopic(std::string_view name) = 0;
  // Writes commits as one atomic write and applies them.
  virtual absl::Status CommitOffsets(const OffsetCommits& commits) = 0;
  // Runs what is due, on this thread.
  virtual void RunDue() = 0;
  virtual absl::Duration UntilDue() const = 0;
  // Whether what is due runs without anybody's call.
  virtual bool has_background_thread() const = 0;
  // Sees to it that the sender runs in `delay`.
  virtual void ScheduleSends(absl::Duration delay) = 0;
  // Runs the sender on this thread, and the callbacks of what it completes.
  virtual void RunSends() = 0;

 protected:
  void PushPoisoned();

  Clock* const clock_;
  const LogTime time_;
  EventQueue events_;
  const LogLimits limits_;
  const ForkGuard fork_guard_;
  Gate gate_;
  Mutex sleepers_mutex_;
  WaitSet sleepers_{&sleepers_mutex_};
  Health health_;
  std::atomic<bool> poisoning_told_{false};
  OffsetStore offsets_;
  std::unique_ptr<FileCache> files_;
  std::unique_ptr<BatchCache> batches_;
  std::unique_ptr<Journal> journal_;
  Sender sender_;
};

// One public call: refused in a forked child and on a closed log, counted while it runs. What the
// log has to tell its observer is told when the call is over.
class Call {
 public:
  // Null: a handle without a log.
  explicit Call(LogCore* core)
      : core_(core),
        status_(core == nullptr || core->fork_guard().Forked() ? Refusal()
                                                               : core->gate()->Enter()) {}
  ~Call() {
    if (!status_.ok()) return;
    core_->gate()->Leave();
    core_->TellObserver();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  absl::Status Refusal() const;

  LogCore* const core_;
  const absl::Status status_;
};

absl::Status ClosedError(std::string_view what);

}  // namespace eventlog::inline v1::internal
