#include "base/error.h"

#include <errno.h>

#include <catch2/catch.hpp>
#include <set>

#include "base/text.h"

namespace eventlog::internal {

TEST_CASE("an error carries its reason and the code that goes with it", "[base]") {
  const absl::Status status = MakeError(ErrorReason::kBelowLogStart, "offset 3 is gone");
  CHECK(status.code() == absl::StatusCode::kOutOfRange);
  CHECK(ReasonOf(status) == ErrorReason::kBelowLogStart);
  CHECK(ToStd(status.message()) == "offset 3 is gone");
  CHECK(status.ToString().find("BELOW_LOG_START") != std::string::npos);
}

TEST_CASE("a status from elsewhere has no reason", "[base]") {
  CHECK(ReasonOf(absl::OkStatus()) == ErrorReason::kNone);
  CHECK(ReasonOf(absl::InternalError("x")) == ErrorReason::kNone);
  CHECK(ReasonOf(MakeError(absl::StatusCode::kInternal, "x")) == ErrorReason::kNone);
  absl::Status newer = absl::InternalError("x");
  newer.SetPayload("eventlog/reason", absl::Cord("OF_A_LATER_VERSION"));
  CHECK(ReasonOf(newer) == ErrorReason::kNone);
}

TEST_CASE("every reason has a name of its own and makes an error that has it back", "[base]") {
  std::set<std::string_view> names;
  int known = 0;
  for (int value = 1; value < 1000; ++value) {
    const auto reason = static_cast<ErrorReason>(value);
    const std::string_view name = ErrorReasonName(reason);
    if (name == "UNKNOWN") continue;
    ++known;
    CAPTURE(name);
    CHECK(names.insert(name).second);
    CHECK(CodeOf(reason) != absl::StatusCode::kOk);
    CHECK(ReasonOf(MakeError(reason, "")) == reason);
  }
  CHECK(known == 30);
  CHECK(ErrorReasonName(ErrorReason::kCorruptData) == "CORRUPT_DATA");
  CHECK(ErrorReasonName(ErrorReason::kNone) == "NONE");
}

TEST_CASE("codes are grouped as errors.h says", "[base]") {
  CHECK(CodeOf(ErrorReason::kInvalidOption) == absl::StatusCode::kInvalidArgument);
  CHECK(CodeOf(ErrorReason::kUnknownTopic) == absl::StatusCode::kNotFound);
  CHECK(CodeOf(ErrorReason::kTopicExists) == absl::StatusCode::kAlreadyExists);
  CHECK(CodeOf(ErrorReason::kPoisoned) == absl::StatusCode::kFailedPrecondition);
  CHECK(CodeOf(ErrorReason::kDiskFull) == absl::StatusCode::kResourceExhausted);
  CHECK(CodeOf(ErrorReason::kBufferFull) == absl::StatusCode::kResourceExhausted);
  CHECK(CodeOf(ErrorReason::kTimedOut) == absl::StatusCode::kDeadlineExceeded);
  CHECK(CodeOf(ErrorReason::kWokenUp) == absl::StatusCode::kCancelled);
  CHECK(CodeOf(ErrorReason::kDurableDataMissing) == absl::StatusCode::kDataLoss);
  CHECK(CodeOf(ErrorReason::kNewerFormat) == absl::StatusCode::kUnimplemented);
  CHECK(CodeOf(ErrorReason::kReadOnly) == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("an offset and an index ride along", "[base]") {
  absl::Status status = MakeError(ErrorReason::kLogTruncated, "cut");
  CHECK_FALSE(ActualOffset(status).has_value());
  CHECK_FALSE(FailedIndex(status).has_value());
  status = WithFailedIndex(WithActualOffset(status, INT64_MAX), 0);
  CHECK(ActualOffset(status) == INT64_MAX);
  CHECK(FailedIndex(status) == std::size_t{0});
  CHECK(ReasonOf(status) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(WithActualOffset(status, -1)) == -1);
  CHECK(WithActualOffset(absl::OkStatus(), 5) == absl::OkStatus());
}

TEST_CASE("an annotation keeps code and payloads", "[base]") {
  const absl::Status status =
      Annotate(WithActualOffset(MakeError(ErrorReason::kCorruptData, "bad hash"), 7), "a.log");
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(ToStd(status.message()) == "a.log: bad hash");
  CHECK(ReasonOf(status) == ErrorReason::kCorruptData);
  CHECK(ActualOffset(status) == 7);
  CHECK(Annotate(absl::OkStatus(), "x").ok());
}

TEST_CASE("a failed system call gets a code and names call and path and cause", "[base]") {
  const auto code = [](int error) { return ErrnoError(error, "write", "/x").code(); };
  for (const int full : {ENOSPC, EDQUOT, EFBIG}) CHECK(IsDiskFull(ErrnoError(full, "write", "/x")));
  CHECK_FALSE(IsDiskFull(ErrnoError(ENOMEM, "write", "/x")));
  CHECK(code(ENOENT) == absl::StatusCode::kNotFound);
  CHECK(code(EEXIST) == absl::StatusCode::kAlreadyExists);
  for (const int denied : {EACCES, EPERM, EROFS}) {
    CHECK(code(denied) == absl::StatusCode::kPermissionDenied);
  }
  for (const int limit : {EMFILE, ENFILE, ENOMEM}) {
    CHECK(code(limit) == absl::StatusCode::kResourceExhausted);
  }
  CHECK(code(EIO) == absl::StatusCode::kInternal);
  CHECK(code(123456) == absl::StatusCode::kInternal);
  CHECK(ToStd(ErrnoError(EIO, "write", "/x").message()) == "write /x: Input/output error");
}

TEST_CASE("only what time heals is retriable", "[base]") {
  CHECK(IsRetriable(absl::UnavailableError("")));
  CHECK(IsRetriable(MakeError(ErrorReason::kDiskFull, "")));
  CHECK_FALSE(IsRetriable(absl::OkStatus()));
  CHECK_FALSE(IsRetriable(MakeError(ErrorReason::kPoisoned, "")));
  CHECK_FALSE(IsRetriable(MakeError(ErrorReason::kTimedOut, "")));
}

TEST_CASE("an error of its own memory says all that the other said", "[base]") {
  const absl::Status status =
      WithFailedIndex(WithActualOffset(MakeError(ErrorReason::kLogTruncated, "cut"), 7), 2);
  const absl::Status copy = OwnCopy(status);
  CHECK(copy == status);
  CHECK(ReasonOf(copy) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(copy) == 7);
  CHECK(FailedIndex(copy) == 2u);
  CHECK(OwnCopy(absl::OkStatus()).ok());
}

}  // namespace eventlog::internal
