// A random history of a log on a simulated disk: work, at times on a disk that fills up and stays
// full, a crash at any call, recovery, crashes in it, judgement, and so on from what is left.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "eventlog/testing/fault_file_system.h"
#include "lab/application.h"
#include "lab/power_cuts.h"
#include "lab/random_work.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed);
  ~RandomHistory();

  // Returns what is wrong, or an empty string.
  std::string Run(int crashes, int operations);
  const CrashFigures& figures() const { return figures_; }
  int64_t deletions() const { return work_.deletions(); }

 private:
  int Below(int limit) { return static_cast<int>(dice_() % static_cast<uint64_t>(limit)); }

  void ArmCrash(int calls, Crash crash);
  void CrashNow();
  absl::Status Work(int operations);
  absl::Status GoOnFull();
  std::string RecoverAndJudge();

  std::mt19937_64 dice_;
  ManualClock clock_;
  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<FaultFileSystem> calls_;
  std::unique_ptr<SimulatedDisk> left_;  // by the crash, once there was one
  Oracle oracle_;
  Application application_;
  RandomWork work_{&application_, &dice_};
  int calls_left_ = -1;      // until the crash; negative: none is armed
  int recovery_calls_ = 60;  // of the last recovery; before the first, about as many as it makes
  Crash crash_ = Crash::kNone;
  CrashFigures figures_;
};

}  // namespace eventlog::test
