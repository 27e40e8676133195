#include "limits/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace eventlog::bench {

void Futex::Raise() {
  number_.fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, &number_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

uint32_t Futex::WaitAbove(uint32_t seen) {
  uint32_t number = 0;
  while ((number = number_.load(std::memory_order_acquire)) <= seen) {
    syscall(SYS_futex, &number_, FUTEX_WAIT_PRIVATE, number, nullptr, nullptr, 0);
  }
  return number;
}

}  // namespace eventlog::bench
