#include "lab/random_history.h"

#include "eventlog/status_macros.h"

namespace eventlog::test {
namespace {

constexpr int kRoomBytes = 400 << 10;  // less than that is left where the disk is to fill up

}  // namespace

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
    if (Below(3) == 0) disk_->SetCapacity(disk_->Bytes() + Below(kRoomBytes));
    const absl::Status status = Work(operations);
    if (!status.ok() && left_ == nullptr) return "an error without a crash: " + status.ToString();
    if (left_ == nullptr) CrashNow();  // between two calls
    ++(crash_ == Crash::kPowerCut ? figures_.power_cuts : figures_.kills);
  }
  std::string wrong = RecoverAndJudge();
  figures_.records_judged = oracle_.records_judged();
  return wrong;
}

// Until it is done, or an error says more than that the disk is full.
absl::Status RandomHistory::Work(int operations) {
  absl::Status status = work_.MakeTopics();
  for (int done = 0; done < operations; ++done) {
    if (ReasonOf(status) == ErrorReason::kDiskFull && left_ == nullptr) status = GoOnFull();
    if (!status.ok()) return status;
    status = work_.Operate();
  }
  return ReasonOf(status) == ErrorReason::kDiskFull ? absl::OkStatus() : status;
}

// With the topics that are there, and with room for those that are not.
absl::Status RandomHistory::GoOnFull() {
  ++figures_.disk_full;
  if (Below(8) == 0) disk_->SetCapacity(SimulatedDisk::kNoCapacity);
  absl::Status status = application_.Reopen();
  if (status.ok()) status = work_.MakeTopics();
  if (status.ok()) return status;
  disk_->SetCapacity(SimulatedDisk::kNoCapacity);
  EVENTLOG_RETURN_IF_ERROR(application_.Restart());
  return work_.MakeTopics();
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
  disk_->SetCapacity(SimulatedDisk::kNoCapacity);
  if (ReasonOf(opened) == ErrorReason::kDiskFull) {
    opened = application_.Open(application_.Options(calls_.get()));
  }
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
