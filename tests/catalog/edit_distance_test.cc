#include "catalog/edit_distance.h"

#include <catch2/catch.hpp>

namespace eventlog::internal {
namespace {

TEST_CASE("equal words are no edit apart", "[catalog]") {
  CHECK(EditDistance("", "") == 0);
  CHECK(EditDistance("segment.bytes", "segment.bytes") == 0);
}

TEST_CASE("each insertion deletion and replacement counts one", "[catalog]") {
  CHECK(EditDistance("", "abc") == 3);
  CHECK(EditDistance("abc", "") == 3);
  CHECK(EditDistance("abc", "abd") == 1);
  CHECK(EditDistance("abc", "xabc") == 1);
  CHECK(EditDistance("kitten", "sitting") == 3);
  CHECK(EditDistance("sitting", "kitten") == 3);
}

}  // namespace
}  // namespace eventlog::internal
