#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

// A log of one partition, its records in three batches, the second of which is damaged.
std::string MakeDamagedLog(const TempDir& directory) {
  std::string log = directory / "log";
  std::size_t second = 0;
  std::size_t end = 0;
  for (const char* line : {"first\n", "second\n", "third\n"}) {
    REQUIRE(RunTool({"produce", log, "t"}, line).exit_code == 0);
    second = end;
    end = ReadFileText(FirstSegment(log)).size();
    if (std::string(line) == "second\n") FlipByte(FirstSegment(log), second + 100);
  }
  return log;
}

TEST_CASE("recovery that skips keeps what follows the damage", "[cli]") {
  const TempDir directory;
  const std::string log = MakeDamagedLog(directory);
  CHECK(RunTool({"verify", log}).exit_code == 1);
  const ToolResult result = RunTool({"recover", log, "--mode", "skip"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find(FirstSegment(log)) != std::string::npos);
  CHECK(RunTool({"consume", log, "t", "--format", "%o%s;"}).out == "0first;2third;");
  CHECK(RunTool({"verify", log}).exit_code == 0);
}

TEST_CASE("recovery that truncates ends the partition at the damage", "[cli]") {
  const TempDir directory;
  const std::string log = MakeDamagedLog(directory);
  const ToolResult result = RunTool({"recover", log, "--mode", "truncate"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("cut at byte") != std::string::npos);
  CHECK(RunTool({"consume", log, "t"}).out == "first\n");
  CHECK(RunTool({"verify", log}).exit_code == 0);
}

TEST_CASE("recovery of a good log says that it is clean", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a\n").exit_code == 0);
  CHECK(RunTool({"recover", log, "--mode", "refuse"}).out ==
        "clean: 0 records replayed, 0 bytes cut\n");
}

TEST_CASE("recovery that refuses fails when proven data is missing", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a\n").exit_code == 0);
  std::filesystem::remove(FirstSegment(log));
  const ToolResult result = RunTool({"recover", log, "--mode", "refuse"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("DURABLE_DATA_MISSING") != std::string::npos);
}

}  // namespace
}  // namespace eventlog::test
