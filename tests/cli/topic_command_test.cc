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
  CHECK(orders.find("partition 2: log_start_offset 0 high_watermark 0") != std::string::npos);
  CHECK(RunTool({"topic", "describe", log}).out.find("bills\n") == 0);
  CHECK(RunTool({"topic", "create", log, "orders"}).err.find("TOPIC_EXISTS") != std::string::npos);
  CHECK(RunTool({"topic", "delete", log, "orders"}).exit_code == 0);
  CHECK(RunTool({"topic", "list", log}).out == "bills\n");
  CHECK(RunTool({"topic", "delete", log, "orders"}).exit_code == 1);
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
