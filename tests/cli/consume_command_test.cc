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

TEST_CASE("consuming ends where it is told to", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  for (const char* time : {"1000", "2000", "3000", "4000"}) {
    REQUIRE(
        RunTool({"produce", log, "t", "--timestamp", time}, std::string(time) + "\n").exit_code ==
        0);
  }
  const auto consumed = [&](const std::string& from, const std::string& until) {
    return RunTool({"consume", log, "t", "--from", from, "--until", until, "--format", "%s "}).out;
  };
  CHECK(consumed("beginning", "end") == "1000 2000 3000 4000 ");
  CHECK(consumed("1", "3") == "2000 3000 ");
  CHECK(consumed("-3", "-1") == "2000 3000 ");
  CHECK(consumed("@2000", "@3500") == "2000 3000 ");
  CHECK(consumed("1970-01-01T00:00:02Z", "1970-01-01T00:00:03Z") == "2000 ");
  CHECK(consumed("3", "1").empty());
}

TEST_CASE("only records with the key and the headers that are asked for are printed", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t", "--key-delimiter", ":", "--header", "host=a"},
                  "k:1\nl:2\nk:3\n")
              .exit_code == 0);
  REQUIRE(RunTool({"produce", log, "t", "--key-delimiter", ":", "--header", "host=b"}, "k:4\n")
              .exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "--key", "k"}).out == "1\n3\n4\n");
  CHECK(RunTool({"consume", log, "t", "--key", "k", "--max", "2"}).out == "1\n3\n");
  CHECK(RunTool({"consume", log, "t", "--key", "k", "--header", "host=b"}).out == "4\n");
  CHECK(RunTool({"consume", log, "t", "--header", "host"}).out == "1\n2\n3\n4\n");
  CHECK(RunTool({"consume", log, "t", "--header", "zone"}).out.empty());
  // What a group is not shown it has passed all the same.
  CHECK(RunTool({"consume", log, "t", "--group", "g", "--key", "l"}).out == "2\n");
  CHECK(RunTool({"consume", log, "t", "--group", "g"}).out.empty());
  CHECK(RunTool({"consume", log, "t", "--group", "h", "--key", "k", "--max", "2"}).out == "1\n3\n");
  CHECK(RunTool({"consume", log, "t", "--group", "h"}).out == "4\n");
}

TEST_CASE("several topics are consumed together", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory, "a\n");
  REQUIRE(RunTool({"produce", log, "u"}, "b\n").exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "u", "--format", "%t%s;"}).out == "ta;ub;");
  CHECK(RunTool({"consume", log, "u", "t", "--partition", "0"}).out == "b\na\n");
  REQUIRE(RunTool({"consume", log, "t", "u", "--group", "g"}).exit_code == 0);
  CHECK(RunTool({"consume", log, "t", "u", "--group", "g"}).out.empty());
  CHECK(RunTool({"consume", log, "t", "none"}).err.find("UNKNOWN_TOPIC") != std::string::npos);
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
