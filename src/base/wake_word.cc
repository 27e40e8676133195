#include "base/wake_word.h"

#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

uint32_t WakeWord::Take(absl::Duration timeout) {
  uint32_t word = word_.exchange(kNothing);
  if (word != kNothing) return word;
  Clock* const clock = Clock::System();
  const absl::Duration deadline = clock->Monotonic() + timeout;
  while (timeout > absl::ZeroDuration()) {
    uint32_t seen = kNothing;
    if (word_.compare_exchange_strong(seen, kAsleep)) FutexWait(&word_, kAsleep, timeout);
    word = word_.exchange(kNothing);
    if (word > kAsleep) return word;
    timeout = deadline - clock->Monotonic();
  }
  return kNothing;
}

}  // namespace eventlog::inline v1::internal
