#include "base/wake_word.h"

#include <algorithm>

#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

uint32_t WakeWord::Take(absl::Duration timeout) {
  uint32_t word = word_.exchange(kNothing);
  if (word != kNothing || timeout <= absl::ZeroDuration()) return word;
  const bool is_bounded = timeout != absl::InfiniteDuration();
  Clock* const clock = Clock::System();
  const absl::Duration deadline = is_bounded ? clock->Monotonic() + timeout : timeout;
  do {
    uint32_t seen = kNothing;
    if (word_.compare_exchange_strong(seen, kAsleep)) FutexWait(&word_, kAsleep, timeout);
    word = word_.exchange(kNothing);
    if (word > kAsleep) return word;
    if (is_bounded) timeout = deadline - clock->Monotonic();
  } while (timeout > absl::ZeroDuration());
  return kNothing;
}

void Wakeups::WakeAll() {
  std::for_each(others_.rbegin(), others_.rend(), FutexWakeOne);
  for (std::size_t i = count_ - others_.size(); i > 0; --i) FutexWakeOne(first_[i - 1]);
}

}  // namespace eventlog::inline v1::internal
