#include "lab/random_history.h"

namespace eventlog::test {
RandomHistory::RandomHistory(uint64_t seed)
    : dice_(seed),
      disk_(std::make_unique<SimulatedDisk>()),
      application_(&clock_, seed, [this](const Fact& fact) {
        if (left_ == nullptr) oracle_.Learn(fact);  // the dead learn nothing
      }) {}

RandomHistory::~RandomHistory() {
  if (left_ == nullptr) CrashNow();  // so that nothing is left to be written
}

void RandomHistory::ArmCrash(int calls, Crash crash) {
  calls_left_ = calls;
  crash_ = crash;
  left_ = nullptr;
}

void RandomHistory::CrashNow() {
  application_.Look();
  const auto survival =
      Below(4) == 0 ? SimulatedDisk::Survival::kNothing : SimulatedDisk::Survival::kSome;
  left_ = crash_ == Crash::kPowerCut ? disk_->AfterPowerCut(survival, dice_()) : disk_->AfterKill();
}

std::string RandomHistory::Run(int crashes, int operations) {
  for (int i = 0; i < crashes; ++i) {
    if (std::string wrong = RecoverAndJudge(); !wrong.empty()) return wrong;
    ArmCrash(Below(6 * operations), Below(4) != 0 ? Crash::kPowerCut : Crash::kKill);
    absl::Status status = work_.MakeTopics();
    for (int done = 0; done < operations && status.ok(); ++done) status = work_.Operate();
    if (!status.ok() && left_ == nullptr) return "an error without a crash: " + status.ToString();
    if (left_ == nullptr) CrashNow();  // between two calls
    ++(crash_ == Crash::kPowerCut ? figures_.power_cuts : figures_.kills);
  }
  std::string wrong = RecoverAndJudge();
  figures_.records_judged = oracle_.records_judged();
  return wrong;
}

std::string RandomHistory::RecoverAndJudge() {
  Crash crash = crash_;
  absl::Status opened;
  for (int again = Below(3) == 0 ? 1 + Below(3) : 0;; --again) {
    application_.Abandon();
    if (left_ != nullptr) disk_ = std::move(left_);
    calls_ = std::make_unique<FaultFileSystem>(disk_.get());
    calls_->Intercept([this](const FaultFileSystem::Call&) -> absl::Status {
      if (left_ == nullptr && calls_left_ >= 0 && calls_left_-- == 0) CrashNow();
      if (left_ == nullptr) return absl::OkStatus();
      return absl::UnavailableError("the machine is gone");
    });
    ArmCrash(again > 0 ? Below(recovery_calls_) : -1,
             Below(3) != 0 ? Crash::kPowerCut : Crash::kKill);
    opened = application_.Open(application_.Options(calls_.get()));
    if (left_ == nullptr) break;
    ++figures_.nested;
    ++(crash_ == Crash::kPowerCut ? figures_.power_cuts : figures_.kills);
    if (crash_ == Crash::kPowerCut) crash = Crash::kPowerCut;
  }
  ArmCrash(-1, Crash::kNone);
  recovery_calls_ = static_cast<int>(calls_->Count());
  if (!opened.ok()) return "recovery refused: " + opened.ToString();
  Log* const log = application_.log();
  if (std::string wrong = oracle_.Judge(log, crash, clock_.Monotonic()); !wrong.empty()) {
    return wrong;
  }
  if (std::string wrong = JudgeRecovered(*disk_, oracle_, &clock_); !wrong.empty()) return wrong;
  if (absl::Status again = application_.Restart(); !again.ok()) {
    return "the second recovery refused: " + again.ToString();
  }
  if (std::string wrong = oracle_.Judge(log, Crash::kNone, clock_.Monotonic()); !wrong.empty()) {
    return "after a second recovery: " + wrong;
  }
  return "";
}

}  // namespace eventlog::test
