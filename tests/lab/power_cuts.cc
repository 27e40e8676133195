#include "lab/power_cuts.h"

#include <memory>
#include <random>
#include <utility>

#include "eventlog/status_macros.h"
#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

using Survival = SimulatedDisk::Survival;
constexpr int kDeepest = 3;
constexpr uint64_t kCallsBehindFault = 16;  // one of which, by dice, is where it crashes
constexpr uint64_t kLooks = 4;  // of so many recoveries one is looked at before it closes its log

class Campaign {
 public:
  Campaign(const CutOptions& options, CrashFigures* figures)
      : options_(options), figures_(figures), dice_(options.seed) {}

  std::string Run(const Scenario& scenario);
  // Tries what a crash right now leaves.
  void CrashNow(const SimulatedDisk& disk, const Oracle& oracle, ManualClock* clock,
                const std::string& where);
  // The same of one outcome, by dice, for which that much is forgiven.
  void CrashOnce(const SimulatedDisk& disk, const Oracle& oracle, Crash crash, ManualClock* clock,
                 const std::string& where);
  const std::string& wrong() const { return wrong_; }
  uint64_t Throw() { return dice_(); }

 private:
  void Crashed(std::unique_ptr<SimulatedDisk> disk, Oracle oracle, Crash crash, ManualClock* now,
               const std::string& where, int depth);
  void CrashAt(const SimulatedDisk& disk, const Oracle& oracle, Crash crash, ManualClock* clock,
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
    application.Look();
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

void Campaign::CrashOnce(const SimulatedDisk& disk, const Oracle& oracle, Crash crash,
                         ManualClock* clock, const std::string& where) {
  if (wrong_.empty()) CrashAt(disk, oracle, crash, clock, where, kDeepest - 1);
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
        ++figures_->nested;
        CrashAt(*disk, oracle, crash, &clock,
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

// One outcome, by dice. A kill after a power cut forgives no less than the cut.
void Campaign::CrashAt(const SimulatedDisk& disk, const Oracle& oracle, Crash crash,
                       ManualClock* clock, const std::string& where, int depth) {
  if (dice_() % 4 == 0) {
    ++figures_->kills;
    return Crashed(disk.AfterKill(), oracle, crash, clock, where + ", a kill", depth);
  }
  ++figures_->power_cuts;
  const auto survival = dice_() % 4 == 0 ? Survival::kNothing : Survival::kSome;
  Crashed(disk.AfterPowerCut(survival, dice_()), oracle, Crash::kPowerCut, clock,
          where + ", a power cut", depth);
}

// One run of a scenario in which one call fails.
class FailingRun {
 public:
  FailingRun(const Scenario& scenario, uint64_t seed, Campaign* campaign)
      : scenario_(scenario),
        campaign_(campaign),
        application_(&clock_, seed, [this](const Fact& fact) { oracle_.Learn(fact); }) {}

  ~FailingRun() { calls_.Heal(); }

  // Does the scenario; that call fails, 0: none. What the application is told.
  absl::Status Work(int64_t failing);
  int64_t calls() const { return calls_.Count(); }
  // What is wrong with the log that Work has left.
  std::string GoOn();
  const std::string& where() const { return where_; }

 private:
  absl::Status Before(const FaultFileSystem::Call& call);
  absl::Status Fail(const FaultFileSystem::Call& call);
  void CrashNow(const std::string& when) {
    application_.Look();
    campaign_->CrashOnce(disk_, oracle_, forgiven_, &clock_, where_ + when);
  }
  std::string Reopen();
  absl::Status AppendEverywhere();

  const Scenario& scenario_;
  Campaign* const campaign_;
  SimulatedDisk disk_;
  FaultFileSystem calls_{&disk_};
  ManualClock clock_;
  Oracle oracle_;
  int64_t failing_ = 0;
  // A failed sync may have cost the cache what no device had, of which the log takes nothing for
  // true any more: until it is reopened it may lose what a power cut would.
  Crash forgiven_ = Crash::kKill;
  bool lost_by_segment_ = false;  // else memory has it all: Reopen loses nothing
  std::string where_;             // empty: nothing has failed yet
  Application application_;
};

// The call, or its error.
absl::Status FailingRun::Fail(const FaultFileSystem::Call& call) {
  using Fault = FaultFileSystem::Fault;
  constexpr Fault kFaults[] = {Fault::kIoError, Fault::kDiskFull, Fault::kTooManyOpenFiles};
  constexpr const char* kNames[] = {"fails", "finds a full disk", "finds too many open files"};
  const auto say = [&](const char* how) {
    where_ = fmt::format("{}, call {}, {} of {}, {}", scenario_.name, call.number, call.name,
                         call.path, how);
  };
  const uint64_t dice = campaign_->Throw();
  if (call.name == "SyncData") {
    disk_.FailNextSync(dice % 2 == 0 ? Survival::kNothing : Survival::kSome, dice);
    forgiven_ = Crash::kPowerCut;
    lost_by_segment_ = call.path.find("/journal/") == call.path.npos;
    say(dice % 2 == 0 ? "loses everything" : "loses some");
    return absl::OkStatus();
  }
  if (call.name == "WriteAt" && dice % 2 == 0) {
    disk_.FailNextWrite(static_cast<int64_t>(dice % 9000));
    say("is cut short");
    return absl::OkStatus();
  }
  say(kNames[dice % 3]);
  return FaultFileSystem::ErrorOf(kFaults[dice % 3], call);
}

absl::Status FailingRun::Before(const FaultFileSystem::Call& call) {
  if (call.number == failing_) return Fail(call);
  if (!where_.empty() && campaign_->Throw() % kCallsBehindFault == 0) {
    CrashNow(fmt::format("; before call {}, {} of {}", call.number, call.name, call.path));
  }
  return absl::OkStatus();
}

absl::Status FailingRun::Work(int64_t failing) {
  failing_ = failing;
  calls_.Intercept([this](const FaultFileSystem::Call& call) { return Before(call); });
  absl::Status status = application_.Open(application_.Options(&calls_));
  if (status.ok()) status = scenario_.run(&application_);
  where_ += "; the application is told " + status.ToString();
  return status;
}

// All that it brings back is durable. Of a log that has not stopped it only opens the topics, one
// whose creation has failed behind its commit among them.
std::string FailingRun::Reopen() {
  const ErrorReason why = ReasonOf(application_.Maintain(absl::ZeroDuration()));
  const absl::Status reopened = why == ErrorReason::kClosed
                                    ? application_.Open(application_.Options(&calls_))
                                    : application_.Reopen();
  if (!reopened.ok()) return reopened.ToString();
  if (why != ErrorReason::kClosed && why != ErrorReason::kPoisoned) return "";
  const Crash crash = lost_by_segment_ ? Crash::kPowerCut : Crash::kNone;
  forgiven_ = Crash::kKill;
  std::string wrong = oracle_.Judge(application_.log(), crash, clock_.Monotonic());
  return wrong.empty() ? JudgeRecovered(disk_, oracle_, &clock_) : wrong;
}

absl::Status FailingRun::AppendEverywhere() {
  EVENTLOG_ASSIGN_OR_RETURN(const auto topics, application_.log()->ListTopics());
  for (const std::string& name : topics) {
    if (name.starts_with("__")) continue;
    EVENTLOG_ASSIGN_OR_RETURN(const auto described, application_.log()->DescribeTopic(name));
    const auto partitions = static_cast<int32_t>(described.partitions.size());
    for (int32_t i = 0; i < partitions; ++i) {
      EVENTLOG_RETURN_IF_ERROR(application_.Append({name, i}, 600));
    }
  }
  return application_.Maintain(absl::Minutes(2));
}

std::string FailingRun::GoOn() {
  CrashNow("; then");
  if (std::string wrong = Reopen(); !wrong.empty()) return "Reopen: " + wrong;
  CrashNow("; reopened");
  if (const absl::Status appended = AppendEverywhere(); !appended.ok()) {
    return "behind Reopen: " + appended.ToString();
  }
  CrashNow("; reopened and appended to");
  calls_.Heal();
  return "";
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

std::string FailAndCrashEverywhere(const Scenario& scenario, const CutOptions& options,
                                   CrashFigures* figures) {
  Campaign campaign(options, figures);
  FailingRun first(scenario, options.seed, &campaign);
  if (const absl::Status status = first.Work(/*failing=*/0); !status.ok()) {
    return fmt::format("{}: {}", scenario.name, status.ToString());
  }
  for (int64_t failing = 1; failing <= first.calls(); ++failing) {
    if (campaign.Throw() % static_cast<uint64_t>(options.every) != 0) continue;
    ++figures->fault_points;
    FailingRun run(scenario, options.seed, &campaign);
    run.Work(failing).IgnoreError();  // it may be told of the failure
    const std::string wrong = run.GoOn();
    if (!campaign.wrong().empty()) return campaign.wrong();
    if (!wrong.empty()) return fmt::format("{}, seed {}: {}", run.where(), options.seed, wrong);
  }
  return "";
}

}  // namespace eventlog::test
