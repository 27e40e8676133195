#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

bool Has(const ToolResult& result, std::string_view part) {
  return result.out.find(part) != std::string::npos;
}

TEST_CASE("every kind of file is recognised", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  std::string input;
  for (int i = 0; i < 3000; ++i) input += "key" + std::to_string(i) + ":" + input.substr(0, 60);
  for (std::size_t at = 60; at < input.size(); at += 60) input[at] = '\n';
  REQUIRE(RunTool({"produce", log, "orders", "--config", "segment.bytes=65536"}, input).exit_code ==
          0);
  const ToolResult catalog = RunTool({"dump", log + "/catalog"});
  CHECK(catalog.exit_code == 0);
  CHECK(Has(catalog, "topic 1: \"orders\""));
  CHECK(Has(catalog, "segment.bytes=65536"));
  const ToolResult checkpoint = RunTool({"dump", log + "/checkpoint"});
  CHECK(checkpoint.exit_code == 0);
  CHECK(Has(checkpoint, "partition 1-0: log_start_offset 0"));
  CHECK(Has(checkpoint, "newest_append_ms 1"));
  REQUIRE(RunTool({"consume", log, "orders", "--group", "g", "--max", "7"}).exit_code == 0);
  const ToolResult committed = RunTool({"dump", log + "/checkpoint"});
  CHECK(Has(committed, "committed offsets 1 of records below 1\n"));
  CHECK(Has(committed, "committed: group \"g\" in \"orders\"-0: offset 7, leader_epoch "));
  CHECK(Has(RunTool({"dump", FirstSegment(log)}), "batch at 56: offsets 0 to"));
  const std::string base = FirstSegment(log).substr(0, FirstSegment(log).size() - 4);
  CHECK(Has(RunTool({"dump", base + ".index"}), "offset index: checksums ok, base_offset 0"));
  CHECK(Has(RunTool({"dump", base + ".timeindex"}), "time index: checksums ok, base_offset 0"));
  CHECK(Has(RunTool({"dump", log + "/journal/00000000.journal"}), "journal: "));
}

TEST_CASE("the groups and frames of a killed writer's journal are dumped", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  int in[2];
  int out[2];
  REQUIRE(pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  const pid_t tool = StartTool({"produce", log, "t", "--print-offsets"}, in[0], out[1], 2);
  close(in[0]);
  close(out[1]);
  REQUIRE(write(in[1], "journaled\n", 10) == 10);
  char answer[8];
  REQUIRE(read(out[0], answer, sizeof answer) == 4);
  REQUIRE(kill(tool, SIGKILL) == 0);
  CHECK(WaitFor(tool) == -SIGKILL);
  close(in[1]);
  close(out[0]);
  const std::string journal = log + "/journal/00000000.journal";
  const ToolResult dumped = RunTool({"dump", journal, "--records"});
  CHECK(dumped.exit_code == 0);
  CHECK(Has(dumped, "frame of 1-0: offsets 0 to 0"));
  CHECK(Has(dumped, "value \"journaled\""));
  const ToolResult verified = RunTool({"verify", log});
  CHECK(verified.exit_code == 0);
  CHECK(Has(verified, "1 journal groups to replay"));
  std::filesystem::rename(log + "/checkpoint", log + "/aside");
  const ToolResult alone = RunTool({"dump", journal});
  CHECK(alone.exit_code == 1);
  CHECK(alone.err.find("checkpoint") != std::string::npos);
}

TEST_CASE("damage and strange files exit with 1", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"produce", log, "t"}, "a\n").exit_code == 0);
  for (const std::string& file : {log + "/catalog", log + "/checkpoint", FirstSegment(log)}) {
    FlipByte(file, 20);
    CHECK(RunTool({"dump", file}).exit_code == 1);
  }
  WriteFileText(directory / "letter", "Dear reader");
  const ToolResult strange = RunTool({"dump", directory / "letter"});
  CHECK(strange.exit_code == 1);
  CHECK(strange.err.find("none of a log's files") != std::string::npos);
  CHECK(RunTool({"dump", directory / "none"}).exit_code == 1);
}

}  // namespace
}  // namespace eventlog::test
