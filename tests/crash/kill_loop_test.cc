// Processes killed at any moment. A failure names its seed: EVENTLOG_KILL_SEED=N begins with it,
// and EVENTLOG_KILL_LOGS=N kills so many times fifty.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <string>

#include "fmt/format.h"
#include "lab/forgetful_files.h"
#include "lab/kills.h"
#include "support/environment.h"

namespace eventlog::test {
namespace {

// In memory, where a kill leaves no less and everything is quick.
std::string LogPath() {
  return fmt::format("{}/eventlog-kills-{}", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                     getpid());
}

}  // namespace

TEST_CASE("a process killed at any moment loses nothing acknowledged and invents nothing",
          "[crash]") {
  const bool threads = GENERATE(false, true);
  const uint64_t first = FromEnvironment("EVENTLOG_KILL_SEED", 1);
  KillFigures figures;
  for (uint64_t seed = first; seed < first + FromEnvironment("EVENTLOG_KILL_LOGS", 1); ++seed) {
    const std::string wrong =
        RunKills({.directory = LogPath(), .seed = seed, .threads = threads}, &figures);
    if (!wrong.empty()) FAIL(wrong);
  }
  WARN(fmt::format("{} kills, {} of them before the log was open, {} facts, {} records judged",
                   figures.kills, figures.in_recovery, figures.facts, figures.records_judged));
  CHECK(figures.in_recovery < figures.kills);
  CHECK(figures.records_judged > 0);
}

TEST_CASE("a journal that leaves out writes is found by killing its process", "[crash]") {
  std::mt19937_64 dice(1);
  ForgetfulFiles files(FileSystem::Posix(), [&](std::string_view call, const std::string& path) {
    return call == "WriteAt" && path.find("/journal") != path.npos && dice() % 20 == 0;
  });
  KillFigures figures;
  std::string wrong;
  for (uint64_t seed = 1; seed < 20 && wrong.empty(); ++seed) {
    wrong = RunKills({.directory = LogPath(), .seed = seed, .files = &files}, &figures);
  }
  std::filesystem::remove_all(LogPath());  // what was found is kept
  CHECK(wrong != "");
}

}  // namespace eventlog::test
