#include <catch2/catch.hpp>
#include <string>

#include "cli/commands.h"
#include "cli/tool.h"

namespace eventlog::test {
namespace {

TEST_CASE("topics are created and listed and described and deleted", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "orders", "--partitions", "3", "--config",
                   "durability=process", "--config", "segment.bytes=65536"})
              .exit_code == 0);
  REQUIRE(RunTool({"topic", "create", log, "bills"}).exit_code == 0);
  CHECK(RunTool({"topic", "list", log}).out == "bills\norders\n");
  const std::string orders = RunTool({"topic", "describe", log, "orders"}).out;
  CHECK(orders.find("partitions: 3") != std::string::npos);
  CHECK(orders.find("durability: process") != std::string::npos);
  CHECK(orders.find("segment.bytes: 65536") != std::string::npos);
  CHECK(orders.find("partition 2: log_start_offset 0 end_offset 0 records 0") != std::string::npos);
  CHECK(RunTool({"topic", "describe", log}).out.find("bills\n") == 0);
  CHECK(RunTool({"topic", "create", log, "orders"}).err.find("TOPIC_EXISTS") != std::string::npos);
  CHECK(RunTool({"topic", "delete", log, "orders"}).exit_code == 0);
  CHECK(RunTool({"topic", "list", log}).out == "bills\n");
  CHECK(RunTool({"topic", "delete", log, "orders"}).exit_code == 1);
}

TEST_CASE("a topic is altered and its partitions grow", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "orders", "--config", "retention.ms=1000"}).exit_code ==
          0);
  const auto described = [&] { return RunTool({"topic", "describe", log, "orders"}).out; };
  CHECK(described().find("retention.ms: 1000\n") != std::string::npos);
  CHECK(RunTool({"topic", "alter", log, "orders", "--partitions", "3", "--config",
                 "retention.ms=-1", "--config", "linger.ms=7"})
            .exit_code == 0);
  CHECK(described().find("partitions: 3") != std::string::npos);
  CHECK(described().find("retention.ms: -1\n") != std::string::npos);
  CHECK(described().find("linger.ms: 7\n") != std::string::npos);
  CHECK(RunTool({"produce", log, "orders", "--partition", "2"}, "a\n").exit_code == 0);
  CHECK(RunTool({"topic", "alter", log, "orders", "--partitions", "2"}).exit_code == 2);
  CHECK(RunTool({"topic", "alter", log, "bills", "--partitions", "2"}).err.find("UNKNOWN_TOPIC") !=
        std::string::npos);
}

TEST_CASE("records are deleted before an offset or a time or the end", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", "2"}).exit_code == 0);
  for (const char* partition : {"0", "1"}) {
    for (const char* time : {"1000", "2000", "3000"}) {
      REQUIRE(RunTool({"produce", log, "t", "--partition", partition, "--timestamp", time}, "x\n")
                  .exit_code == 0);
    }
  }
  const auto deleted = [&](const Arguments& more) {
    Arguments arguments = {"topic", "delete-records", log, "t"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunTool(arguments);
  };
  const auto left = [&] { return RunTool({"consume", log, "t", "--format", "%p%o "}).out; };
  CHECK(deleted({"--partition", "1", "--before", "1"}).out == "t-1: the log starts at 1\n");
  CHECK(left() == "00 01 02 11 12 ");
  CHECK(deleted({"--before", "1970-01-01T00:00:02Z"}).exit_code == 0);
  CHECK(left() == "01 02 11 12 ");
  CHECK(deleted({"--partition", "0", "--before", "9"}).err.find("BEYOND_HIGH_WATERMARK") !=
        std::string::npos);
  CHECK(deleted({"--before", "end"}).exit_code == 0);
  CHECK(left().empty());
  CHECK(RunTool({"verify", log}).exit_code == 0);
  CHECK(RunTool({"topic", "delete-records", log, "u", "--before", "end"}).exit_code == 1);
  CHECK(RunTool({"topic", "list", log}).out == "t\n");
}

TEST_CASE("a config without an equals sign is refused", "[cli]") {
  TopicOptions options;
  CHECK(cli::SetConfigs({"batch.bytes=2048", "segment_bytes=65536"}, &options).ok());
  CHECK(options.batch_bytes == 2048);
  CHECK(options.segment_bytes == 65536);
  CHECK(absl::IsInvalidArgument(cli::SetConfigs({"batch.bytes"}, &options)));
}

}  // namespace
}  // namespace eventlog::test
