// Chance that follows from a seed alone: the same numbers with every compiler, and a new sequence
// costs nothing.
#pragma once

#include <cstdint>

namespace eventlog::test {

// SplitMix64. Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // 0 to `sides` - 1; `sides` is above zero.
  uint64_t Below(uint64_t sides) { return Next() % sides; }
  // True in `times` of 256 throws.
  bool Chance(uint64_t times) { return Below(256) < times; }

 private:
  uint64_t state_;
};

}  // namespace eventlog::test
