// Damage to every file of what the scenarios leave, closed, killed or cut from power: what is read
// then is right, an error, or gone and told (lab/damage_judge.h).
#pragma once

#include <cstdint>
#include <string>

#include "lab/scenarios.h"

namespace eventlog::test {

struct DamageFigures {
  int64_t corruptions = 0;
  // Of those, how many Open refused, how many showed as an error or a reported loss, and how many
  // nobody misses anything for.
  int64_t refused = 0;
  int64_t reported = 0;
  int64_t harmless = 0;
  int64_t violations = 0;
};

enum class Ending { kClosed, kKilled, kPowerCut };

struct DamageOptions {
  uint64_t seed = 1;
  // The rest follows from the seed unless it is given.
  const Scenario* scenario = nullptr;
  Ending ending = Ending::kKilled;  // with a scenario
  int64_t opens = 500;              // corruptions by dice that the log is opened after
  int64_t reads = 20'000;           // corruptions by dice of segments that are open
  // Every bit and every length of what is read when the log is opened, of each file up to so many
  // bytes of its beginning and of its end.
  int64_t every_bit_of_bytes = 0;
};

// Damages what one scenario leaves. Returns what went wrong first, with everything that is needed
// to see it again, or an empty string. A signal that kills the process meanwhile tells it too.
std::string RunDamage(const DamageOptions& options, DamageFigures* figures);

}  // namespace eventlog::test
