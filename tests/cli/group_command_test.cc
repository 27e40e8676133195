#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

// A topic of two partitions with three records in the first and one in the second, of which the
// group "billing" has read two and one.
std::string MakeLog(const TempDir& directory) {
  std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", "2"}).exit_code == 0);
  REQUIRE(
      RunTool({"produce", log, "t", "--partition", "0", "--timestamp", "1000"}, "a\n").exit_code ==
      0);
  REQUIRE(RunTool({"produce", log, "t", "--partition", "0", "--timestamp", "2000"}, "b\nc\n")
              .exit_code == 0);
  REQUIRE(
      RunTool({"produce", log, "t", "--partition", "1", "--timestamp", "1500"}, "d\n").exit_code ==
      0);
  REQUIRE(RunTool({"consume", log, "t", "--partition", "0", "--group", "billing", "--max", "2"})
              .exit_code == 0);
  REQUIRE(RunTool({"consume", log, "t", "--partition", "1", "--group", "billing"}).exit_code == 0);
  return log;
}

// The columns of a described group's rows but epoch and metadata.
std::vector<std::string> Rows(const ToolResult& described) {
  std::vector<std::string> rows;
  for (const std::string& line : LinesOf(described.out)) {
    std::string row;
    std::size_t words = 0;
    for (std::size_t at = line.find_first_not_of(' '); at < line.size() && words < 5; ++words) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      row += (words == 0 ? "" : " ") + line.substr(at, end - at);
      at = line.find_first_not_of(' ', end);
    }
    rows.push_back(row);
  }
  return rows;
}

using Lines = std::vector<std::string>;
const std::string kHeading = "topic partition committed end lag";

TEST_CASE("groups are listed and described with their lag", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  REQUIRE(RunTool({"consume", log, "t", "--partition", "1", "--group", "audit"}).exit_code == 0);
  CHECK(RunTool({"group", "list", log}).out == "audit\nbilling\n");
  CHECK(Rows(RunTool({"group", "describe", log, "billing"})) ==
        Lines{"billing", kHeading, "t 0 2 3 1", "t 1 1 1 0"});
  CHECK(Rows(RunTool({"group", "describe", log})) ==
        Lines{"audit", kHeading, "t 1 1 1 0", "billing", kHeading, "t 0 2 3 1", "t 1 1 1 0"});
  const ToolResult unknown = RunTool({"group", "describe", log, "nobody"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err.find("UNKNOWN_GROUP") != std::string::npos);
}

TEST_CASE("a group is reset to any place and a dry run changes nothing", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  const auto reset = [&](const Arguments& more) {
    Arguments arguments = {"group", "reset", log, "billing", "--topic", "t"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunTool(arguments);
  };
  const auto committed = [&] { return Rows(RunTool({"group", "describe", log, "billing"})); };
  const ToolResult dry = reset({"--to", "beginning", "--dry-run"});
  CHECK(dry.exit_code == 0);
  CHECK(Rows(dry) ==
        Lines{"topic partition was is", "t 0 2 0", "t 1 1 0", "a dry run: nothing was"});
  CHECK(committed() == Lines{"billing", kHeading, "t 0 2 3 1", "t 1 1 1 0"});
  CHECK(Rows(reset({"--to", "beginning"})) ==
        Lines{"topic partition was is", "t 0 2 0", "t 1 1 0"});
  CHECK(committed() == Lines{"billing", kHeading, "t 0 0 3 3", "t 1 0 1 1"});
  CHECK(reset({"--to", "@1600"}).exit_code == 0);
  CHECK(committed() == Lines{"billing", kHeading, "t 0 1 3 2", "t 1 1 1 0"});
  CHECK(reset({"--to", "-1", "--partition", "0"}).exit_code == 0);
  CHECK(committed() == Lines{"billing", kHeading, "t 0 2 3 1", "t 1 1 1 0"});
  CHECK(reset({"--to", "end"}).exit_code == 0);
  CHECK(committed() == Lines{"billing", kHeading, "t 0 3 3 0", "t 1 1 1 0"});
  CHECK(reset({"--to", "1", "--partition", "0"}).exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "--group", "billing"}).out == "b\nc\n");
  CHECK(reset({"--to", "9", "--partition", "0"}).err.find("BEYOND_HIGH_WATERMARK") !=
        std::string::npos);
  CHECK(reset({"--to", "end", "--partition", "7"}).err.find("UNKNOWN_PARTITION") !=
        std::string::npos);
}

TEST_CASE("a reset makes a group that was not there", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  const ToolResult made =
      RunTool({"group", "reset", log, "new", "--topic", "t", "--partition", "0", "--to", "end"});
  CHECK(Rows(made) == Lines{"topic partition was is", "t 0 - 3"});
  CHECK(RunTool({"group", "list", log}).out == "billing\nnew\n");
}

TEST_CASE("a deleted group begins anew", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  CHECK(RunTool({"group", "delete", log, "billing"}).exit_code == 0);
  CHECK(RunTool({"group", "list", log}).out.empty());
  CHECK(RunTool({"group", "delete", log, "billing"}).err.find("UNKNOWN_GROUP") !=
        std::string::npos);
  CHECK(RunTool({"consume", log, "t", "--partition", "0", "--group", "billing"}).out ==
        "a\nb\nc\n");
}

}  // namespace
}  // namespace eventlog::test
