// A word that others leave for one thread, which sleeps until there is one.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "base/futex.h"

namespace eventlog::inline v1::internal {

// Thread-safe; one thread at a time takes.
class WakeWord {
 public:
  WakeWord() = default;
  WakeWord(const WakeWord&) = delete;
  WakeWord& operator=(const WakeWord&) = delete;

  // Leaves a word that is neither of those below, in place of one that was not taken. Whoever takes
  // it may end this object at once: nothing of it is touched after that.
  void Leave(uint32_t word) {
    if (Futex* const asleep = LeaveQuietly(word)) FutexWakeOne(asleep);
  }
  // The same without waking: what to give to FutexWakeOne; null: nobody sleeps.
  Futex* LeaveQuietly(uint32_t word) { return word_.exchange(word) == kAsleep ? &word_ : nullptr; }
  // Takes what was left. Waits for it, at most `timeout` of real time; kNothing after that.
  uint32_t Take(absl::Duration timeout = absl::InfiniteDuration());

  static constexpr uint32_t kNothing = 0;

 private:
  static constexpr uint32_t kAsleep = 1;

  Futex word_{kNothing};
};

}  // namespace eventlog::inline v1::internal
