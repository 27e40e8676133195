// Randomness as the log sees it; replaceable, so that a test can repeat a run.
#pragma once

#include "absl/types/span.h"

namespace eventlog::inline v1 {

// Where a log takes the random bytes of its own and its topics' ids from. Nothing secret is made of
// them. Implementations are thread-safe. A Random must outlive every Log that was given it.
class Random {
 public:
  virtual ~Random() = default;

  // Fills `bytes` with random bytes. Does not block beyond the system's start-up and cannot fail.
  virtual void Fill(absl::Span<char> bytes) = 0;

  // getrandom(2). Never null, never destroyed.
  static Random* System();
};

}  // namespace eventlog::inline v1
