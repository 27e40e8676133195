#include "maintenance/retention.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/error.h"

namespace eventlog::internal {
namespace {

constexpr int64_t kDay = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kTenYears = 3653 * kDay;
constexpr int64_t kNow = 20'000 * kDay;

// Segments of 100 records and 1000 bytes each; record offsets begin at 0.
struct Log {
  std::vector<int64_t> begun_ms;
  int64_t newest_append_ms = kNow;
  int64_t now_ms = kNow;
  int64_t log_start = 0;
  int64_t high_watermark = -1;  // -1: all

  int64_t From(const RetentionLimits& limits) {
    std::vector<RetainedPartition::Segment> segments;
    for (std::size_t i = 0; i < begun_ms.size(); ++i) {
      segments.push_back({static_cast<int64_t>(i) * 100, 1000});
    }
    const int64_t end = static_cast<int64_t>(begun_ms.size()) * 100;
    const auto from = RetainedFrom(
        limits, now_ms,
        {segments, log_start, high_watermark < 0 ? end : high_watermark, newest_append_ms},
        [&](std::size_t i) -> absl::StatusOr<int64_t> { return begun_ms[i]; });
    REQUIRE(from.ok());
    return *from;
  }
  int64_t ByTime(int64_t retention_ms) { return From({.retention_ms = retention_ms}); }
  int64_t BySize(int64_t retention_bytes) { return From({.retention_bytes = retention_bytes}); }
};

TEST_CASE("without limits nothing goes", "[maintenance]") {
  Log log{{1, 2, 3}, 3};
  CHECK_FALSE(RetentionLimits().any());
  CHECK(log.From({}) == 0);
  log.log_start = 50;
  CHECK(log.From({}) == 50);
}

TEST_CASE("a segment goes by time when the next one was begun long enough ago", "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow - 7 * kDay, kNow - 2 * kDay, kNow - kDay}};
  CHECK(log.ByTime(10 * kDay) == 0);
  CHECK(log.ByTime(7 * kDay + 1) == 0);
  CHECK(log.ByTime(7 * kDay) == 100);
  CHECK(log.ByTime(2 * kDay) == 200);
  CHECK(log.ByTime(kDay) == 300);
  CHECK(log.ByTime(1) == 300);
}

TEST_CASE("the last segment goes by time when the newest append is old enough", "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow - 7 * kDay}, kNow - 3 * kDay};
  CHECK(log.ByTime(3 * kDay + 1) == 100);
  CHECK(log.ByTime(3 * kDay) == 200);
}

TEST_CASE("records that are in no segment yet go by time", "[maintenance]") {
  Log log{{}, kNow - kDay};
  log.high_watermark = 7;
  CHECK(log.ByTime(kDay + 1) == 0);
  CHECK(log.ByTime(kDay) == 7);
}

TEST_CASE("nothing above the high watermark goes", "[maintenance]") {
  Log log{{1, 2, 3}, 3};
  log.high_watermark = 150;
  CHECK(log.ByTime(1) == 150);
  CHECK(log.BySize(1) == 150);
}

TEST_CASE("the log start never falls", "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow - 7 * kDay, kNow}};
  log.log_start = 130;
  CHECK(log.ByTime(7 * kDay) == 130);
  CHECK(log.BySize(2000) == 130);
}

TEST_CASE("an append time to come counts from now", "[maintenance]") {
  Log log{{kNow - 9 * kDay}, kNow + kTenYears};
  CHECK(log.ByTime(1) == 0);
  CHECK(log.ByTime(0) == 100);
}

TEST_CASE("a header from the future keeps its segment no longer than the next one says",
          "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow + kTenYears, kNow + kTenYears, kNow - 5 * kDay, kNow - kDay}};
  CHECK(log.ByTime(5 * kDay + 1) == 0);
  CHECK(log.ByTime(5 * kDay) == 300);  // all three before the one that says so
  CHECK(log.ByTime(kDay) == 400);
}

TEST_CASE("without any believable header the newest append counts", "[maintenance]") {
  Log log{{kNow + kTenYears, kNow + kTenYears, 0}, kNow - 2 * kDay};
  CHECK(log.ByTime(2 * kDay + 1) == 0);
  CHECK(log.ByTime(2 * kDay) == 300);
}

TEST_CASE("a header that says nothing is passed over", "[maintenance]") {
  Log log{{0, 0, -5, kNow - 3 * kDay, kNow}};
  CHECK(log.ByTime(3 * kDay + 1) == 0);
  CHECK(log.ByTime(3 * kDay) == 300);
}

TEST_CASE("a clock that was behind for a while deletes nothing early", "[maintenance]") {
  // Segment 2 was begun, and appended to, with the clock ten years back.
  Log log{{kNow - 5 * kDay, kNow - 3 * kDay, kNow - kTenYears, kNow - kDay}};
  CHECK(log.ByTime(4 * kDay) == 0);
  CHECK(log.ByTime(3 * kDay) == 200);
  Log last{{kNow - 5 * kDay}, kNow - kTenYears};
  CHECK(last.ByTime(6 * kDay) == 0);
  CHECK(last.ByTime(5 * kDay) == 100);
}

TEST_CASE("a clock that is behind now deletes nothing early", "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow - 7 * kDay}, kNow - 7 * kDay, kNow - kTenYears};
  CHECK(log.ByTime(1) == 0);
}

TEST_CASE("the oldest goes by size while the others hold enough", "[maintenance]") {
  Log log{{kNow, kNow, kNow, kNow}};
  CHECK(log.BySize(4000) == 0);
  CHECK(log.BySize(3001) == 0);
  CHECK(log.BySize(3000) == 100);
  CHECK(log.BySize(2999) == 100);
  CHECK(log.BySize(1) == 300);
  CHECK(log.BySize(INT64_MAX) == 0);
}

TEST_CASE("the last segment never goes by size", "[maintenance]") {
  Log log{{kNow}};
  CHECK(log.BySize(1) == 0);
  Log empty{{}};
  CHECK(empty.BySize(1) == 0);
}

TEST_CASE("of two limits the one that asks for more counts", "[maintenance]") {
  Log log{{kNow - 9 * kDay, kNow - 7 * kDay, kNow - 2 * kDay, kNow - kDay}};
  CHECK(log.From({7 * kDay, 1000}) == 300);
  CHECK(log.From({kDay, 3000}) == 300);
  CHECK(log.From({7 * kDay, 4000}) == 100);
}

TEST_CASE("headers are read up to the first segment that stays and no error is passed over",
          "[maintenance]") {
  const std::vector<RetainedPartition::Segment> segments = {{0, 1}, {10, 1}, {20, 1}, {30, 1}};
  std::vector<std::size_t> asked;
  const auto from = RetainedFrom({.retention_ms = kDay}, kNow, {segments, 0, 40, kNow},
                                 [&](std::size_t i) -> absl::StatusOr<int64_t> {
                                   asked.push_back(i);
                                   return kNow;
                                 });
  REQUIRE(from.ok());
  CHECK(*from == 0);
  CHECK(asked == std::vector<std::size_t>{0, 1});
  const auto failed = RetainedFrom({.retention_ms = kDay}, kNow, {segments, 0, 40, kNow},
                                   [](std::size_t i) -> absl::StatusOr<int64_t> {
                                     return i == 0 ? absl::StatusOr<int64_t>(1)
                                                   : absl::UnavailableError("no such disk");
                                   });
  CHECK(absl::IsUnavailable(failed.status()));
}

}  // namespace
}  // namespace eventlog::internal
