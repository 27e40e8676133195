// Threads that append to partitions of their own, each in another way, in a process that is going
// to be killed.
#pragma once

#include <cstdint>

#include "lab/shared_facts.h"

namespace eventlog::test {

// Makes the topics that are missing and works on `log` until every thread had an error; the first
// is in `facts`. `number` sets its values apart from those of every other process.
void AppendUntilKilled(Log* log, uint64_t seed, int64_t number, SharedFacts* facts);

}  // namespace eventlog::test
