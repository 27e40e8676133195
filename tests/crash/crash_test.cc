// Crashes at random calls of random histories. EVENTLOG_CRASH_SEED=N replays one, and
// EVENTLOG_CRASH_HISTORIES=N runs more of them.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "crash/history.h"
#include "fmt/format.h"

namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

}  // namespace

TEST_CASE("power cuts and kills at any call lose nothing acknowledged and invent nothing",
          "[crash]") {
  const uint64_t first = FromEnvironment("EVENTLOG_CRASH_SEED", 1);
  const uint64_t histories =
      FromEnvironment("EVENTLOG_CRASH_HISTORIES", std::getenv("EVENTLOG_CRASH_SEED") ? 1 : 150);
  eventlog::test::CrashHistory::Figures total;
  for (uint64_t seed = first; seed < first + histories; ++seed) {
    eventlog::test::CrashHistory history(seed);
    const std::string wrong = history.Run(/*crashes=*/6, /*operations=*/40);
    if (!wrong.empty()) FAIL("seed " << seed << ": " << wrong);
    total.power_cuts += history.figures().power_cuts;
    total.kills += history.figures().kills;
    total.nested += history.figures().nested;
    total.acknowledged += history.figures().acknowledged;
    total.deleted += history.figures().deleted;
    total.expired += history.figures().expired;
    total.outgrown += history.figures().outgrown;
  }
  WARN(fmt::format(
      "{} power cuts, {} kills, {} crashes inside recovery, {} records judged, 0 wrong; "
      "{} records deleted, {} expired, {} outgrown",
      total.power_cuts, total.kills, total.nested, total.acknowledged, total.deleted, total.expired,
      total.outgrown));
  CHECK(total.power_cuts > 0);
  CHECK(total.kills > 0);
  if (histories > 100) {
    CHECK(total.deleted > 0);
    CHECK(total.expired > 0);
    CHECK(total.outgrown > 0);
  }
}
