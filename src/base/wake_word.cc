#include "base/wake_word.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {
namespace {

// The kernel knows a futex by its address.
static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// Returns early for no reason now and then.
void SleepWhile(std::atomic<uint32_t>* word, uint32_t value, absl::Duration timeout) {
  const bool is_bounded = timeout != absl::InfiniteDuration();
  const timespec bound = absl::ToTimespec(std::min(timeout, absl::Hours(1000)));
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, is_bounded ? &bound : nullptr);
}

}  // namespace

uint32_t WakeWord::Take(absl::Duration timeout) {
  uint32_t word = word_.exchange(kNothing);
  if (word != kNothing) return word;
  Clock* const clock = Clock::System();
  const absl::Duration deadline = clock->Monotonic() + timeout;
  while (timeout > absl::ZeroDuration()) {
    uint32_t seen = kNothing;
    if (word_.compare_exchange_strong(seen, kAsleep)) SleepWhile(&word_, kAsleep, timeout);
    word = word_.exchange(kNothing);
    if (word > kAsleep) return word;
    timeout = deadline - clock->Monotonic();
  }
  return kNothing;
}

void WakeWord::Wake() { syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1); }

}  // namespace eventlog::inline v1::internal
