// Damage to the files of what the scenarios leave. A failure names its seed: EVENTLOG_DAMAGE_SEED=N
// begins with it, and EVENTLOG_DAMAGE_ROUNDS=N runs as many; EVENTLOG_DAMAGE_BYTES=N flips every
// bit of so many bytes at both ends of a file.
#include "lab/damage.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "lab/damage_judge.h"
#include "lab/damaged_log.h"
#include "support/environment.h"

namespace eventlog::test {
namespace {

const Scenario& ScenarioNamed(std::string_view name) {
  const auto scenarios = Scenarios();
  const auto found = std::find_if(scenarios.begin(), scenarios.end(),
                                  [name](const Scenario& each) { return each.name == name; });
  REQUIRE(found != scenarios.end());
  return *found;
}

TEST_CASE("damage anywhere in a log is told and nothing wrong is read", "[crash]") {
  const uint64_t first = FromEnvironment("EVENTLOG_DAMAGE_SEED", 1);
  const uint64_t rounds = FromEnvironment("EVENTLOG_DAMAGE_ROUNDS", 60);
  DamageFigures total;
  for (uint64_t seed = first; seed < first + rounds; ++seed) {
    const std::string wrong = RunDamage({.seed = seed, .opens = 40, .reads = 500}, &total);
    if (!wrong.empty()) FAIL(wrong);
  }
  WARN(fmt::format("{} corruptions: {} refused, {} reported, {} harmless", total.corruptions,
                   total.refused, total.reported, total.harmless));
  CHECK(total.refused > 0);
  CHECK(total.reported > 0);
  CHECK(total.harmless > 0);
}

TEST_CASE("every bit and length at both ends of every file is told or counts for nothing",
          "[crash]") {
  const uint64_t bytes = FromEnvironment("EVENTLOG_DAMAGE_BYTES", 16);
  DamageFigures total;
  for (const char* name : {"topic_creation", "offset_commits"}) {
    const std::string wrong = RunDamage({.scenario = &ScenarioNamed(name),
                                         .ending = Ending::kKilled,
                                         .opens = 0,
                                         .reads = 0,
                                         .every_bit_of_bytes = static_cast<int64_t>(bytes)},
                                        &total);
    if (!wrong.empty()) FAIL(wrong);
  }
  WARN(fmt::format("{} corruptions", total.corruptions));
  CHECK(total.corruptions > 2000);
}

// What came of damage to one file.
struct Outcome {
  std::string text;
  std::string wrong;
  DamageOutcome what = DamageOutcome::kRefused;
};

Outcome OpenDamaged(DamagedLog* log, const FileDamage& change, const std::string& text) {
  const Damage damage = {text, {change}, true};
  const auto disk = log->Copy();
  Apply(damage, disk.get());
  auto opened = log->Open(disk.get(), RecoveryMode::kRefuse);
  Outcome outcome = {text, "", DamageOutcome::kRefused};
  outcome.wrong = opened.ok() ? JudgeDamagedLog(log->image(), damage, RecoveryMode::kRefuse,
                                                &*opened, &outcome.what)
                              : JudgeRefusal(opened.status(), damage);
  return outcome;
}

// The file gone, empty, garbage, or another log's.
std::vector<Outcome> Lose(DamagedLog* log, const std::string& path) {
  const FileContents& files = log->sources().files;
  std::vector<Outcome> outcomes;
  const auto lose = [&](const char* how, const FileDamage& change) {
    if (ChangesSomething(change)) outcomes.push_back(OpenDamaged(log, change, path + ": " + how));
  };
  lose("deleted", Deleted(path));
  lose("emptied", Replaced(files, path, ""));
  lose("garbage", Replaced(files, path, std::string(files.at(path).size(), 'g')));
  const auto other = log->sources().other.find(path);
  if (other != log->sources().other.end()) {
    lose("another log's", Replaced(files, path, other->second));
  }
  return outcomes;
}

// Of a log that has everything: offsets, checkpoints, indexes, several segments.
struct LostFiles {
  LostFiles() {
    const std::string wrong =
        log.Make(ScenarioNamed(GENERATE(as<std::string>{}, "offset_commits", "rolls", "restarts")),
                 GENERATE(Ending::kClosed, Ending::kKilled), 1);
    REQUIRE(wrong.empty());
  }
  std::vector<std::string> Named(std::string_view part) {
    std::vector<std::string> paths;
    for (const auto& [path, bytes] : log.sources().files) {
      if (path.find(part) != std::string::npos) paths.push_back(path);
    }
    return paths;
  }

  DamagedLog log;
};

TEST_CASE("a log that lost its checkpoint or catalog or journal is refused", "[crash]") {
  LostFiles lost;
  for (const std::string part : {"/log/checkpoint", "/log/catalog", ".journal", "/journal/files"}) {
    for (const std::string& path : lost.Named(part)) {
      if (path.ends_with(".tmp")) continue;
      for (const Outcome& outcome : Lose(&lost.log, path)) {
        // Contents of a journal file that nothing proves are no loss.
        const bool same_size = part == ".journal" &&
                               outcome.text.find("deleted") == std::string::npos &&
                               outcome.text.find("emptied") == std::string::npos;
        INFO(outcome.text << " " << outcome.wrong);
        CHECK(outcome.wrong.empty());
        if (!same_size) CHECK(outcome.what == DamageOutcome::kRefused);
      }
    }
  }
}

TEST_CASE("a log that lost indexes or spares is whole", "[crash]") {
  LostFiles lost;
  int64_t files = 0;
  for (const std::string part : {".index", ".timeindex", ".tmp", "/reserve", "/lock"}) {
    for (const std::string& path : lost.Named(part)) {
      ++files;
      for (const Outcome& outcome : Lose(&lost.log, path)) {
        INFO(outcome.text << " " << outcome.wrong);
        CHECK(outcome.wrong.empty());
        CHECK(outcome.what == DamageOutcome::kHarmless);
      }
    }
  }
  CHECK(files > 0);
}

// The topic of committed offsets among them.
TEST_CASE("a log that lost a segment is refused or says so when it is read", "[crash]") {
  LostFiles lost;
  CHECK_FALSE(lost.Named(".log").empty());
  for (const std::string& path : lost.Named(".log")) {
    for (const Outcome& outcome : Lose(&lost.log, path)) {
      INFO(outcome.text << " " << outcome.wrong);
      CHECK(outcome.wrong.empty());
    }
  }
}

TEST_CASE("a file that cannot be read is an error and costs nothing when it can", "[crash]") {
  LostFiles lost;
  for (const auto& [path, bytes] : lost.log.sources().files) {
    const auto disk = lost.log.Copy();
    FaultFileSystem failing(disk.get());
    const std::string part = path.substr(1);  // calls have the path as it was given
    failing.Intercept([&](const FaultFileSystem::Call& call) {
      return call.path == part && (call.name == "OpenFile" || call.name == "ReadAt")
                 ? FaultFileSystem::ErrorOf(FaultFileSystem::Fault::kIoError, call)
                 : absl::OkStatus();
    });
    INFO(path);
    {
      auto log = lost.log.Open(&failing, RecoveryMode::kRefuse);
      if (log.ok()) {
        for (const auto& [place, image] : lost.log.image().partitions) {
          const auto reading = ReadPartition(&*log, place);
          REQUIRE(reading.ok());
          for (const auto& [offset, fingerprint] : reading->records) {
            CHECK(image.At(offset) == fingerprint);
          }
          for (const auto& [offset, error] : reading->errors) CHECK(absl::IsInternal(error));
        }
      } else {
        CHECK(absl::IsInternal(log.status()));
      }
    }
    failing.Heal();
    auto healed = lost.log.Open(&failing, RecoveryMode::kRefuse);
    REQUIRE(healed.ok());
    DamageOutcome outcome = DamageOutcome::kRefused;
    CHECK(JudgeDamagedLog(lost.log.image(), {}, RecoveryMode::kRefuse, &*healed, &outcome) == "");
    CHECK(outcome == DamageOutcome::kHarmless);
  }
}

// Two openings on one disk, and a copy of a file from the first.
struct OlderFile {
  explicit OlderFile(const std::string& path) {
    Open();
    Append("one", 3);
    older = disk.Contents(path);
    log = Log();
    Open();
  }
  void Open() {
    log = Log();
    auto opened = Log::Open({.directory = "log", .clock = &clock, .file_system = &disk});
    REQUIRE(opened.ok());
    log = *std::move(opened);
  }
  void Append(const std::string& topic, int records) {
    auto made = log.OpenTopic(topic);
    REQUIRE(made.ok());
    for (int i = 0; i < records; ++i) REQUIRE(made->Append({.value = "v"}).ok());
  }
  absl::Status KilledAndPutBack(const std::string& path) {
    const auto left = disk.AfterKill();
    left->Replace(path, older);
    return Log::Open({.directory = "log", .clock = &clock, .file_system = left.get()}).status();
  }

  SimulatedDisk disk;
  ManualClock clock;
  Log log;
  std::string older;
};

TEST_CASE("an older checkpoint is refused when the log has gone on since", "[crash]") {
  const std::string path = "log/checkpoint";
  OlderFile log(path);
  log.Append("one", 2);
  if (GENERATE(true, false)) {  // in a segment of the later opening, its journal used again
    log.log = Log();
    log.Open();
    log.Append("one", 1);
  }
  const absl::Status refused = log.KilledAndPutBack(path);
  INFO(refused);
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("checkpoint"));
}

TEST_CASE("an older catalog is refused when it lacks what has records", "[crash]") {
  const std::string path = "log/catalog";
  OlderFile log(path);
  if (GENERATE(true, false)) {
    log.Append("two", 1);
  } else {
    REQUIRE(log.log.AlterTopic("one", {.partitions = 2}).ok());
    auto topic = log.log.OpenTopic("one");
    REQUIRE(topic->Append({.value = "v", .partition = 1}).ok());
  }
  if (GENERATE(true, false)) REQUIRE(log.log.Close().ok());
  const absl::Status refused = log.KilledAndPutBack(path);
  INFO(refused);
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("log/catalog"));
}

}  // namespace
}  // namespace eventlog::test
