#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a flipped byte anywhere in a segment is found and never consumed", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  const std::string copy = directory / "copy";
  std::map<std::string, std::string> lines;  // by offset
  std::string all;
  for (int session = 0; session < 3; ++session) {
    std::string input;
    for (int i = 0; i < 5; ++i) {
      const std::string offset = std::to_string(5 * session + i);
      lines[offset] = "line " + offset + " of the file";
      input += lines[offset] + "\n";
      all += offset + ":" + lines[offset] + "\n";
    }
    REQUIRE(RunTool({"produce", log, "t"}, input).exit_code == 0);
  }
  REQUIRE(RunTool({"verify", log}).exit_code == 0);
  const std::size_t bytes = ReadFileText(FirstSegment(log)).size();
  for (std::size_t position = 0; position < bytes; position += 7) {
    fs::remove_all(copy);
    fs::copy(log, copy, fs::copy_options::recursive);
    FlipByte(FirstSegment(copy), position);
    INFO("byte " << position << " of " << bytes);
    const ToolResult verified = RunTool({"verify", copy});
    REQUIRE(verified.exit_code == 1);
    REQUIRE(verified.out.find("damage: " + FirstSegment(copy)) != std::string::npos);
    const ToolResult consumed = RunTool({"consume", copy, "t", "--format", "%o:%s\\n"});
    for (const std::string& line : LinesOf(consumed.out)) {
      const std::size_t colon = line.find(':');
      const auto known = lines.find(line.substr(0, colon));
      REQUIRE(known != lines.end());
      REQUIRE(known->second == line.substr(colon + 1));
    }
    REQUIRE((consumed.exit_code == 1 || consumed.out == all));
  }
}

TEST_CASE("the report as JSON says the same", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a\nb\n").exit_code == 0);
  const ToolResult good = RunTool({"verify", log, "--json"});
  CHECK(good.exit_code == 0);
  CHECK(good.out.find("\"ok\": true") != std::string::npos);
  CHECK(good.out.find("\"records\": 2") != std::string::npos);
  FlipByte(FirstSegment(log), 60);
  const ToolResult bad = RunTool({"verify", log, "--json"});
  CHECK(bad.exit_code == 1);
  CHECK(bad.out.find("\"ok\": false") != std::string::npos);
  CHECK(bad.out.find("\"position\": 56") != std::string::npos);
  CHECK(bad.out.find("\"end_offset\": 2") != std::string::npos);
}

TEST_CASE("an unproven tail is told and is no failure", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a\n").exit_code == 0);
  WriteFileText(FirstSegment(log), ReadFileText(FirstSegment(log)) + "torn");
  const ToolResult result = RunTool({"verify", log});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("unproven tail: " + FirstSegment(log)) != std::string::npos);
}

TEST_CASE("a damaged index is told and is no failure", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  std::string input;
  for (int i = 0; i < 3000; ++i) input += "line " + std::to_string(i) + std::string(60, 'x') + "\n";
  REQUIRE(RunTool({"produce", log, "t", "--config", "segment.bytes=65536"}, input).exit_code == 0);
  const std::string index = log + "/segments/1-0/00000000000000000000.index";
  REQUIRE(std::filesystem::exists(index));
  CHECK(RunTool({"verify", log}).out.find("index to be rebuilt") == std::string::npos);
  FlipByte(index, 30);
  const ToolResult result = RunTool({"verify", log});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("index to be rebuilt: " + index) != std::string::npos);
  CHECK(RunTool({"verify", log, "--json"}).out.find("\"useless_indexes\": [\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace eventlog::test
