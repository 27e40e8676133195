// The tool as a whole: what every command has in common.
#include "cli/tool.h"

#include <catch2/catch.hpp>
#include <string>

namespace eventlog::test {
namespace {

TEST_CASE("wrong usage exits with 2 and says why", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  const std::vector<Arguments> wrong = {
      {},
      {"frobnicate"},
      {"topic"},
      {"topic", "create", log},
      {"topic", "create", log, "t", "--partitions", "0"},
      {"topic", "create", log, "t", "--config", "durability"},
      {"topic", "create", log, "t", "--config", "durabilty=disk"},
      {"topic", "create", log, "bad name"},
      {"produce", log},
      {"produce", log, "t", "--partition", "-3"},
      {"produce", log, "t", "--config", "durability=marble"},
      {"consume", log, "t", "--format", "%q"},
      {"consume", log, "t", "--from", "yesterday"},
      {"consume", log, "t", "--max", "many"},
      {"consume", log, "t", "--until", "later"},
      {"consume", log, "t", "--until", "end", "--follow"},
      {"consume", log, "t", "--until", "end", "--group", "g"},
      {"consume", log, "t", "--json", "--format", "%s"},
      {"topic", "alter", log, "t"},
      {"topic", "alter", log, "t", "--config", "retenton.ms=1"},
      {"topic", "delete-records", log, "t"},
      {"topic", "delete-records", log, "t", "--before", "noon"},
      {"group"},
      {"group", "reset", log, "g", "--to", "end"},
      {"group", "reset", log, "g", "--topic", "t", "--to", "yesterday"},
      {"produce", log, "t", "--header", "no-value"},
      {"produce", log, "t", "--timestamp", "noon"},
      {"produce", log, "t", "--json", "--null"},
      {"produce", log, "t", "--json", "--key-delimiter", ":"},
      {"bench", "--seconds", "0"},
      {"stats"},
      {"verify"},
      {"dump"},
      {"recover", log},
      {"recover", log, "--mode", "pray"},
  };
  for (const Arguments& arguments : wrong) {
    const ToolResult result = RunTool(arguments);
    INFO((arguments.empty() ? "nothing" : arguments.front() + " ... " + arguments.back()));
    CHECK(result.exit_code == 2);
    CHECK_FALSE(result.err.empty());
    CHECK(result.out.empty());
  }
}

TEST_CASE("failures exit with 1 and name their reason", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  CHECK(RunTool({"verify", log}).exit_code == 1);
  const ToolResult missing = RunTool({"consume", log, "orders"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err.find("DIRECTORY_NOT_FOUND") != std::string::npos);
  REQUIRE(RunTool({"topic", "create", log, "orders"}).exit_code == 0);
  const ToolResult unknown = RunTool({"consume", log, "order"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err.find("UNKNOWN_TOPIC") != std::string::npos);
}

TEST_CASE("a reader that closes early ends the tool quietly", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  std::string input;
  for (int i = 0; i < 50000; ++i) input += "line " + std::to_string(i) + "\n";
  REQUIRE(RunTool({"produce", log, "lines"}, input).exit_code == 0);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  WriteFileText(directory / "err", "");
  const int null = OpenForTool("/dev/null", O_RDONLY);
  const int err = OpenForTool(directory / "err", O_WRONLY);
  const pid_t tool = StartTool({"consume", log, "lines"}, null, ends[1], err);
  close(ends[1]);
  char first = 0;
  CHECK(read(ends[0], &first, 1) == 1);
  close(ends[0]);
  CHECK(WaitFor(tool) == 0);
  CHECK(ReadFileText(directory / "err").empty());
  close(null);
  close(err);
}

}  // namespace
}  // namespace eventlog::test
