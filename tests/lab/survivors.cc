#include "lab/survivors.h"

#include <iterator>

namespace eventlog::test {

Survivors::Survivors(Dice* dice, const std::vector<int64_t>& sequences) : dice_(dice) {
  if (sequences.empty()) return;
  one_ = sequences[dice->Below(sequences.size())];
  constexpr Pattern kPatterns[] = {Pattern::kEach,      Pattern::kEach,    Pattern::kEach,
                                   Pattern::kAllButOne, Pattern::kOnlyOne, Pattern::kUntil};
  pattern_ = kPatterns[dice->Below(std::size(kPatterns))];
  switch (pattern_) {
    case Pattern::kEach: {
      constexpr uint64_t kChances[] = {0, 8, 64, 128, 192, 248, 256};
      chance_ = kChances[dice->Below(std::size(kChances))];
      break;
    }
    case Pattern::kAllButOne:  // the one is lost, or some of its sectors are
      chance_ = dice->Chance(128) ? 0 : 128;
      break;
    case Pattern::kOnlyOne:
      chance_ = dice->Chance(128) ? 256 : 128;
      break;
    case Pattern::kUntil:
      break;
  }
}

Survivors Survivors::Until(Dice* dice, int64_t sequence) {
  return {dice, Pattern::kUntil, sequence, 128};
}

bool Survivors::Keeps(int64_t sequence) const {
  if (pattern_ != Pattern::kEach && sequence != one_) {
    return pattern_ == Pattern::kAllButOne || (pattern_ == Pattern::kUntil && sequence < one_);
  }
  return dice_->Chance(chance_);
}

}  // namespace eventlog::test
