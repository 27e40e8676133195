// Which of the operations that were not synced a power cut lets through.
#pragma once

#include <cstdint>
#include <vector>

#include "lab/dice.h"

namespace eventlog::test {

// One of the patterns in which devices lose what they were given, by dice. Operations go by their
// sequence, which rises over the whole disk. Not thread-safe.
class Survivors {
 public:
  // `sequences`: of all that could be lost.
  Survivors(Dice* dice, const std::vector<int64_t>& sequences);
  // What came before is kept, what came after is lost, and the one in between may be either.
  static Survivors Until(Dice* dice, int64_t sequence);
  static Survivors All(Dice* dice) { return {dice, Pattern::kEach, 0, 256}; }
  static Survivors None(Dice* dice) { return {dice, Pattern::kEach, 0, 0}; }

  // Throws the dice anew for each question about what may be either: a write is asked about once
  // for each of its sectors.
  bool Keeps(int64_t sequence) const;

 private:
  enum class Pattern { kEach, kAllButOne, kOnlyOne, kUntil };

  Survivors(Dice* dice, Pattern pattern, int64_t one, uint64_t chance)
      : dice_(dice), pattern_(pattern), one_(one), chance_(chance) {}

  Dice* dice_;
  Pattern pattern_ = Pattern::kEach;
  int64_t one_ = 0;
  uint64_t chance_ = 128;  // of 256, to be kept: of each, or of the one
};

}  // namespace eventlog::test
