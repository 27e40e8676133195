#include "lab/ext4_cuts.h"

#include <signal.h>
#include <sys/prctl.h>

#include <random>
#include <thread>

#include "absl/time/clock.h"
#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "lab/ext4_disk.h"
#include "lab/random_work.h"
#include "lab/shared_memory.h"
#include "support/child_report.h"

namespace eventlog::test {
namespace {

constexpr int kCalls = 120;    // of the work, before one of which the power is cut
constexpr int kMicros = 3000;  // the work's, when it is cut at any moment

class Ext4Loop {
 public:
  Ext4Loop(const Ext4Options& options, Ext4Disk* disk, Ext4Figures* figures)
      : log_(options.directory + "/log"),
        cuts_(options.cuts),
        disk_(disk),
        figures_(figures),
        dice_(options.seed),
        calls_(options.files),
        application_(&clock_, options.seed, [this](const Fact& fact) { oracle_.Learn(fact); }) {}
  ~Ext4Loop() {
    if (!disk_->is_cut()) disk_->Cut();  // so that nothing is left to be written
  }

  std::string Run();

 private:
  void ArmCut(int calls);
  std::string Work();
  std::string Recover();
  int Below(int limit) { return static_cast<int>(dice_() % static_cast<uint64_t>(limit)); }

  const std::string log_;
  const int64_t cuts_;
  Ext4Disk* const disk_;
  Ext4Figures* const figures_;
  std::mt19937_64 dice_;
  ManualClock clock_;
  Oracle oracle_;
  FaultFileSystem calls_;
  Application application_;
  RandomWork work_{&application_, &dice_};
  int recovery_calls_ = 60;  // of the last recovery; before the first, about as many as it makes
};

void Ext4Loop::ArmCut(int calls) {
  calls_.ResetCounts();
  calls_.Intercept([this, calls](const FaultFileSystem::Call& call) {
    if (call.number > calls && !disk_->is_cut()) disk_->Cut();
    return absl::OkStatus();
  });
}

// Until the power is gone and the log has noticed.
std::string Ext4Loop::Work() {
  std::thread plug;
  if (Below(3) == 0) {
    plug = std::thread([this, micros = Below(kMicros)] {
      absl::SleepFor(absl::Microseconds(micros));
      disk_->Cut();
    });
  } else {
    ArmCut(Below(kCalls));
  }
  absl::Status status = work_.MakeTopics();
  while (status.ok()) status = work_.Operate();
  const bool early = !disk_->is_cut();
  if (plug.joinable()) plug.join();
  calls_.Heal();
  return early ? "an error without a cut: " + status.ToString() : "";
}

// Until a recovery is left alone.
std::string Ext4Loop::Recover() {
  absl::Status opened;
  for (int again = Below(3) == 0 ? 1 + Below(3) : 0;; --again) {
    application_.Abandon();
    if (disk_->is_cut()) disk_->MountAgain();
    calls_.ResetCounts();
    if (again > 0) ArmCut(Below(recovery_calls_));
    opened = application_.Open(application_.Options(&calls_, log_));
    calls_.Heal();
    if (!disk_->is_cut()) break;
    ++figures_->cuts;
    ++figures_->in_recovery;
  }
  recovery_calls_ = static_cast<int>(calls_.Count());
  return opened.ok() ? "" : "recovery refused: " + opened.ToString();
}

std::string Ext4Loop::Run() {
  std::string wrong = Recover();
  for (int64_t cut = 0; cut < cuts_ && wrong.empty(); ++cut) {
    wrong = Work();
    if (wrong.empty()) ++figures_->cuts;
    if (wrong.empty()) wrong = Recover();
    if (wrong.empty()) {
      wrong = oracle_.Judge(application_.log(), Crash::kPowerCut, clock_.Monotonic());
    }
    if (!wrong.empty()) wrong = fmt::format("cut {}: {}", cut, wrong);
    if (disk_->is_damaged()) {
      ++figures_->damaged;
      wrong.clear();
      break;
    }
  }
  figures_->records_judged += oracle_.records_judged();
  return wrong;
}

}  // namespace

std::string RunExt4Cuts(const Ext4Options& options, Ext4Figures* figures) {
  SharedMemory<Ext4Figures> shared;
  *shared = *figures;
  const std::string wrong = ReportOfChild([&]() -> std::string {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (std::string why = Ext4Disk::Isolate(); !why.empty()) return why;
    Ext4Disk disk(options.directory);
    if (std::string why = disk.Make(); !why.empty()) return why;
    shared->possible = true;
    return Ext4Loop(options, &disk, &*shared).Run();
  });
  *figures = *shared;
  if (wrong.empty() || !figures->possible) return wrong;
  return fmt::format("ext4, seed {}: {}", options.seed, wrong);
}

}  // namespace eventlog::test
