// What the log has to tell its observer, kept until no lock is held.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "eventlog/observer.h"

namespace eventlog::inline v1::internal {

// Thread-safe.
class EventQueue {
 public:
  struct Event {
    LogEvent::Kind kind = LogEvent::Kind::kRecovered;
    std::string topic = {};
    int32_t partition = -1;
    int64_t bytes = 0;
    absl::Duration duration = {};
    std::string message = {};
  };

  explicit EventQueue(Observer observer) : observer_(std::move(observer)) {}

  // From anywhere, under any lock.
  void Push(Event event);
  // Calls the observer, in a CallbackScope, for what was pushed. One thread at a time, in order; no
  // lock is held that anything else waits for.
  void Deliver() {
    if (waiting_.load(std::memory_order_acquire)) DeliverAll();
  }

 private:
  void DeliverAll();
  void DeliverWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(delivery_mutex_);

  const Observer observer_;
  Mutex delivery_mutex_;  // who has it calls the observer; nobody waits for it
  std::atomic<bool> waiting_{false};
  Mutex mutex_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
