#include "base/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace eventlog::inline v1::internal {
namespace {

// The kernel knows a futex by its address, and looks at four bytes there.
static_assert(sizeof(Futex) == sizeof(uint32_t));
// Where time is wider than a register, this system call takes the narrow one.
static_assert(sizeof(timespec::tv_sec) == sizeof(long));

}  // namespace

void FutexWait(Futex* word, uint32_t value, absl::Duration timeout) {
  const bool is_bounded = timeout != absl::InfiniteDuration();
  const timespec bound =
      absl::ToTimespec(std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1000)));
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, is_bounded ? &bound : nullptr);
}

void FutexWakeOne(Futex* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

void FutexWakeAll(Futex* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max());
}

}  // namespace eventlog::inline v1::internal
