// What producers have sent to one partition and have not been told about yet.
//
// Invariants:
// - the queue is in the order of offsets, first older_, then newer_: a record is staged and queued
//   under one lock, and newer_ moves on as a whole;
// - records are told about in this order, each once, and their tickets end then;
// - a sink is not used after Disown;
// - who sends waits for none who tells, but with the first record of a queue that was not listed:
//   these hold mutex_ only to take newer_ over.
//
// Lock order: the teller's, then the queue's, then the partition's; or the teller's, then the
// sink's.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/growing_list.h"
#include "base/log_time.h"
#include "base/mutex.h"
#include "eventlog/producer.h"
#include "eventlog/record.h"
#include "partition/append_wait.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

// What became of a record, for the one who sent it.
struct SendResult {
  SendCallback done;  // null: nobody is told
  int64_t bytes = 0;
  uint64_t flush_epoch = 0;
  absl::StatusOr<RecordMetadata> result;
};

// Who sends: a producer.
class SendSink {
 public:
  virtual ~SendSink() = default;
  // Takes the results over, in order, and leaves none. Called under the teller's lock: no callback
  // runs here.
  virtual void OnResolved(std::vector<SendResult>* results) = 0;
  // Runs the callbacks of what was resolved. No lock is held. A callback that throws terminates.
  virtual void Deliver() noexcept = 0;
};

// Thread-safe.
class SendQueue : public std::enable_shared_from_this<SendQueue> {
 public:
  // How long records may wait for company, and how many bytes do not wait.
  struct Config {
    absl::Duration linger = absl::ZeroDuration();
    int64_t batch_bytes = 0;
  };
  struct Send {
    SendSink* sink = nullptr;
    SendCallback done = {};
    int64_t bytes = 0;
    uint64_t flush_epoch = 0;
  };
  // What the sender has to do for a record that was queued.
  struct Queued {
    bool is_first = false;     // nothing was waiting
    bool is_due = false;       // there is no reason to wait
    bool is_unlisted = false;  // the queue is not among those that the sender looks at
    absl::Duration linger = absl::ZeroDuration();
  };

  SendQueue(std::shared_ptr<Partition> partition, int32_t number)
      : partition_(std::move(partition)), number_(number) {}

  // Stages the record and queues it. Errors as Partition::Stage; then nothing was queued.
  absl::StatusOr<Queued> Push(const ProducerRecord& record, Send send, const Config& config,
                              const LogTime& time);

  // Once the sender looks at it: whether there is no reason to wait any more.
  bool LookAgain();

  // --- the sender's, one thread at a time
  // Settles, and when the rest is due, or `all` is asked for, adds its newest record to `due`.
  void Collect(absl::Duration now, bool all, std::vector<StagedAppend>* due);
  // Settles after what was collected at `now` was waited for. When the rest is due: kDueNow, a
  // monotonic time, or InfiniteDuration when nothing is left.
  absl::Duration FinishRound(absl::Duration now);
  // True, from then on: nothing is queued and the sender does not look here any more.
  bool Delist();

  // --- anybody's
  // Tells about what is acknowledged or dropped, up to the first record that is neither.
  void Settle();
  // Settles, and tells `why` about the rest.
  void Fail(const absl::Status& why);
  // Settles, and tells `why` about the sink's own; nobody is told when they are resolved.
  void Disown(const SendSink* sink, const absl::Status& why);

  static constexpr absl::Duration kDueNow = -absl::InfiniteDuration();

 private:
  struct Pending {
    Send send;
    AppendTicket ticket;
    int64_t timestamp_ms = 0;
  };

  // What is told about records that are not resolved, and OK where that is nothing.
  void SettleLocked(const absl::Status& rest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_);
  // Of older_, up to the first that is not resolved. Returns the bytes of what was told about.
  int64_t TellOlder(const absl::Status& rest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_);
  // When all of these are told. False: there is nothing more to tell.
  bool TakeNewer(const absl::Status& rest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_);
  void MoveNewer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_, mutex_);
  void Tell(Pending* pending, absl::StatusOr<RecordMetadata> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_);
  void HandOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(teller_mutex_);

  const std::shared_ptr<Partition> partition_;
  const int32_t number_;

  Mutex teller_mutex_;
  std::vector<Pending> older_ ABSL_GUARDED_BY(teller_mutex_);
  int64_t collected_end_ ABSL_GUARDED_BY(teller_mutex_) = -1;  // of the round that is on
  // On their way to results_sink_.
  std::vector<SendResult> results_ ABSL_GUARDED_BY(teller_mutex_);
  SendSink* results_sink_ ABSL_GUARDED_BY(teller_mutex_) = nullptr;

  Mutex mutex_ ABSL_ACQUIRED_AFTER(teller_mutex_);
  std::vector<Pending> newer_ ABSL_GUARDED_BY(mutex_);
  bool is_waiting_ ABSL_GUARDED_BY(mutex_) = false;  // somebody: in older_ or newer_
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  Config config_ ABSL_GUARDED_BY(mutex_);       // as of the last record
  absl::Duration due_ ABSL_GUARDED_BY(mutex_);  // of what is waiting
  bool listed_ ABSL_GUARDED_BY(mutex_) = false;
};

// The queues of one topic, made when they are first used. Thread-safe.
class SendQueues {
 public:
  // One thread at a time, before anybody asks for its queue.
  void AddPartition() { queues_.Grow(); }
  // Lives as long as this. Without a lock once it is made.
  SendQueue* Of(Partition* partition, int32_t number);

 private:
  struct Lazy {
    std::once_flag made;
    std::shared_ptr<SendQueue> queue;
  };
  GrowingList<Lazy> queues_;
};

}  // namespace eventlog::inline v1::internal
