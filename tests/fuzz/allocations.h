// How much a decoder allocates, in relation to what it is given.
#pragma once

#include <cstddef>

#include "base/assert.h"

namespace eventlog::test {

// All that operator new has given out to this thread so far. What C libraries allocate (LZ4's
// context) is not in it.
std::size_t AllocatedBytes();

// Room for error messages and for what a decoder needs, however little it is given.
inline constexpr std::size_t kSmallAllocations = 8 << 10;

// Runs `decode`, which may allocate so much and no more.
template <typename Decode>
auto WithBudget(std::size_t budget_bytes, Decode decode) {
  const std::size_t before = AllocatedBytes();
  auto decoded = decode();
  EVENTLOG_ASSERT(AllocatedBytes() - before <= budget_bytes + kSmallAllocations);
  return decoded;
}

}  // namespace eventlog::test
