// System calls that a signal may interrupt.
#pragma once

#include <errno.h>

namespace eventlog::inline v1::internal {

// Calls again while a signal interrupts.
template <typename Call>
auto Complete(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace eventlog::inline v1::internal
