#include "lab/damaged_log.h"

#include <utility>

#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "lab/dice.h"
#include "lab/oracle.h"

namespace eventlog::test {
namespace {

constexpr int64_t kCallsBetweenCopies = 60;

// What a scenario leaves, and some copies of what it had before.
absl::Status Leave(const Scenario& scenario, Ending ending, uint64_t seed, ManualClock* clock,
                   Oracle* oracle, std::unique_ptr<SimulatedDisk>* left,
                   std::vector<FileContents>* older) {
  SimulatedDisk disk;
  FaultFileSystem calls(&disk);
  calls.Intercept([&](const FaultFileSystem::Call& call) {
    const bool copied = call.number % kCallsBetweenCopies == 0 && older->size() < 8;
    if (copied) older->push_back(ContentsOf(disk));
    return absl::OkStatus();
  });
  Application application(clock, seed, [&](const Fact& fact) { oracle->Learn(fact); });
  absl::Status status = application.Open(application.Options(&calls));
  if (status.ok()) status = scenario.run(&application);
  if (status.ok() && ending == Ending::kClosed) status = application.Close();
  *left = ending == Ending::kPowerCut ? disk.AfterPowerCut(SimulatedDisk::Survival::kSome, seed)
                                      : disk.AfterKill();
  calls.Heal();
  return status;
}

}  // namespace

std::string DamagedLog::Make(const Scenario& scenario, Ending ending, uint64_t seed) {
  Oracle oracle;
  const absl::Status made =
      Leave(scenario, ending, seed, &clock_, &oracle, &left_, &sources_.older);
  if (!made.ok()) return "the scenario: " + made.ToString();
  sources_.files = ContentsOf(*left_);
  {
    ManualClock clock;
    Oracle nobody;
    std::unique_ptr<SimulatedDisk> other;
    std::vector<FileContents> none;
    const absl::Status another =
        Leave(scenario, Ending::kClosed, seed + 1, &clock, &nobody, &other, &none);
    if (!another.ok()) return "another log: " + another.ToString();
    sources_.other = ContentsOf(*other);
  }
  const auto disk = Copy();
  auto log = Open(disk.get(), RecoveryMode::kRefuse);
  if (!log.ok()) return "undamaged: " + log.status().ToString();
  const Crash crash = ending == Ending::kPowerCut ? Crash::kPowerCut
                      : ending == Ending::kKilled ? Crash::kKill
                                                  : Crash::kNone;
  std::string wrong = oracle.Judge(&*log, crash, clock_.Monotonic());
  if (!wrong.empty()) return "undamaged: " + wrong;
  auto image = TakeImage(left_.get(), &*log);
  if (!image.ok()) return "undamaged: " + image.status().ToString();
  image_ = *std::move(image);
  return "";
}

absl::StatusOr<Log> DamagedLog::Open(FileSystem* file_system, RecoveryMode mode) {
  LogOptions options = Application(&clock_, 0, [](const Fact&) {}).Options(file_system);
  options.random = &random_;
  options.recovery_mode = mode;
  options.tuning.cache_bytes = 0;  // what was read before is not to hide what became of the file
  return Log::Open(std::move(options));
}

}  // namespace eventlog::test
