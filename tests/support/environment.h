// Numbers by which a run of a campaign's share is made longer, or another.
#pragma once

#include <stdlib.h>

#include <cstdint>

namespace eventlog::test {

inline uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const value = getenv(name);
  return value == nullptr ? otherwise : strtoull(value, nullptr, 10);
}

}  // namespace eventlog::test
