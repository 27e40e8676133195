#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

std::string MakeLog(const TempDir& directory, const std::string& lines) {
  std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, lines).exit_code == 0);
  return log;
}

TEST_CASE("consuming begins where it is told to", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory, "a\nb\nc\n");
  CHECK(RunTool({"consume", log, "t"}).out == "a\nb\nc\n");
  CHECK(RunTool({"consume", log, "t", "--from", "beginning"}).out == "a\nb\nc\n");
  CHECK(RunTool({"consume", log, "t", "--from", "1"}).out == "b\nc\n");
  CHECK(RunTool({"consume", log, "t", "--from", "3"}).out.empty());
  CHECK(RunTool({"consume", log, "t", "--from", "end"}).out.empty());
  CHECK(RunTool({"consume", log, "t", "--from", "@1"}).out == "a\nb\nc\n");
  CHECK(RunTool({"consume", log, "t", "--from", "@99999999999999"}).out.empty());
  CHECK(RunTool({"consume", log, "t", "--max", "2"}).out == "a\nb\n");
  CHECK(RunTool({"consume", log, "t", "--max", "0"}).out.empty());
}

TEST_CASE("an offset outside of the log is an error", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory, "a\n");
  const ToolResult result = RunTool({"consume", log, "t", "--from", "2"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("BEYOND_HIGH_WATERMARK") != std::string::npos);
}

TEST_CASE("a group goes on behind what it has printed", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory, "a\nb\nc\nd\n");
  const Arguments next = {"consume", log, "t", "--group", "g", "--max", "1"};
  CHECK(RunTool(next).out == "a\n");
  CHECK(RunTool(next).out == "b\n");
  CHECK(RunTool({"consume", log, "t", "--group", "other", "--max", "1"}).out == "a\n");
  CHECK(RunTool({"consume", log, "t", "--group", "g"}).out == "c\nd\n");
  CHECK(RunTool(next).out.empty());
  CHECK(RunTool({"consume", log, "t", "--group", "g", "--from", "1", "--max", "1"}).out == "b\n");
  CHECK(RunTool({"consume", log, "t", "--group", "g"}).out == "c\nd\n");
}

TEST_CASE("one partition alone can be consumed", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", "2"}).exit_code == 0);
  REQUIRE(RunTool({"produce", log, "t", "--partition", "0"}, "a\n").exit_code == 0);
  REQUIRE(RunTool({"produce", log, "t", "--partition", "1"}, "b\n").exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "--partition", "1", "--format", "%p%s;"}).out == "1b;");
  CHECK(RunTool({"consume", log, "t", "--partition", "2"}).exit_code == 1);
}

TEST_CASE("signals end following cleanly with everything printed and committed", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory, "a\nb\n");
  for (const int signal_number : {SIGINT, SIGTERM}) {
    int out[2];
    REQUIRE(pipe2(out, O_CLOEXEC) == 0);
    const int null = OpenForTool("/dev/null", O_RDONLY);
    const pid_t tool =
        StartTool({"consume", log, "t", "--follow", "--group", "g" + std::to_string(signal_number)},
                  null, out[1], 2);
    close(out[1]);
    close(null);
    char text[16] = {};
    REQUIRE(read(out[0], text, sizeof text) == 4);
    CHECK(std::string(text) == "a\nb\n");
    REQUIRE(kill(tool, signal_number) == 0);
    CHECK(WaitFor(tool) == 0);
    close(out[0]);
    CHECK(
        RunTool({"consume", log, "t", "--group", "g" + std::to_string(signal_number)}).out.empty());
  }
}

}  // namespace
}  // namespace eventlog::test
