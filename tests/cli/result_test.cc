#include "cli/result.h"

#include <catch2/catch.hpp>

#include "base/error.h"

namespace eventlog::cli {
namespace {

TEST_CASE("errors are described by their reason or else their code", "[cli]") {
  CHECK(Describe(internal::MakeError(ErrorReason::kCorruptData, "bad")) == "CORRUPT_DATA: bad");
  CHECK(Describe(absl::NotFoundError("gone")) == "NOT_FOUND: gone");
  const std::string locked = Describe(internal::MakeError(ErrorReason::kLocked, "held by 7"));
  CHECK(locked.find("LOCKED: held by 7; end that process, or use what works beside it: ") == 0);
}

TEST_CASE("exit codes tell wrong usage from failure", "[cli]") {
  CHECK(ExitCodeOf(absl::OkStatus()) == 0);
  CHECK(ExitCodeOf(absl::CancelledError("nobody reads")) == 0);
  CHECK(ExitCodeOf(internal::MakeError(ErrorReason::kCorruptData, "")) == 1);
  CHECK(ExitCodeOf(internal::MakeError(ErrorReason::kRecordTooLarge, "")) == 1);
  CHECK(ExitCodeOf(internal::MakeError(ErrorReason::kInvalidOption, "")) == 2);
  CHECK(ExitCodeOf(internal::MakeError(ErrorReason::kInvalidTopicName, "")) == 2);
  CHECK(ExitCodeOf(absl::InvalidArgumentError("")) == 2);
}

TEST_CASE("context keeps code and reason", "[cli]") {
  const absl::Status status =
      WithContext(internal::MakeError(ErrorReason::kRecordTooLarge, "too large"), "line 3");
  CHECK(Describe(status) == "RECORD_TOO_LARGE: line 3: too large");
  CHECK(WithContext(absl::OkStatus(), "line 3").ok());
}

}  // namespace
}  // namespace eventlog::cli
