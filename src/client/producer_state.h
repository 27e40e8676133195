// What a Producer handle points to: the buffer that its records take until they are told about, and
// the callbacks that are to run.
//
// Invariants:
// - what was accepted is in exactly one place: a send queue, completed_, or the hands of the one
//   thread that delivers;
// - every record counts in the flush epoch in which it was accepted until its callback has run.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/gate.h"
#include "base/mutex.h"
#include "client/log_core.h"
#include "client/send_queue.h"
#include "eventlog/options.h"
#include "eventlog/producer.h"
#include "partition/wait_set.h"

namespace eventlog::inline v1::internal {

class TopicState;

// Thread-safe.
class ProducerState final : public SendSink, public std::enable_shared_from_this<ProducerState> {
 public:
  // InvalidArgument (kInvalidOption): everything wrong at once.
  static absl::StatusOr<std::shared_ptr<ProducerState>> Create(std::shared_ptr<LogCore> core,
                                                               ProducerOptions options);

  LogCore* core() const { return core_.get(); }

  // As Producer's, outside the log's gate.
  absl::Status Send(TopicState* topic, const ProducerRecord& record, SendCallback done);
  absl::Status Flush(absl::Duration timeout);
  absl::Status Close(absl::Duration timeout);
  // Close inside a callback, which cannot wait: what was accepted is told about later.
  void Abandon();

  void OnResolved(std::vector<SendResult>* results) override;
  void Deliver() noexcept override;

 private:
  // What a Send that waits for space knows.
  struct Waiting {
    int64_t bytes = 0;  // of the record in the buffer
    absl::Duration deadline = absl::InfiniteDuration();
    bool has_deadline = false;
    bool has_claim = false;  // claimed_bytes_ are its own
  };

  // How many of the records that were told about, one after the other, are of one flush epoch.
  struct EpochShare {
    uint64_t flush_epoch = 0;
    int64_t records = 0;
  };
  using EpochShares = absl::InlinedVector<EpochShare, 4>;

  ProducerState(std::shared_ptr<LogCore> core, ProducerOptions options)
      : core_(std::move(core)), options_(std::move(options)) {}

  absl::StatusOr<int32_t> Route(TopicState* topic, const ProducerRecord& record) const;
  absl::Status SendInside(TopicState* topic, int32_t partition, const ProducerRecord& record,
                          SendCallback* done, Waiting* waiting, bool* full);
  absl::Status Accept(TopicState* topic, int32_t partition, const ProducerRecord& record,
                      SendCallback* done, Waiting* waiting, bool* full);
  absl::Status AwaitSpace(Waiting* waiting);
  // Nobody else runs the sends that a call waits for.
  bool sends_itself() const {
    return !core_->has_background_thread() || core_->clock()->IsManual();
  }
  // There is more to send than the last round did, and nobody else to do it.
  bool has_to_send() const { return sends_itself() && core_->sender()->is_scheduled(); }

  bool HasSpace(const Waiting& waiting) const;
  bool HasSpaceLocked(const Waiting& waiting) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes the space, and the record's place in the flush epoch; or claims what gets free next.
  bool Reserve(Waiting* waiting, uint64_t* flush_epoch);
  void Unreserve(int64_t bytes, uint64_t flush_epoch);
  void GiveUpClaim(const Waiting& waiting);
  static EpochShares SharesOf(const std::vector<SendResult>& results);
  void LeaveEpoch(const EpochShare& share) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Until all that was accepted so far is told about.
  absl::Status AwaitAccepted(absl::Duration timeout);
  absl::Status TakeFailure();
  // Runs callbacks, as the only thread.
  void RunCompleted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<LogCore> core_;
  const ProducerOptions options_;
  Gate gate_;  // shut when it is closed
  Mutex space_mutex_;
  WaitSet space_waiters_{&space_mutex_};    // told when there may be space
  std::atomic<uint64_t> flushing_upto_{0};  // one after the last epoch that a Flush waits for

  mutable Mutex mutex_;
  CondVar changed_;
  int64_t buffered_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t claimed_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // by the one that waits longest, or so
  // How many records of each epoch are under way. A Flush begins the next one; all but the last
  // begin with one that is not empty.
  std::deque<int64_t> under_way_ ABSL_GUARDED_BY(mutex_) = {0};
  uint64_t first_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool sent_while_flushing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<SendResult> completed_ ABSL_GUARDED_BY(mutex_);
  int64_t completed_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of these, in the buffer
  bool is_ready_ ABSL_GUARDED_BY(mutex_) = false;        // the sender knows of completed_
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<SendResult> delivered_;                            // the delivering thread's
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);                 // the first that nobody was told
  std::shared_ptr<ProducerState> self_ ABSL_GUARDED_BY(mutex_);  // when abandoned, until it is idle
};

}  // namespace eventlog::inline v1::internal
