// Runs the transcript of docs/first-session.md and compares what the tool prints with what the page
// says it prints.
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <regex>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

struct Step {
  std::string command = {};
  std::string output = {};
};

// The commands in the page's blocks ```console, each a line "$ command", and the lines below it.
std::vector<Step> ReadTranscript(const std::string& path) {
  std::vector<Step> steps;
  bool in_console = false;
  for (const std::string& line : LinesOf(ReadFileText(path))) {
    if (line.starts_with("```")) {
      in_console = line == "```console";
    } else if (in_console && line.starts_with("$ ")) {
      steps.push_back({line.substr(2)});
    } else if (in_console) {
      REQUIRE_FALSE(steps.empty());
      steps.back().output += line + "\n";
    }
  }
  return steps;
}

// Without what differs from run to run: times, ids, process ids, sizes, and the width of columns.
std::string Normalized(std::string text, const std::string& home = "/home/you") {
  for (std::size_t at; (at = text.find(home + "/")) != std::string::npos;) {
    text.replace(at, home.size() + 1, "HOME ");
  }
  const std::pair<const char*, const char*> replacements[] = {
      {"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME"},
      {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"},
      {"\\b1[0-9]{12}\\b", "MILLISECONDS"},
      {"process [0-9]+", "process PID"},
      {"[0-9.]+ (KiB|MiB|bytes)\\b", "SIZE"},
      {" +", " "},
  };
  for (const auto& [pattern, replacement] : replacements) {
    text = std::regex_replace(text, std::regex(pattern), replacement);
  }
  return text;
}

// One shell for all of it, as a reader would; between two commands it prints a line of its own.
std::vector<std::string> RunInOneShell(const std::vector<Step>& steps, const TempDir& directory) {
  constexpr char kBetween[] = "--- next ---\n";
  const std::string tool = EVENTLOG_TOOL;
  std::string script = "PATH='" + tool.substr(0, tool.rfind('/')) + "':$PATH\ncd '" +
                       directory.path() + "' || exit 1\nexec 2>&1\n";
  for (const Step& step : steps) script += step.command + "\nprintf '%s' '" + kBetween + "'\n";
  WriteFileText(directory / "script", script);
  const std::string command =
      "sh '" + directory / "script" + "' > '" + directory / "output" + "' < /dev/null";
  REQUIRE(system(command.c_str()) == 0);
  std::vector<std::string> outputs;
  std::string left = ReadFileText(directory / "output");
  for (std::size_t at; (at = left.find(kBetween)) != std::string::npos;) {
    outputs.push_back(left.substr(0, at));
    left.erase(0, at + sizeof kBetween - 1);
  }
  CHECK(left.empty());
  return outputs;
}

TEST_CASE("the first session goes as its page says", "[cli]") {
  const std::vector<Step> steps = ReadTranscript(EVENTLOG_SOURCE_DIR "/docs/first-session.md");
  REQUIRE(steps.size() > 15);
  const TempDir directory;
  const std::vector<std::string> outputs = RunInOneShell(steps, directory);
  REQUIRE(outputs.size() == steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO("$ " << steps[i].command << "\n" << outputs[i]);
    CHECK(Normalized(outputs[i], directory.path()) == Normalized(steps[i].output));
  }
}

}  // namespace
}  // namespace eventlog::test
