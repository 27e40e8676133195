#include "cli/record_filter.h"

#include <catch2/catch.hpp>
#include <vector>

namespace eventlog::cli {
namespace {

TEST_CASE("a filter wants the key and every header that it was given", "[cli]") {
  const std::vector<Header> headers = {{"host", "web-1"}, {"host", "web-2"}, {"empty", nullptr}};
  const RecordFields record = {.key = "k", .headers = headers};
  CHECK(RecordFilter({}, {}).Matches(record));
  CHECK(RecordFilter("k", {}).Matches(record));
  CHECK_FALSE(RecordFilter("other", {}).Matches(record));
  CHECK(RecordFilter({}, {"host"}).Matches(record));
  CHECK(RecordFilter({}, {"host=web-2", "empty"}).Matches(record));
  CHECK(RecordFilter({}, {"empty="}).Matches(record));
  CHECK_FALSE(RecordFilter({}, {"host=web-1"}).Matches(record));
  CHECK_FALSE(RecordFilter({}, {"host", "zone"}).Matches(record));
  CHECK_FALSE(RecordFilter("k", {"zone"}).Matches(record));
}

TEST_CASE("an empty key is not the same as none", "[cli]") {
  CHECK(RecordFilter("", {}).Matches({.key = ""}));
  CHECK_FALSE(RecordFilter("", {}).Matches({}));
}

}  // namespace
}  // namespace eventlog::cli
