#include "cli/offsets.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/read_log.h"
#include "eventlog/errors.h"
#include "support/temp_dir.h"

namespace eventlog::cli {
namespace {

Log MakeLog(const std::string& path) {
  auto log = Log::Open({.directory = path});
  REQUIRE(log.ok());
  const auto topic = log->OpenTopic("t", {.partitions = 2});
  REQUIRE(topic.ok());
  for (int i = 0; i < 5; ++i) REQUIRE(topic->Append({.value = "v", .partition = 1}).ok());
  return *std::move(log);
}

TEST_CASE("ends and lags are those of the partitions that are there", "[cli]") {
  const test::TempDir directory;
  REQUIRE(MakeLog(directory / "log").Close().ok());
  const auto sealed = SettleAndRead(directory / "log");
  REQUIRE(sealed.ok());
  LogEnds ends(&*sealed);
  CHECK(ends.Find("t", 0).value() == 0);
  CHECK(ends.Find("t", 1).value() == 5);
  CHECK(ends.Find("t", 1).value() == 5);
  CHECK_FALSE(ends.Find("t", 2).value().has_value());
  CHECK_FALSE(ends.Find("elsewhere", 0).value().has_value());
  CHECK(ends.Lag({"t", 1, 2}).value() == 3);
  CHECK(ends.Lag({"t", 1, 9}).value() == 0);
  CHECK_FALSE(ends.Lag({"elsewhere", 0, 9}).value().has_value());
}

TEST_CASE("a place is looked up in one partition or in all", "[cli]") {
  const test::TempDir directory;
  Log log = MakeLog(directory / "log");
  const auto all = LookUpOffsets(&log, "t", {}, {Place::Kind::kEnd});
  REQUIRE(all.ok());
  REQUIRE(all->size() == 2);
  CHECK((*all)[0].offset == 0);
  CHECK((*all)[1].offset == 5);
  const auto one = LookUpOffsets(&log, "t", 1, {Place::Kind::kOffset, 3});
  REQUIRE(one.ok());
  REQUIRE(one->size() == 1);
  CHECK((*one)[0].partition == 1);
  CHECK((*one)[0].offset == 3);
  CHECK(ReasonOf(LookUpOffsets(&log, "t", {}, {Place::Kind::kOffset, 3}).status()) ==
        ErrorReason::kBeyondHighWatermark);
  CHECK(ReasonOf(LookUpOffsets(&log, "u", {}, {}).status()) == ErrorReason::kUnknownTopic);
  CHECK(ReasonOf(LookUpOffsets(&log, "t", 2, {}).status()) == ErrorReason::kUnknownPartition);
}

}  // namespace
}  // namespace eventlog::cli
