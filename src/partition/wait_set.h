// Who waits for records: an Event per blocked reader, a WaitSet per partition. Registering comes
// before the last look, signalling after the publication, so no wake-up is lost.
#pragma once

#include <algorithm>
#include <atomic>
#include <vector>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace eventlog::inline v1::internal {

// Set by anybody, waited for by one. Thread-safe.
class Event {
 public:
  void Set() {
    MutexLock lock(&mutex_);
    set_ = true;
    wake_.NotifyOne();
  }
  // Waits until it is set, at most `timeout` of real time, and clears it.
  void Wait(absl::Duration timeout) {
    MutexLock lock(&mutex_);
    if (!set_) wake_.WaitFor(&mutex_, timeout);
    set_ = false;
  }

 private:
  Mutex mutex_;
  CondVar wake_;
  bool set_ ABSL_GUARDED_BY(mutex_) = false;
};

// Thread-safe.
class WaitSet {
 public:
  void Add(Event* event) {
    MutexLock lock(&mutex_);
    events_.push_back(event);
    count_.fetch_add(1);  // sequentially consistent, as are the publisher's store and Notify's load
  }
  void Remove(Event* event) {
    MutexLock lock(&mutex_);
    events_.erase(std::find(events_.begin(), events_.end(), event));
    count_.fetch_sub(1);
  }
  void Notify() {
    if (count_.load() == 0) return;
    MutexLock lock(&mutex_);
    for (Event* event : events_) event->Set();
  }

 private:
  std::atomic<int> count_{0};
  Mutex mutex_;
  std::vector<Event*> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
