#include "client/record_check.h"

#include <catch2/catch.hpp>
#include <string>

#include "eventlog/errors.h"
#include "format/record.h"

namespace eventlog::internal {
namespace {

constexpr RecordLimits kLimits = {.partitions = 3, .max_record_bytes = 1000};

TEST_CASE("a record is refused by one byte too many", "[client]") {
  const std::size_t overhead = MaxEncodedRecordBytes({.value = std::string(900, 'v')}) - 900;
  const std::string fits(1000 - overhead, 'v');
  CHECK(CheckRecord({.value = fits}, kLimits).ok());
  const absl::Status status = CheckRecord({.value = fits + "v"}, kLimits);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(ReasonOf(status) == ErrorReason::kRecordTooLarge);
}

TEST_CASE("keys and headers count against the largest record", "[client]") {
  const std::string large(1000, 'x');
  CHECK(ReasonOf(CheckRecord({.key = large}, kLimits)) == ErrorReason::kRecordTooLarge);
  CHECK(ReasonOf(CheckRecord({.headers = {{"key", large}}}, kLimits)) ==
        ErrorReason::kRecordTooLarge);
}

TEST_CASE("a partition that the topic does not have is refused", "[client]") {
  CHECK(CheckRecord({.partition = kAnyPartition}, kLimits).ok());
  CHECK(CheckRecord({.partition = 0}, kLimits).ok());
  CHECK(CheckRecord({.partition = 2}, kLimits).ok());
  CHECK(ReasonOf(CheckRecord({.partition = 3}, kLimits)) == ErrorReason::kUnknownPartition);
  CHECK(absl::IsNotFound(CheckRecord({.partition = -2}, kLimits)));
}

TEST_CASE("timestamps begin in 1970 and end before infinity", "[client]") {
  CHECK(CheckRecord({.timestamp = absl::UnixEpoch()}, kLimits).ok());
  CHECK(CheckRecord({.timestamp = absl::FromUnixMillis(4'000'000'000'000)}, kLimits).ok());
  for (const absl::Time time :
       {absl::UnixEpoch() - absl::Milliseconds(1), absl::InfinitePast(), absl::InfiniteFuture()}) {
    CHECK(ReasonOf(CheckRecord({.timestamp = time}, kLimits)) == ErrorReason::kInvalidOption);
  }
}

}  // namespace
}  // namespace eventlog::internal
