#include "cli/table.h"

#include <catch2/catch.hpp>

namespace eventlog::cli {
namespace {

TEST_CASE("numbers stand right and words left and no line ends in spaces", "[cli]") {
  Table table({"topic", "lag", "note"});
  CHECK(table.empty());
  table.Add({"orders", "7", "x"});
  table.Add({"a", "1234", ""});
  table.Add({"b", "-", "long"});
  CHECK_FALSE(table.empty());
  CHECK(table.ToString() ==
        "topic    lag  note\n"
        "orders     7  x\n"
        "a       1234\n"
        "b          -  long\n");
}

TEST_CASE("sizes are told in the unit that fits", "[cli]") {
  CHECK(HumanBytes(0) == "0 bytes");
  CHECK(HumanBytes(1023) == "1023 bytes");
  CHECK(HumanBytes(1536) == "1.5 KiB");
  CHECK(HumanBytes(int64_t{64} << 20) == "64.0 MiB");
  CHECK(HumanBytes(int64_t{3} << 40) == "3.0 TiB");
  CHECK(HumanBytes(int64_t{5} << 50) == "5120.0 TiB");
}

}  // namespace
}  // namespace eventlog::cli
