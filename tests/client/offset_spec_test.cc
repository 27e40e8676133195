#include "client/offset_spec.h"

#include <catch2/catch.hpp>
#include <cstdint>

namespace eventlog::internal {
namespace {

using Kind = OffsetSpecAccess::Kind;

Kind KindOf(const OffsetSpec& spec) { return OffsetSpecAccess::kind(spec); }
int64_t ValueOf(const OffsetSpec& spec) { return OffsetSpecAccess::value(spec); }

TEST_CASE("each place says what it is", "[client]") {
  CHECK(KindOf(OffsetSpec()) == Kind::kEarliest);
  CHECK(KindOf(OffsetSpec::Earliest()) == Kind::kEarliest);
  CHECK(KindOf(OffsetSpec::Latest()) == Kind::kLatest);
  CHECK(KindOf(OffsetSpec::Committed()) == Kind::kCommitted);
  CHECK(KindOf(OffsetSpec::At(5)) == Kind::kAt);
  CHECK(ValueOf(OffsetSpec::At(5)) == 5);
  CHECK(ValueOf(OffsetSpec::At(-1)) == -1);
}

TEST_CASE("a negative count of last records is none", "[client]") {
  CHECK(KindOf(OffsetSpec::Last(3)) == Kind::kLast);
  CHECK(ValueOf(OffsetSpec::Last(3)) == 3);
  CHECK(ValueOf(OffsetSpec::Last(-3)) == 0);
}

TEST_CASE("a time between two milliseconds is rounded up", "[client]") {
  const auto value = [](absl::Time time) { return ValueOf(OffsetSpec::ForTimestamp(time)); };
  CHECK(KindOf(OffsetSpec::ForTimestamp(absl::UnixEpoch())) == Kind::kForTimestamp);
  CHECK(value(absl::FromUnixMillis(1700000000123)) == 1700000000123);
  CHECK(value(absl::FromUnixMillis(7) + absl::Nanoseconds(1)) == 8);
  CHECK(value(absl::FromUnixMillis(7) - absl::Nanoseconds(1)) == 7);
  CHECK(value(absl::FromUnixMillis(-7) + absl::Microseconds(1)) == -6);
}

TEST_CASE("the infinite times are the ends of the range", "[client]") {
  CHECK(ValueOf(OffsetSpec::ForTimestamp(absl::InfiniteFuture())) == INT64_MAX);
  CHECK(ValueOf(OffsetSpec::ForTimestamp(absl::InfinitePast())) <= INT64_MIN + 1);
}

}  // namespace
}  // namespace eventlog::internal
