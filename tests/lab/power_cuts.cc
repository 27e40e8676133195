#include "lab/power_cuts.h"

#include <memory>
#include <random>
#include <utility>

#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

using Survival = SimulatedDisk::Survival;
constexpr int kDeepest = 3;
constexpr uint64_t kLooks = 4;  // of so many recoveries one is looked at before it closes its log

class Campaign {
 public:
  Campaign(const CutOptions& options, CrashFigures* figures)
      : options_(options), figures_(figures), dice_(options.seed) {}

  std::string Run(const Scenario& scenario);

 private:
  void CrashNow(const SimulatedDisk& disk, const Oracle& oracle, ManualClock* clock,
                const std::string& where);
  void Crashed(std::unique_ptr<SimulatedDisk> disk, Oracle oracle, Crash crash, ManualClock* now,
               const std::string& where, int depth);
  void CrashAgain(const SimulatedDisk& disk, const Oracle& oracle, Crash crash, ManualClock* clock,
                  const std::string& where, int depth);

  const CutOptions options_;
  CrashFigures* const figures_;
  std::mt19937_64 dice_;
  int64_t recovery_calls_ = 1;  // of the last recovery: the next crashes again at any of so many
  std::string wrong_;           // the first
};

std::string Campaign::Run(const Scenario& scenario) {
  SimulatedDisk disk;
  FaultFileSystem calls(&disk);
  ManualClock clock;
  Oracle oracle;
  Application application(&clock, options_.seed, [&](const Fact& fact) { oracle.Learn(fact); });
  calls.Intercept([&](const FaultFileSystem::Call& call) {
    const std::string where = fmt::format("{}, seed {}, before call {}, {} of {}", scenario.name,
                                          options_.seed, call.number, call.name, call.path);
    const bool crash = dice_() % static_cast<uint64_t>(options_.every) == 0;
    if (crash && wrong_.empty()) CrashNow(disk, oracle, &clock, where);
    return absl::OkStatus();
  });
  absl::Status status = application.Open(application.Options(&calls));
  if (status.ok()) status = scenario.run(&application);
  if (wrong_.empty()) CrashNow(disk, oracle, &clock, fmt::format("{}, at its end", scenario.name));
  calls.Heal();
  if (wrong_.empty() && !status.ok())
    return fmt::format("{}: {}", scenario.name, status.ToString());
  return wrong_;
}

void Campaign::CrashNow(const SimulatedDisk& disk, const Oracle& oracle, ManualClock* clock,
                        const std::string& where) {
  ++figures_->kills;
  Crashed(disk.AfterKill(), oracle, Crash::kKill, clock, where + ": a kill", 1);
  const auto cut = [&](Survival survival, const std::string& outcome) {
    ++figures_->power_cuts;
    Crashed(disk.AfterPowerCut(survival, dice_()), oracle, Crash::kPowerCut, clock,
            where + ": " + outcome, 1);
  };
  cut(Survival::kNothing, "a power cut that leaves nothing unsynced");
  cut(Survival::kEverything, "a power cut that leaves everything");
  for (int i = 0; i < options_.dice; ++i) cut(Survival::kSome, fmt::format("power cut {}", i));
}

// Recovers and judges twice: what one recovery leaves, the next one changes nothing of.
void Campaign::Crashed(std::unique_ptr<SimulatedDisk> disk, Oracle oracle, Crash crash,
                       ManualClock* now, const std::string& where, int depth) {
  ManualClock clock;
  clock.AdvanceTo(now->Monotonic());
  clock.SetWall(now->Now());
  FaultFileSystem calls(disk.get());
  Application application(&clock, options_.seed + 1, [](const Fact&) {});
  const auto options = application.Options(&calls);
  if (depth < kDeepest) {
    const auto again_at =
        1 + static_cast<int64_t>(dice_() % static_cast<uint64_t>(recovery_calls_));
    calls.Intercept([&, again_at](const FaultFileSystem::Call& call) {
      if (call.number == again_at && wrong_.empty()) {
        CrashAgain(*disk, oracle, crash, &clock,
                   fmt::format("{}; again before call {}, {} of {}", where, call.number, call.name,
                               call.path),
                   depth + 1);
      }
      return absl::OkStatus();
    });
  }
  const absl::Status opened = application.Open(options);
  calls.Heal();
  recovery_calls_ = calls.Count();
  std::string wrong = opened.ok() ? oracle.Judge(application.log(), crash, clock.Monotonic())
                                  : "recovery refused: " + opened.ToString();
  if (wrong.empty() && dice_() % kLooks == 0) wrong = JudgeRecovered(*disk, oracle, &clock);
  if (wrong.empty()) {
    const absl::Status again = application.Restart();
    wrong = again.ok() ? oracle.Judge(application.log(), Crash::kNone, clock.Monotonic())
                       : "the second recovery refused: " + again.ToString();
  }
  figures_->records_judged += oracle.records_judged();
  if (!wrong.empty() && wrong_.empty()) wrong_ = fmt::format("{}: {}", where, wrong);
}

// A kill after a power cut forgives no less than the cut.
void Campaign::CrashAgain(const SimulatedDisk& disk, const Oracle& oracle, Crash crash,
                          ManualClock* clock, const std::string& where, int depth) {
  ++figures_->nested;
  if (dice_() % 4 == 0) {
    ++figures_->kills;
    return Crashed(disk.AfterKill(), oracle, crash, clock, where + ", a kill", depth);
  }
  ++figures_->power_cuts;
  const auto survival = dice_() % 4 == 0 ? Survival::kNothing : Survival::kSome;
  Crashed(disk.AfterPowerCut(survival, dice_()), oracle, Crash::kPowerCut, clock,
          where + ", a power cut", depth);
}

}  // namespace

std::string JudgeRecovered(const SimulatedDisk& disk, const Oracle& oracle, ManualClock* clock) {
  for (const Crash crash : {Crash::kKill, Crash::kPowerCut}) {
    const auto left = crash == Crash::kKill ? disk.AfterKill()
                                            : disk.AfterPowerCut(Survival::kNothing, /*seed=*/0);
    Application application(clock, /*seed=*/1, [](const Fact&) {});
    const absl::Status opened = application.Open(application.Options(left.get()));
    const std::string wrong =
        opened.ok() ? Oracle(oracle).Judge(application.log(), Crash::kNone, clock->Monotonic())
                    : "recovery refused: " + opened.ToString();
    if (wrong.empty()) continue;
    return fmt::format("{} right behind the recovery: {}",
                       crash == Crash::kKill ? "a kill" : "a power cut", wrong);
  }
  return "";
}

std::string CrashEverywhere(const Scenario& scenario, const CutOptions& options,
                            CrashFigures* figures) {
  return Campaign(options, figures).Run(scenario);
}

}  // namespace eventlog::test
