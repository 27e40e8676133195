// Sleeping on a word and waking who does: futex(2), within one process.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace eventlog::inline v1::internal {

using Futex = std::atomic<uint32_t>;

// Sleeps if the word has that value, until it is woken, for `timeout` of real time at most. Returns
// early for no reason now and then. Each of these may change errno.
void FutexWait(Futex* word, uint32_t value, absl::Duration timeout);

// Nothing is read or written at the word's address: it may be gone by now.
void FutexWakeOne(Futex* word);
void FutexWakeAll(Futex* word);

}  // namespace eventlog::inline v1::internal
