// Completes what the producers of one log have sent: waits for all that is due in one go, tells
// the producers, and runs their callbacks. Resolving is the log's send task, one thread at a time;
// callbacks run after it, without a lock.
//
// Lock order: the sender's, then a queue's, then a producer's, then ready_mutex_.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "client/send_queue.h"

namespace eventlog::inline v1::internal {

class LogCore;

// Thread-safe.
class Sender {
 public:
  explicit Sender(LogCore* core) : core_(core) {}

  // A record was queued: sees to it that the send task comes in time.
  void OnQueued(SendQueue* queue, const SendQueue::Queued& queued);
  // All that is queued is due now, whatever its linger.
  void ScheduleAll();

  // There is something to do now.
  bool is_scheduled() const { return scheduled_.load(); }

  // --- one thread at a time
  // The send task.
  void Run();
  // Resolves everything; nothing is queued any more.
  void RunToEnd();
  // Everything that is not resolved fails with `why`.
  void FailAll(const absl::Status& why);

  // --- anybody's
  // Records that were dropped keep their partition from taking others until they are told: told at
  // once, whatever their linger.
  void SettleDropped();
  // The sink goes: see SendQueue::Disown.
  void Disown(const SendSink* sink, const absl::Status& why);

  // The sink has callbacks to run.
  void AddReady(std::shared_ptr<SendSink> sink);
  // Runs callbacks, as long as there are some and no other thread runs them.
  void Deliver();
  // Deliver, and waits until the other threads are through. Not inside a callback.
  void DeliverAll();

 private:
  std::vector<std::shared_ptr<SendQueue>> Queues();
  void DelistEmpty();
  void ScheduleNow();

  LogCore* const core_;
  std::atomic<bool> scheduled_{false};  // the task is due and has not begun
  std::atomic<bool> all_due_{false};
  std::atomic<uint64_t> drops_settled_{0};

  Mutex mutex_;
  std::vector<std::shared_ptr<SendQueue>> queues_ ABSL_GUARDED_BY(mutex_);  // those with records

  Mutex ready_mutex_;
  CondVar delivered_;
  std::deque<std::shared_ptr<SendSink>> ready_ ABSL_GUARDED_BY(ready_mutex_);
  int delivering_ ABSL_GUARDED_BY(ready_mutex_) = 0;
};

}  // namespace eventlog::inline v1::internal
