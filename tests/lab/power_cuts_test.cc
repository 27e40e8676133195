// The campaigns find what is wrong: each test takes a protection away.
#include "lab/power_cuts.h"

#include <catch2/catch.hpp>
#include <string>

#include "eventlog/testing/manual_clock.h"
#include "lab/forgetful_files.h"

namespace eventlog::test {
namespace {

using Catch::Contains;

// A recovery that leaves out some syncs, of records that only their process' death has not touched.
std::string JudgeForgetfulRecovery(const std::string& forgotten) {
  SimulatedDisk disk;
  ManualClock clock;
  Oracle oracle;
  Application application(&clock, 1, [&](const Fact& fact) { oracle.Learn(fact); });
  REQUIRE(application.Open(application.Options(&disk)).ok());
  REQUIRE(application.CreateTopic("process", {.durability = Durability::kProcess}).ok());
  REQUIRE(application.Append({"process", 0}, 100).ok());

  const auto killed = disk.AfterKill();
  ForgetfulFiles files(killed.get(), [&](std::string_view call, const std::string& path) {
    return call == "SyncData" && !forgotten.empty() && path.find(forgotten) != path.npos;
  });
  Application next(&clock, 2, [](const Fact&) {});
  REQUIRE(next.Open(next.Options(&files)).ok());
  REQUIRE(oracle.Judge(next.log(), Crash::kKill, clock.Monotonic()).empty());
  return JudgeRecovered(*killed, oracle, &clock);
}

TEST_CASE("a recovery that syncs is durable when it returns", "[lab]") {
  CHECK(JudgeForgetfulRecovery("").empty());
}

TEST_CASE("a recovery that does not sync its segments is found before its log is closed", "[lab]") {
  CHECK_THAT(JudgeForgetfulRecovery(".log"), Contains("a power cut right behind the recovery"));
}

// A record that nobody told the oracle of, behind a failure alone.
absl::Status WrongBehindFailure(Application* application) {
  absl::Status status = application->CreateTopic("disk", {});
  if (status.ok()) status = application->Append({"disk", 0}, 100);
  if (status.ok() || !application->Reopen().ok()) return status;
  auto topic = application->log()->OpenTopic("disk");
  return topic.ok() ? topic->Append({.value = "nobody's"}).status() : status;
}

TEST_CASE("what goes wrong behind a call that failed is found by failing calls alone", "[lab]") {
  const Scenario scenario = {"wrong", WrongBehindFailure};
  CrashFigures figures;
  CHECK(CrashEverywhere(scenario, {.every = 10}, &figures).empty());
  CHECK_THAT(FailAndCrashEverywhere(scenario, {}, &figures),
             Contains("nobody's at offset") && Contains("is invented"));
  CHECK(figures.fault_points > 0);
}

}  // namespace
}  // namespace eventlog::test
