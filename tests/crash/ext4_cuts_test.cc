// Power cuts of a real ext4, where there is root and a loop device. A failure names its seed:
// EVENTLOG_EXT4_SEED=N begins with it, and EVENTLOG_EXT4_CUTS=N cuts so often.
#include "lab/ext4_cuts.h"

#include <catch2/catch.hpp>
#include <string>

#include "fmt/format.h"
#include "lab/forgetful_files.h"
#include "support/environment.h"
#include "support/temp_dir.h"

namespace eventlog::test {

TEST_CASE("power cuts of ext4 lose nothing acknowledged and invent nothing", "[crash]") {
  const TempDir directory;
  Ext4Figures figures;
  const std::string wrong =
      RunExt4Cuts({.directory = directory.path(),
                   .seed = FromEnvironment("EVENTLOG_EXT4_SEED", 1),
                   .cuts = static_cast<int64_t>(FromEnvironment("EVENTLOG_EXT4_CUTS", 30))},
                  &figures);
  if (!figures.possible) {
    WARN("skipped: " << wrong);
    return;
  }
  CHECK(wrong == "");
  WARN(fmt::format("{} cuts, {} of them inside a recovery, {} records judged", figures.cuts,
                   figures.in_recovery, figures.records_judged));
  CHECK(figures.records_judged > 0);
}

TEST_CASE("syncs that are left out are found by cutting the power of ext4", "[crash]") {
  const TempDir directory;
  const bool directories = GENERATE(false, true);
  ForgetfulFiles files(FileSystem::Posix(), [&](std::string_view call, const std::string&) {
    return call == (directories ? "SyncDirectory" : "SyncData");
  });
  Ext4Figures figures;
  const std::string wrong =
      RunExt4Cuts({.directory = directory.path(), .cuts = 200, .files = &files}, &figures);
  if (!figures.possible) {
    WARN("skipped: " << wrong);
    return;
  }
  CHECK(wrong != "");
}

}  // namespace eventlog::test
