// Who waits for records: an Event per blocked reader, or per descriptor that an event loop watches,
// and a WaitSet per partition. Registering comes before the last look, signalling after the
// publication, so no wake-up is lost.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/wake_word.h"
#include "io/event_fd.h"

namespace eventlog::inline v1::internal {

// Set by anybody, waited for or cleared by one. Thread-safe.
class Event {
 public:
  Event() = default;
  // One whose descriptor is raised while it is set.
  explicit Event(EventFd fd) : fd_(std::move(fd)) {}

  void Set() {
    Wakeups wakeups;
    Set(&wakeups);
  }
  void Set(Wakeups* wakeups) {
    if (!fd_.has_value()) return wakeups->Add(word_.LeaveQuietly(kSet));
    MutexLock lock(&fd_mutex_);
    wakeups->Add(word_.LeaveQuietly(kSet));
    if (!std::exchange(is_raised_, true)) fd_->Raise();
  }
  void Clear() { Wait(absl::ZeroDuration()); }
  // Waits until it is set, at most `timeout` of real time, and clears it.
  void Wait(absl::Duration timeout) {
    word_.Take(timeout);
    if (!fd_.has_value()) return;
    MutexLock lock(&fd_mutex_);
    word_.Take(absl::ZeroDuration());
    if (std::exchange(is_raised_, false)) fd_->Lower();
  }

 private:
  static constexpr uint32_t kSet = 2;

  WakeWord word_;
  Mutex fd_mutex_;  // so that the descriptor is what the word is
  bool is_raised_ ABSL_GUARDED_BY(fd_mutex_) = false;
  std::optional<EventFd> fd_;
};

// Thread-safe.
class WaitSet {
 public:
  // `mutex` outlives it. Who registers takes it; so what is published under it needs no more than
  // NotifyLocked.
  explicit WaitSet(Mutex* mutex) : mutex_(mutex) {}

  void Add(Event* event) {
    MutexLock lock(mutex_);
    events_.push_back(event);
    count_.fetch_add(1);  // sequentially consistent, as are the publisher's store and Notify's load
  }
  void Remove(Event* event) {
    MutexLock lock(mutex_);
    events_.erase(std::find(events_.begin(), events_.end(), event));
    count_.fetch_sub(1);
  }
  bool empty() const { return count_.load() == 0; }
  void Notify() {
    if (empty()) return;
    Wakeups wakeups;
    MutexLock lock(mutex_);
    NotifyLocked(&wakeups);
  }
  // With the mutex held, which is the caller's own: the analysis does not see that it is the same.
  void NotifyLocked(Wakeups* wakeups) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (Event* event : events_) event->Set(wakeups);
  }

 private:
  Mutex* const mutex_;
  std::atomic<int> count_{0};
  std::vector<Event*> events_ ABSL_GUARDED_BY(mutex_);
};

// An event's place in several wait sets; event and sets outlive it.
class WaitRegistration {
 public:
  WaitRegistration(Event* event, std::vector<WaitSet*> sets)
      : event_(event), sets_(std::move(sets)) {
    for (WaitSet* set : sets_) set->Add(event_);
  }
  ~WaitRegistration() {
    for (WaitSet* set : sets_) set->Remove(event_);
  }
  WaitRegistration(const WaitRegistration&) = delete;
  WaitRegistration& operator=(const WaitRegistration&) = delete;

  // In a forked child, where nobody may be left to release the locks of the sets: stays registered,
  // and nobody notifies any more.
  void Abandon() { sets_.clear(); }

 private:
  Event* const event_;
  std::vector<WaitSet*> sets_;
};

}  // namespace eventlog::inline v1::internal
