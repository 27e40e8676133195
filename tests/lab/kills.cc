#include "lab/kills.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>

#include "absl/time/clock.h"
#include "base/assert.h"
#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "lab/appenders.h"
#include "lab/random_work.h"
#include "lab/shared_facts.h"

namespace eventlog::test {
namespace {

constexpr int64_t kNumbersPerChild = 1'000'000;
constexpr absl::Duration kLongestLife = absl::Milliseconds(6);  // on a quick disk

class KillLoop {
 public:
  KillLoop(const KillOptions& options, KillFigures* figures)
      : options_(options), figures_(figures), dice_(options.seed) {}

  std::string Run();

 private:
  absl::Status Open(Application* application, FileSystem* files, bool background_thread);
  void Work();
  void OnlyOpen();

  std::string KillDuring(void (KillLoop::*body)(), absl::Duration longest);
  void AwaitFacts(int64_t count, absl::Duration longest) const;
  std::string RecoverAndJudge();
  int Below(int limit) { return static_cast<int>(dice_() % static_cast<uint64_t>(limit)); }

  const KillOptions options_;
  KillFigures* const figures_;
  std::mt19937_64 dice_;  // a child's are its own
  ManualClock clock_;
  Oracle oracle_;
  SharedFacts facts_;
  int64_t kills_ = 0;
  absl::Duration opening_ = absl::Milliseconds(1);  // how long the last took
};

absl::Status KillLoop::Open(Application* application, FileSystem* files, bool background_thread) {
  LogOptions options = application->Options(files, options_.directory);
  if (options_.threads) {
    options.clock = Clock::System();
    options.background_thread = background_thread;
  }
  return application->Open(std::move(options));
}

// The child's.
void KillLoop::Work() {
  Application application(&clock_, dice_(), [this](const Fact& fact) { facts_.Tell(fact); });
  application.NumberFrom((kills_ + 1) * kNumbersPerChild);
  absl::Status status = Open(&application, options_.files, /*background_thread=*/true);
  if (!status.ok()) return facts_.Fail("recovery refused: " + status.ToString());
  facts_.Tell({.kind = Fact::Kind::kTimePassed, .at = clock_.Monotonic()});  // so it is open
  if (options_.threads) return AppendUntilKilled(application.log(), dice_(), kills_, &facts_);
  RandomWork work(&application, &dice_);
  status = work.MakeTopics();
  while (status.ok()) status = work.Operate();
  facts_.Fail(status.ToString());
}

void KillLoop::OnlyOpen() {
  Application application(&clock_, dice_(), [](const Fact&) {});
  const absl::Status status = Open(&application, options_.files, /*background_thread=*/true);
  if (!status.ok()) return facts_.Fail("recovery refused: " + status.ToString());
  facts_.Tell({.kind = Fact::Kind::kTimePassed, .at = clock_.Monotonic()});
}

void KillLoop::AwaitFacts(int64_t count, absl::Duration longest) const {
  const absl::Duration end = Clock::System()->Monotonic() + longest;
  while (facts_.count() < count && Clock::System()->Monotonic() < end) usleep(50);
}

// What is wrong if the child did not live until it was killed. Learns what it told.
std::string KillLoop::KillDuring(void (KillLoop::*body)(), absl::Duration longest) {
  const uint64_t seed = dice_();
  const int facts = Below(4) == 0 ? 1 + Below(400) : 0;
  const absl::Duration life = longest * Below(1000) / 1000;
  const pid_t parent = getpid();
  const pid_t child = fork();
  EVENTLOG_ASSERT(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dice_.seed(seed);
    (this->*body)();
    while (facts_.failure().empty()) pause();
    _exit(1);
  }
  facts > 0 ? AwaitFacts(facts, longest) : absl::SleepFor(life);
  int status = 0;
  const bool alive = waitpid(child, &status, WNOHANG) == 0;
  if (alive) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
  }
  ++kills_;
  ++figures_->kills;
  const std::vector<Fact> told = facts_.Take();
  figures_->facts += static_cast<int64_t>(told.size());
  figures_->in_recovery += told.empty() ? 1 : 0;
  for (const Fact& fact : told) {
    clock_.AdvanceTo(fact.at);
    oracle_.Learn(fact);
  }
  if (!facts_.failure().empty()) return facts_.failure();
  if (alive && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return "";
  return WIFSIGNALED(status) ? fmt::format("died of {}", strsignal(WTERMSIG(status))) : "exited";
}

std::string KillLoop::RecoverAndJudge() {
  FaultFileSystem files(FileSystem::Posix());
  Application application(&clock_, dice_(), [](const Fact&) {});
  const absl::Duration start = Clock::System()->Monotonic();
  const absl::Status opened = Open(&application, &files, /*background_thread=*/false);
  opening_ = Clock::System()->Monotonic() - start;
  if (!opened.ok()) return "recovery refused: " + opened.ToString();
  std::string wrong = oracle_.Judge(application.log(), Crash::kKill, clock_.Monotonic());
  if (Below(2) == 0) {  // what a kill right behind the recovery leaves
    files.Intercept(
        [](const FaultFileSystem::Call&) { return absl::UnavailableError("the process is gone"); });
    application.Abandon();
  } else if (const absl::Status closed = application.Close(); wrong.empty() && !closed.ok()) {
    wrong = "close: " + closed.ToString();
  }
  return wrong;
}

std::string KillLoop::Run() {
  std::string wrong;
  while (kills_ < options_.kills && wrong.empty()) {
    wrong = KillDuring(&KillLoop::Work, std::max(kLongestLife, 4 * opening_));
    for (int again = Below(3) == 0 ? 1 + Below(3) : 0; again > 0 && wrong.empty(); --again) {
      wrong = KillDuring(&KillLoop::OnlyOpen, 2 * opening_);
    }
    if (wrong.empty()) wrong = RecoverAndJudge();
  }
  figures_->records_judged += oracle_.records_judged();
  if (!wrong.empty()) {
    return fmt::format("kills, seed {}{}, kill {} in {}: {}", options_.seed,
                       options_.threads ? ", threads" : "", kills_, options_.directory, wrong);
  }
  std::filesystem::remove_all(options_.directory);
  return "";
}

}  // namespace

std::string RunKills(const KillOptions& options, KillFigures* figures) {
  return KillLoop(options, figures).Run();
}

}  // namespace eventlog::test
