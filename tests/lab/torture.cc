// ./dev torture: a balanced mixture of all campaigns, each a share at a time in a process of its
// own, until the time is over. Share after share of a campaign has the seed one higher.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/assert.h"
#include "eventlog/clock.h"
#include "fmt/format.h"
#include "lab/damage.h"
#include "lab/ext4_cuts.h"
#include "lab/kills.h"
#include "lab/power_cuts.h"
#include "lab/random_history.h"
#include "lab/scenarios.h"
#include "lab/shared_memory.h"
#include "support/child_report.h"
#include "syscalls/syscall_faults.h"

namespace eventlog::test {
namespace {

constexpr char kSkipped[] = "is skipped: ";
constexpr absl::Duration kBetweenReports = absl::Seconds(10);
constexpr unsigned kLongestShareSeconds = 600;  // it hangs

struct Figures {
  int64_t simulated_power_cuts = 0;
  int64_t fault_points = 0;
  int64_t sigkills = 0;
  int64_t corruptions = 0;
  int64_t ext4_cuts = 0;
};

struct Place {
  std::string memory;
  std::string disk;
};

struct Campaign {
  const char* name;
  const char* unit;
  int64_t Figures::*counted;
  // A share of about a second: what is wrong, or an empty string.
  std::string (*run)(uint64_t seed, const Place& place, Figures* figures);

  uint64_t shares = 0;
  absl::Duration took = absl::ZeroDuration();
  int64_t count = 0;
  bool stopped = false;  // it found something, or cannot run here
};

const Scenario& ScenarioOf(uint64_t seed) { return Scenarios()[seed % Scenarios().size()]; }

std::string CutScenario(uint64_t seed, const Place&, Figures* figures) {
  CrashFigures found;
  std::string wrong = CrashEverywhere(ScenarioOf(seed), {.seed = seed, .every = 16}, &found);
  if (wrong.empty()) {
    wrong = FailAndCrashEverywhere(ScenarioOf(seed), {.seed = seed, .every = 100}, &found);
  }
  figures->simulated_power_cuts += found.power_cuts;
  figures->fault_points += found.fault_points;
  return wrong;
}

std::string CutHistory(uint64_t seed, const Place&, Figures* figures) {
  RandomHistory history(seed);
  std::string wrong = history.Run(/*crashes=*/6, /*operations=*/40);
  figures->simulated_power_cuts += history.figures().power_cuts;
  return wrong;
}

// Mostly in memory, where everything is quick; a real disk has other moments, and so has a new log.
std::string Kill(uint64_t seed, const Place& place, Figures* figures) {
  const bool disk = seed % 16 == 0;
  KillFigures found;
  std::string wrong =
      RunKills({.directory = fmt::format("{}/kills-{}", disk ? place.disk : place.memory, seed),
                .seed = seed,
                .kills = seed % 4 == 0 ? 5 : 50,
                .threads = seed % 3 == 0},
               &found);
  figures->sigkills += found.kills;
  return wrong;
}

std::string CutExt4(uint64_t seed, const Place& place, Figures* figures) {
  Ext4Figures found;
  std::string wrong = RunExt4Cuts({.directory = place.memory, .seed = seed, .cuts = 30}, &found);
  figures->ext4_cuts += found.cuts;
  if (found.damaged > 0) {
    fmt::print(stderr, "ext4, seed {}: the kernel says that a cut damaged ext4 itself\n", seed);
  }
  return found.possible || wrong.empty() ? wrong : std::string(kSkipped) + wrong;
}

std::string FailCalls(uint64_t seed, const Place& place, Figures* figures) {
  setenv("TMPDIR", place.memory.c_str(), 1);
  SyscallFigures found;
  std::string wrong = FailEverySystemCall(ScenarioOf(seed), {.seed = seed, .every = 40}, &found);
  figures->fault_points += found.points;
  return wrong;
}

std::string DamageFiles(uint64_t seed, const Place&, Figures* figures) {
  DamageFigures found;
  std::string wrong = RunDamage({.seed = seed}, &found);
  figures->corruptions += found.corruptions;
  return wrong;
}

std::vector<Campaign> Campaigns() {
  return {
      {"scenarios", "simulated power cuts", &Figures::simulated_power_cuts, CutScenario},
      {"histories", "simulated power cuts", &Figures::simulated_power_cuts, CutHistory},
      {"faults", "fault points", &Figures::fault_points, FailCalls},
      {"kills", "SIGKILLs", &Figures::sigkills, Kill},
      {"damage", "corruptions", &Figures::corruptions, DamageFiles},
      {"ext4", "ext4 cuts", &Figures::ext4_cuts, CutExt4},
  };
}

// Where there is so much less, as in containers, a share would fill it.
constexpr uintmax_t kEnoughMemoryBytes = 256 << 20;

bool IsRoomy(const char* directory) {
  std::error_code unknown;
  const auto space = std::filesystem::space(directory, unknown);
  return access(directory, W_OK) == 0 && !unknown && space.available >= kEnoughMemoryBytes;
}

volatile sig_atomic_t interrupted = 0;

class Torture {
 public:
  Torture(uint64_t seed, std::vector<Campaign> campaigns)
      : seed_(seed), campaigns_(std::move(campaigns)) {
    const char* const commit = getenv("EVENTLOG_COMMIT");
    if (commit != nullptr) commit_ = commit;
    const char* const temporary = getenv("TMPDIR");
    place_.disk = MakeDirectory(temporary != nullptr ? temporary : "/tmp");
    place_.memory = IsRoomy("/dev/shm") ? MakeDirectory("/dev/shm") : place_.disk;
  }

  // Returns how many violations there were.
  int Run(absl::Duration time);
  std::string Json() const;

 private:
  static std::string MakeDirectory(const std::string& parent);
  Campaign* Next();
  void RunShare(Campaign* campaign);
  void Report(const Campaign& campaign, uint64_t seed, const std::string& wrong);
  std::string Progress() const;
  void PrintTable() const;

  const uint64_t seed_;
  std::string commit_ = "unknown";
  Place place_;
  std::vector<Campaign> campaigns_;
  SharedMemory<Figures> figures_;  // the shares add to them
  int violations_ = 0;
  absl::Duration took_ = absl::ZeroDuration();
};

std::string Torture::MakeDirectory(const std::string& parent) {
  std::string path = parent + "/eventlog-torture-XXXXXX";
  EVENTLOG_ASSERT(mkdtemp(path.data()) != nullptr);
  return path;
}

// Whoever had the least of the time.
Campaign* Torture::Next() {
  Campaign* next = nullptr;
  for (Campaign& campaign : campaigns_) {
    if (campaign.stopped || (next != nullptr && next->took <= campaign.took)) continue;
    next = &campaign;
  }
  return next;
}

void Torture::RunShare(Campaign* campaign) {
  const absl::Duration start = Clock::System()->Monotonic();
  const uint64_t seed = seed_ + campaign->shares++;
  const int64_t before = (*figures_).*campaign->counted;
  const std::string wrong = ReportOfChild([&] {
    alarm(kLongestShareSeconds);
    return campaign->run(seed, place_, &*figures_);
  });
  campaign->count += (*figures_).*campaign->counted - before;
  campaign->took += Clock::System()->Monotonic() - start;
  if (!wrong.empty()) Report(*campaign, seed, wrong);
  campaign->stopped = !wrong.empty();
}

void Torture::Report(const Campaign& campaign, uint64_t seed, const std::string& wrong) {
  if (wrong.starts_with(kSkipped)) {
    fmt::print("{} {}\n", campaign.name, wrong);
    return;
  }
  ++violations_;
  fmt::print(
      "VIOLATION in {}, seed {}, commit {}: {}\n"
      "  again: ./dev torture --only {} --seed {} --seconds 1\n",
      campaign.name, seed, commit_, wrong, campaign.name, seed);
}

std::string Torture::Progress() const {
  const Figures& now = *figures_;
  return fmt::format(
      "{:.0f} s: {} simulated power cuts, {} fault points, {} SIGKILLs, {} corruptions, "
      "{} ext4 cuts, {} violations",
      absl::ToDoubleSeconds(took_), now.simulated_power_cuts, now.fault_points, now.sigkills,
      now.corruptions, now.ext4_cuts, violations_);
}

void Torture::PrintTable() const {
  fmt::print("{:<10} {:>7} {:>8}\n", "campaign", "shares", "seconds");
  for (const Campaign& campaign : campaigns_) {
    fmt::print("{:<10} {:>7} {:>8.1f}  {} {}\n", campaign.name, campaign.shares,
               absl::ToDoubleSeconds(campaign.took), campaign.count, campaign.unit);
  }
}

int Torture::Run(absl::Duration time) {
  const absl::Duration start = Clock::System()->Monotonic();
  absl::Duration told = absl::ZeroDuration();
  fmt::print("seed {}, commit {}\n", seed_, commit_);
  while (interrupted == 0 && took_ < time) {
    Campaign* const next = Next();
    if (next == nullptr) break;
    RunShare(next);
    took_ = Clock::System()->Monotonic() - start;
    if (took_ - told >= kBetweenReports) {
      told = took_;
      fmt::print("{}\n", Progress());
    }
    fflush(stdout);
  }
  PrintTable();
  fmt::print("{}; seed {}, commit {}\n", Progress(), seed_, commit_);
  for (const std::string& left : {place_.memory, place_.disk}) {
    if (violations_ == 0) std::filesystem::remove_all(left);
    std::error_code not_empty;
    std::filesystem::remove(left, not_empty);
    if (not_empty) fmt::print("what was found lies in {}\n", left);
  }
  return violations_;
}

std::string Torture::Json() const {
  const Figures& now = *figures_;
  return fmt::format(
      "{{\n  \"simulated_power_cuts\": {},\n  \"fault_points\": {},\n  \"sigkills\": {},\n"
      "  \"corruptions\": {},\n  \"ext4_cuts\": {},\n  \"violations\": {},\n"
      "  \"seed\": {},\n  \"commit\": \"{}\",\n  \"seconds\": {:.1f}\n}}\n",
      now.simulated_power_cuts, now.fault_points, now.sigkills, now.corruptions, now.ext4_cuts,
      violations_, seed_, commit_, absl::ToDoubleSeconds(took_));
}

int Main(int argc, char** argv) {
  double seconds = 60;
  uint64_t seed = 1;
  std::string json;
  std::string only;
  std::vector<Campaign> campaigns = Campaigns();
  std::vector<std::string> names;
  for (const Campaign& campaign : campaigns) names.emplace_back(campaign.name);
  CLI::App app(
      "Crashes, kills, fails and damages logs until the time is over, and judges what is left.");
  app.name("torture");
  app.add_option("--seconds", seconds, "how long")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e7));
  app.add_option("--seed", seed, "of the first share of each campaign")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--json", json, "a file for the figures");
  app.add_option("--only", only, "one campaign")->check(CLI::IsMember(names));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::ofstream figures;
  if (!json.empty()) {
    figures.open(json);
    if (!figures) {
      fmt::print(stderr, "torture: cannot write {}: {}\n", json, strerror(errno));
      return 2;
    }
  }
  if (!only.empty()) {
    std::erase_if(campaigns, [&](const Campaign& campaign) { return only != campaign.name; });
  }
  signal(SIGINT, [](int) { interrupted = 1; });  // the present share is still judged
  Torture torture(seed, std::move(campaigns));
  const int violations = torture.Run(absl::Seconds(seconds));
  if (figures.is_open()) figures << torture.Json();
  return violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace eventlog::test

int main(int argc, char** argv) { return eventlog::test::Main(argc, argv); }
