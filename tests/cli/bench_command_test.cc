#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

TEST_CASE("the bench measures everything and leaves nothing behind", "[cli]") {
  const TempDir directory;
  const ToolResult result = RunTool({"bench", directory.path(), "--seconds", "0.5", "--json"});
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  for (const char* latency : {"append_disk", "bare_write_and_fdatasync_4k"}) {
    CHECK(json[latency]["samples"] > 0);
    CHECK(json[latency]["p50_us"] > 0);
    CHECK(json[latency]["p99_us"] >= json[latency]["p50_us"]);
  }
  for (const char* rate :
       {"append_process", "append_all_1000_disk", "producer_disk", "poll_page_cache"}) {
    CHECK(json[rate]["records_per_second"] > 0);
  }
  CHECK(json["append_to_bare_p50"] > 0);
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a bench that is interrupted cleans up", "[cli]") {
  const TempDir directory;
  const int null = OpenForTool("/dev/null", O_RDWR);
  const pid_t tool = StartTool({"bench", directory.path(), "--seconds", "600"}, null, null, null);
  close(null);
  while (std::filesystem::is_empty(directory.path())) usleep(1000);
  usleep(100 * 1000);
  REQUIRE(kill(tool, SIGINT) == 0);
  CHECK(WaitFor(tool) == 1);
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a bench in a directory that is not there fails", "[cli]") {
  const TempDir directory;
  CHECK(RunTool({"bench", directory / "none"}).exit_code == 1);
}

}  // namespace
}  // namespace eventlog::test
