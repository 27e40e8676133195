#include "crash/staged_history.h"

#include <catch2/catch.hpp>
#include <utility>

namespace eventlog::test {
namespace {

using Survival = SimulatedDisk::Survival;

void WriteBack(SimulatedDisk* disk, const std::string& path) {
  INFO(path);
  if (disk->List(path).ok()) {
    REQUIRE(disk->SyncDirectory(path).ok());
    return;
  }
  auto file = disk->OpenFile(path, FileSystem::Open::kExisting);
  REQUIRE(file.ok());
  REQUIRE((*file)->SyncData().ok());
}

}  // namespace

std::unique_ptr<SimulatedDisk> NothingUnsynced(const SimulatedDisk& disk) {
  return disk.AfterPowerCut(Survival::kNothing, 0);
}
std::unique_ptr<SimulatedDisk> Everything(const SimulatedDisk& disk) {
  return disk.AfterPowerCut(Survival::kEverything, 0);
}
std::unique_ptr<SimulatedDisk> AllThatWasWritten(const SimulatedDisk& disk) {
  return disk.AfterKill();
}

std::unique_ptr<SimulatedDisk> CutThatKeeps(const SimulatedDisk& disk,
                                            const std::vector<std::string>& paths) {
  const auto written_back = disk.AfterKill();
  for (const std::string& path : paths) WriteBack(written_back.get(), path);
  return NothingUnsynced(*written_back);
}

std::unique_ptr<SimulatedDisk> CutThatKeepsAllIn(const SimulatedDisk& disk,
                                                 const std::string& directory) {
  std::vector<std::string> paths = FilesOf(disk, directory, "");
  paths.insert(paths.end(), {directory, directory + "/.."});
  return CutThatKeeps(disk, paths);
}

std::unique_ptr<SimulatedDisk> CutWhere(
    const SimulatedDisk& disk, const std::function<bool(const SimulatedDisk& left)>& wanted) {
  constexpr uint64_t kSeeds = 20'000;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto left = disk.AfterPowerCut(Survival::kSome, seed);
    if (wanted(*left)) return left;
  }
  FAIL("no power cut has the outcome that the test is about");
  return nullptr;
}

TopicOptions SmallTopic(Durability durability) {
  return {.durability = durability, .segment_bytes = 64 << 10, .batch_bytes = 1 << 10};
}

std::vector<std::string> FilesOf(const SimulatedDisk& disk, const std::string& directory,
                                 std::string_view ending) {
  std::vector<std::string> found;
  for (const std::string& path : disk.Files()) {
    if (path.starts_with("/" + directory + "/") && path.ends_with(ending)) found.push_back(path);
  }
  return found;
}

std::vector<std::size_t> PlacesOf(std::string_view bytes, std::string_view wanted) {
  std::vector<std::size_t> places;
  for (std::size_t at = bytes.find(wanted); at != std::string_view::npos;
       at = bytes.find(wanted, at + 1)) {
    places.push_back(at);
  }
  return places;
}

StagedHistory::StagedHistory()
    : calls_(std::make_unique<FaultFileSystem>(disk_.get())),
      application_(&clock_, /*seed=*/1, [this](const Fact& fact) { oracle_.Learn(fact); }) {
  REQUIRE(application_.Open(application_.Options(calls_.get())).ok());
}

void StagedHistory::BeforeEach(const std::function<void(const Call& call)>& look) {
  calls_->Intercept([look](const Call& call) {
    look(call);
    return absl::OkStatus();
  });
}

void StagedHistory::CrashBefore(const Moment& moment, Crash crash, const Outcome& outcome) {
  calls_->Intercept([=, this](const Call& call) -> absl::Status {
    if (!crashed() && moment(call)) CrashNow(crash, outcome(*disk_));
    return crashed() ? absl::UnavailableError("the machine is gone") : absl::OkStatus();
  });
}

void StagedHistory::CrashNow(Crash crash, std::unique_ptr<SimulatedDisk> left) {
  crash_ = crash;
  left_ = std::move(left);
}

void StagedHistory::StartAgain() {
  REQUIRE(crashed());
  application_.Abandon();
  calls_.reset();
  disk_ = std::move(left_);
  calls_ = std::make_unique<FaultFileSystem>(disk_.get());
}

void StagedHistory::Recover() {
  const absl::Status opened = application_.Open(application_.Options(calls_.get()));
  INFO(opened);
  REQUIRE(opened.ok());
  REQUIRE(oracle_.Judge(&log(), crash_, clock_.Monotonic()) == "");
}

std::string StagedHistory::Wrong() {
  return oracle_.Judge(&log(), Crash::kNone, clock_.Monotonic());
}

std::string StagedHistory::WrongAfter(Crash crash, std::unique_ptr<SimulatedDisk> left,
                                      const Claim& claim, const During& during) const {
  Oracle oracle = oracle_;
  ManualClock clock;
  clock.AdvanceTo(clock_.Monotonic());
  clock.SetWall(clock_.Now());
  FaultFileSystem calls(left.get());
  Application application(&clock, /*seed=*/2, [](const Fact&) {});
  if (during) {
    calls.Intercept([&](const Call&) {
      during(*left);
      return absl::OkStatus();
    });
  }
  const absl::Status opened = application.Open(application.Options(&calls));
  calls.Heal();
  if (!opened.ok()) return "recovery refused: " + opened.ToString();
  std::string wrong = oracle.Judge(application.log(), crash, clock.Monotonic());
  if (claim) claim(&application);
  if (!wrong.empty()) return wrong;
  const absl::Status again = application.Restart();
  if (!again.ok()) return "the second recovery refused: " + again.ToString();
  return oracle.Judge(application.log(), Crash::kNone, clock.Monotonic());
}

}  // namespace eventlog::test
