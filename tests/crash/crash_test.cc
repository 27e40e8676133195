// Crashes of scenarios and of random histories. A failure names its seed: EVENTLOG_CRASH_SEED=N
// begins with it, and EVENTLOG_CRASH_HISTORIES=N runs as many.
#include <catch2/catch.hpp>
#include <string>

#include "fmt/format.h"
#include "lab/power_cuts.h"
#include "lab/random_history.h"
#include "support/environment.h"

namespace eventlog::test {
namespace {

std::string Text(const CrashFigures& figures) {
  return fmt::format("{} power cuts and {} kills, {} of them inside a recovery, {} records judged",
                     figures.power_cuts, figures.kills, figures.nested, figures.records_judged);
}

TEST_CASE("power cuts and kills at any call lose nothing acknowledged and invent nothing",
          "[crash]") {
  const uint64_t first = FromEnvironment("EVENTLOG_CRASH_SEED", 1);
  const uint64_t histories = FromEnvironment("EVENTLOG_CRASH_HISTORIES", 100);
  CrashFigures total;
  int64_t deletions = 0;
  for (uint64_t seed = first; seed < first + histories; ++seed) {
    RandomHistory history(seed);
    const std::string wrong = history.Run(/*crashes=*/6, /*operations=*/40);
    if (!wrong.empty()) FAIL("seed " << seed << ": " << wrong);
    total.power_cuts += history.figures().power_cuts;
    total.kills += history.figures().kills;
    total.nested += history.figures().nested;
    total.disk_full += history.figures().disk_full;
    total.records_judged += history.figures().records_judged;
    deletions += history.deletions();
  }
  WARN(Text(total) << ", " << deletions << " deletions, the disk full " << total.disk_full
                   << " times");
  CHECK(total.power_cuts > 0);
  CHECK(total.kills > 0);
  if (histories > 20) CHECK(deletions > 0);
  if (histories > 20) CHECK(total.disk_full > 0);
}

// EVENTLOG_CRASH_EVERY=1 crashes at each call.
TEST_CASE("every scenario survives a crash at any of its calls", "[crash]") {
  const uint64_t seed = FromEnvironment("EVENTLOG_CRASH_SEED", 1);
  const auto every = static_cast<int64_t>(FromEnvironment("EVENTLOG_CRASH_EVERY", 20));
  CrashFigures total;
  for (const Scenario& scenario : Scenarios()) {
    const int64_t before = total.power_cuts;
    const std::string wrong = CrashEverywhere(scenario, {.seed = seed, .every = every}, &total);
    if (!wrong.empty()) FAIL(wrong);
    CHECK(total.power_cuts > before);
  }
  WARN(Text(total));
  CHECK(total.nested > 0);
}

// EVENTLOG_CRASH_EVERY=1 fails each call.
TEST_CASE("every scenario survives a call that fails and a crash behind it", "[crash]") {
  const uint64_t seed = FromEnvironment("EVENTLOG_CRASH_SEED", 1);
  const auto every = static_cast<int64_t>(FromEnvironment("EVENTLOG_CRASH_EVERY", 120));
  CrashFigures total;
  for (const Scenario& scenario : Scenarios()) {
    const std::string wrong =
        FailAndCrashEverywhere(scenario, {.seed = seed, .every = every}, &total);
    if (!wrong.empty()) FAIL_CHECK(wrong);
  }
  WARN(total.fault_points << " calls failed, " << Text(total));
  CHECK(total.fault_points > 0);
}

}  // namespace
}  // namespace eventlog::test
