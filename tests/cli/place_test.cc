#include "cli/place.h"

#include <catch2/catch.hpp>

namespace eventlog::cli {
namespace {

TEST_CASE("a place is a word or an offset or a count or a time", "[cli]") {
  CHECK(ParsePlace("--from", "beginning").value() == Place{Place::Kind::kBeginning});
  CHECK(ParsePlace("--from", "end").value() == Place{Place::Kind::kEnd});
  CHECK(ParsePlace("--from", "0").value() == Place{Place::Kind::kOffset, 0});
  CHECK(ParsePlace("--from", "9223372036854775807").value() ==
        Place{Place::Kind::kOffset, INT64_MAX});
  CHECK(ParsePlace("--from", "-10").value() == Place{Place::Kind::kNewest, 10});
  CHECK(ParsePlace("--from", "@1700000000000").value() == Place{Place::Kind::kTime, 1700000000000});
  CHECK(ParsePlace("--from", "2023-11-14T22:13:20Z").value() ==
        Place{Place::Kind::kTime, 1700000000000});
  CHECK(ParsePlace("--from", "2023-11-14T23:13:20.5+01:00").value() ==
        Place{Place::Kind::kTime, 1700000000500});
}

TEST_CASE("what is no place is refused with the option and what it may be", "[cli]") {
  for (const char* wrong : {"", "-", "@", "--1", "@-1", "1x", "yesterday", "9223372036854775808",
                            "2023-11-14", "1969-12-31T23:59:59Z", "infinite-future"}) {
    const auto place = ParsePlace("--until", wrong);
    INFO(wrong);
    REQUIRE(absl::IsInvalidArgument(place.status()));
    CHECK(std::string(place.status().message()).find("--until") == 0);
    CHECK(std::string(place.status().message()).find("beginning") != std::string::npos);
  }
}

TEST_CASE("a time is milliseconds or a date and prints as one", "[cli]") {
  CHECK(ParseTimeMs("--timestamp", "1700000000123").value() == 1700000000123);
  CHECK(ParseTimeMs("--timestamp", "@5").value() == 5);
  CHECK(ParseTimeMs("--timestamp", "2023-11-14T22:13:20.123Z").value() == 1700000000123);
  CHECK(absl::IsInvalidArgument(ParseTimeMs("--timestamp", "noon").status()));
  CHECK(TimeText(1700000000123) == "2023-11-14T22:13:20.123Z");
  CHECK(TimeText(0) == "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace eventlog::cli
