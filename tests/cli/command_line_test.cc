// What every command says about itself.
#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// How often `part` is in `text`.
int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

const std::vector<Arguments> kCommands = {
    {"topic", "create"},
    {"topic", "alter"},
    {"topic", "list"},
    {"topic", "describe"},
    {"topic", "delete"},
    {"topic", "delete-records"},
    {"group", "list"},
    {"group", "describe"},
    {"group", "reset"},
    {"group", "delete"},
    {"produce"},
    {"consume"},
    {"stats"},
    {"verify"},
    {"dump"},
    {"recover"},
    {"bench"},
    {"topic"},
    {"group"},
};

TEST_CASE("help exits with 0 and shows an example for every command", "[cli]") {
  for (Arguments words : kCommands) {
    std::string name = "  eventlog";
    for (const std::string& word : words) name += " " + word;
    words.push_back("--help");
    const ToolResult result = RunTool(words);
    INFO(name);
    CHECK(result.exit_code == 0);
    CHECK(Has(result.out, "Example"));
    CHECK(Has(result.out, name));
  }
}

TEST_CASE("the program's own help names every command", "[cli]") {
  const ToolResult help = RunTool({"--help"});
  CHECK(help.exit_code == 0);
  for (const Arguments& words : kCommands) CHECK(Has(help.out, "\n  " + words[0] + " "));
  CHECK(Count(help.out, "\n  bench ") == 1);
}

TEST_CASE("the version is told", "[cli]") {
  const ToolResult version = RunTool({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "eventlog " EVENTLOG_VERSION "\n");
}

TEST_CASE("a command that there is not is named", "[cli]") {
  const ToolResult result = RunTool({"tail", "log"});
  CHECK(result.exit_code == 2);
  CHECK(Has(result.err, "there is no command tail"));
}

TEST_CASE("every config that a topic can have is in the help", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t"}).exit_code == 0);
  const std::string help = RunTool({"topic", "alter", "--help"}).out;
  int configs = 0;
  for (const std::string& line : LinesOf(RunTool({"topic", "describe", log, "t"}).out)) {
    const std::string key = line.substr(0, line.find(':'));
    if (!key.starts_with("  ") || key == "  partitions" || key.starts_with("  partition "))
      continue;
    INFO(line);
    CHECK(Has(help, key.substr(2)));
    ++configs;
  }
  CHECK(configs >= 8);
}

}  // namespace
}  // namespace eventlog::test
