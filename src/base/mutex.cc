// After Drepper, "Futexes Are Tricky" (2011): the mutex with three states.
#include "base/mutex.h"

namespace eventlog::inline v1::internal {
namespace {

// About two microseconds: longer than most locks here are held, and shorter than it takes to sleep
// and be woken.
constexpr int kSpins = 40;

// Tells the processor that this thread waits for what another one stores.
inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

// What it makes of the word the analysis cannot know.
void Mutex::LockHeld() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  for (int i = 0; i < kSpins; ++i) {
    Pause();
    if (state_.load(std::memory_order_relaxed) == kFree && TryLock()) return;
  }
  while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) {
    FutexWait(&state_, kAwaited, absl::InfiniteDuration());
  }
}

void CondVar::WaitFor(Mutex* mutex, absl::Duration timeout) {
  waiters_.fetch_add(1);
  const uint32_t seen = news_.load();
  mutex->Unlock();
  FutexWait(&news_, seen, timeout);
  waiters_.fetch_sub(1);
  mutex->Lock();
}

}  // namespace eventlog::inline v1::internal
