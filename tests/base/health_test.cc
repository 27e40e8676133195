#include "base/health.h"

#include <catch2/catch.hpp>

#include "base/error.h"

namespace eventlog::internal {
namespace {

const absl::Status kFirst = MakeError(absl::StatusCode::kInternal, "fdatasync: first cause");
const absl::Status kSecond = MakeError(absl::StatusCode::kInternal, "pwrite: second cause");

TEST_CASE("a log is healthy at first", "[base]") {
  Health health;
  CHECK(health.Check().ok());
  CHECK_FALSE(health.poisoned());
  CHECK(health.failure() == Health::Failure::kNone);
}

TEST_CASE("the first cause of a poisoning is kept and told to everybody", "[base]") {
  Health health;
  const absl::Status told = health.Poison(Health::Failure::kJournal, kFirst);
  CHECK(ReasonOf(told) == ErrorReason::kPoisoned);
  CHECK(health.Poison(Health::Failure::kJournal, kSecond) == told);
  CHECK(health.Check() == told);
  CHECK(told.message().find("first cause") != absl::string_view::npos);
  CHECK(health.poisoned());
}

TEST_CASE("the gravest failure of a poisoned log is kept", "[base]") {
  Health health;
  static_cast<void>(health.Poison(Health::Failure::kJournal, kFirst));
  CHECK(health.failure() == Health::Failure::kJournal);
  static_cast<void>(health.Poison(Health::Failure::kSegment, kSecond));
  CHECK(health.failure() == Health::Failure::kSegment);
  static_cast<void>(health.Poison(Health::Failure::kJournal, kFirst));
  CHECK(health.failure() == Health::Failure::kSegment);
}

TEST_CASE("a log that was cleared is healthy and can be poisoned again", "[base]") {
  Health health;
  static_cast<void>(health.Poison(Health::Failure::kSegment, kFirst));
  health.Clear();
  CHECK(health.Check().ok());
  CHECK(health.failure() == Health::Failure::kNone);
  const absl::Status told = health.Poison(Health::Failure::kJournal, kSecond);
  CHECK(told.message().find("second cause") != absl::string_view::npos);
}

}  // namespace
}  // namespace eventlog::internal
