// The library's lock, with clang's thread-safety annotations: one atomic operation to take it when
// it is free and one to release it, both inline, where std::mutex takes ninety instructions and
// Debian's absl::Mutex more. Who finds it held spins for a moment, then sleeps.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/futex.h"

namespace eventlog::inline v1::internal {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    if (!TryLock()) [[unlikely]]
      LockHeld();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) [[unlikely]]
      FutexWakeOne(&state_);
  }
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    uint32_t free = kFree;
    return state_.compare_exchange_strong(free, kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kAwaited = 2;  // held, and somebody may sleep

  void LockHeld();

  Futex state_{kFree};
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

// Waits may wake for no reason: always wait in a loop over the condition, which changes under the
// mutex.
class CondVar {
 public:
  void Wait(Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    WaitFor(mutex, absl::InfiniteDuration());
  }
  // Waits at most `timeout` of real time; an infinite one waits for ever.
  void WaitFor(Mutex* mutex, absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  void NotifyOne() {
    if (NoteNews()) FutexWakeOne(&news_);
  }
  void NotifyAll() {
    if (NoteNews()) FutexWakeAll(&news_);
  }

 private:
  // Who waits has counted itself under the mutex, before the condition changed there.
  bool NoteNews() {
    news_.fetch_add(1);
    return waiters_.load() > 0;
  }

  Futex news_{0};
  std::atomic<int32_t> waiters_{0};
};

}  // namespace eventlog::inline v1::internal
