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

void Mutex::LockHeld() {
  for (int i = 0; i < kSpins; ++i) {
    Pause();
    if (mutex_.try_lock()) return;
  }
  mutex_.lock();
}

}  // namespace eventlog::inline v1::internal
