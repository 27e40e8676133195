#include "cli/read_log.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "support/child_process.h"

namespace eventlog::cli {
namespace {

using test::TempDir;

int64_t EndOf(const SealedLog& log, std::string_view topic) {
  const auto found = log.FindTopic(topic);
  REQUIRE(found.ok());
  const auto partition = log.OpenPartition(**found, 0);
  REQUIRE(partition.ok());
  return partition->end_offset();
}

TEST_CASE("what a crash left in the journal is brought into segments first", "[cli]") {
  const TempDir directory;
  const std::string path = directory / "log";
  REQUIRE(test::RunInChild([&] {
            auto log = Log::Open({.directory = path});
            if (!log.ok()) return 1;
            const auto topic = log->OpenTopic("t");
            if (!topic.ok() || !topic->Append({.value = "acknowledged"}).ok()) return 2;
            kill(getpid(), SIGKILL);
            return 3;
          }) == test::kDiedOfSignal);
  const auto unsettled = SealedLog::Read(FileSystem::Posix(), path);
  REQUIRE(unsettled.ok());
  CHECK(EndOf(*unsettled, "t") == 0);
  const auto settled = SettleAndRead(path);
  REQUIRE(settled.ok());
  CHECK(EndOf(*settled, "t") == 1);
}

TEST_CASE("a log that is in use is read as it is sealed", "[cli]") {
  const TempDir directory;
  auto log = Log::Open({.directory = directory / "log"});
  REQUIRE(log.ok());
  const auto topic = log->OpenTopic("t");
  REQUIRE(topic.ok());
  REQUIRE(topic->Append({.value = "in the journal"}).ok());
  const auto read = SettleAndRead(directory / "log");
  REQUIRE(read.ok());
  CHECK(EndOf(*read, "t") == 0);
  CHECK(topic->Append({.value = "still open"}).ok());
}

TEST_CASE("where there is no log nothing is made", "[cli]") {
  const TempDir directory;
  CHECK(ReasonOf(SettleAndRead(directory / "none").status()) == ErrorReason::kDirectoryNotFound);
  CHECK_FALSE(std::filesystem::exists(directory / "none"));
  CHECK(ReasonOf(SettleAndRead(directory.path()).status()) == ErrorReason::kDirectoryNotFound);
}

}  // namespace
}  // namespace eventlog::cli
