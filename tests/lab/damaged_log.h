// A log that a scenario left, whole, to be damaged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"
#include "lab/application.h"
#include "lab/damage.h"
#include "lab/damage_dice.h"
#include "lab/log_image.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

// Not thread-safe.
class DamagedLog {
 public:
  // Runs the scenario to that end. Returns what is wrong with what it leaves, undamaged.
  std::string Make(const Scenario& scenario, Ending ending, uint64_t seed);

  // A copy of the disk that it left.
  std::unique_ptr<SimulatedDisk> Copy() const { return left_->AfterKill(); }
  absl::StatusOr<Log> Open(FileSystem* file_system, RecoveryMode mode);

  const LogImage& image() const { return image_; }
  const DamageSources& sources() const { return sources_; }

 private:
  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<SimulatedDisk> left_;
  LogImage image_;
  DamageSources sources_;
};

}  // namespace eventlog::test
