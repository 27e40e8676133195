#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

std::string MakeLog(const TempDir& directory) {
  std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "empty", "--partitions", "3"}).exit_code == 0);
  REQUIRE(RunTool({"produce", log, "orders", "--timestamp", "2026-11-21T16:08:00Z"}, "a\nb\n")
              .exit_code == 0);
  REQUIRE(
      RunTool({"produce", log, "orders", "--timestamp", "2026-11-20T00:00:00Z"}, "c\n").exit_code ==
      0);
  REQUIRE(RunTool({"consume", log, "orders", "--group", "billing", "--max", "1"}).exit_code == 0);
  return log;
}

TEST_CASE("stats tell topics and groups on one screen", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  const ToolResult result = RunTool({"stats", log});
  CHECK(result.exit_code == 0);
  const std::vector<std::string> lines = LinesOf(result.out);
  REQUIRE(lines.size() == 8);
  CHECK(lines[0].find(log + ": 2 topics, 4 partitions, 3 records; ") == 0);
  CHECK(lines[3].find("empty            3        0  0 bytes") == 0);
  CHECK(lines[4].find("orders           1        3  ") == 0);
  CHECK(lines[4].find("2026-11-21T16:08:00.000Z  2026-11-21T16:08:00.000Z") != std::string::npos);
  CHECK(lines[7] == "billing  orders           1    2");
}

TEST_CASE("stats as JSON say the same", "[cli]") {
  const TempDir directory;
  const std::string log = MakeLog(directory);
  const ToolResult result = RunTool({"stats", log, "--json"});
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  REQUIRE(json["topics"].size() == 2);
  CHECK(json["topics"][0]["topic"] == "empty");
  CHECK(json["topics"][0]["oldest_timestamp_ms"].is_null());
  CHECK(json["topics"][1]["records"] == 3);
  CHECK(json["topics"][1]["bytes"] == std::filesystem::file_size(log + "/segments/2-0/"
                                                                       "00000000000000000000.log"));
  REQUIRE(json["groups"].size() == 1);
  CHECK(json["groups"][0]["lag"] == 2);
  int64_t all = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(log)) {
    if (entry.is_regular_file()) all += static_cast<int64_t>(entry.file_size());
  }
  CHECK(json["disk_bytes"] == all);
  CHECK(json["journal_bytes"] > 0);
  CHECK(json["journal_bytes"] < all);
}

}  // namespace
}  // namespace eventlog::test
