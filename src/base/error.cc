// Invariant: a payload is text (a reason's name, a decimal number), so that Status::ToString shows
// it to people as well.
#include "base/error.h"

#include <errno.h>

#include <optional>
#include <system_error>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "base/assert.h"
#include "base/text.h"
#include "fmt/format.h"

namespace eventlog::inline v1 {
namespace internal {
namespace {

constexpr char kReasonUrl[] = "eventlog/reason";
constexpr char kOffsetUrl[] = "eventlog/actual_offset";
constexpr char kIndexUrl[] = "eventlog/failed_index";

struct ReasonRow {
  ErrorReason reason;
  absl::StatusCode code;
  std::string_view name;
};

constexpr ReasonRow kReasons[] = {
    {ErrorReason::kNone, absl::StatusCode::kOk, "NONE"},
    {ErrorReason::kInvalidOption, absl::StatusCode::kInvalidArgument, "INVALID_OPTION"},
    {ErrorReason::kInvalidTopicName, absl::StatusCode::kInvalidArgument, "INVALID_TOPIC_NAME"},
    {ErrorReason::kRecordTooLarge, absl::StatusCode::kInvalidArgument, "RECORD_TOO_LARGE"},
    {ErrorReason::kWrongLog, absl::StatusCode::kInvalidArgument, "WRONG_LOG"},
    {ErrorReason::kUnknownTopic, absl::StatusCode::kNotFound, "UNKNOWN_TOPIC"},
    {ErrorReason::kUnknownPartition, absl::StatusCode::kNotFound, "UNKNOWN_PARTITION"},
    {ErrorReason::kUnknownGroup, absl::StatusCode::kNotFound, "UNKNOWN_GROUP"},
    {ErrorReason::kTopicExists, absl::StatusCode::kAlreadyExists, "TOPIC_EXISTS"},
    {ErrorReason::kDirectoryNotFound, absl::StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"},
    {ErrorReason::kBelowLogStart, absl::StatusCode::kOutOfRange, "BELOW_LOG_START"},
    {ErrorReason::kBeyondHighWatermark, absl::StatusCode::kOutOfRange, "BEYOND_HIGH_WATERMARK"},
    {ErrorReason::kLogTruncated, absl::StatusCode::kOutOfRange, "LOG_TRUNCATED"},
    {ErrorReason::kClosed, absl::StatusCode::kFailedPrecondition, "CLOSED"},
    {ErrorReason::kPoisoned, absl::StatusCode::kFailedPrecondition, "POISONED"},
    {ErrorReason::kForked, absl::StatusCode::kFailedPrecondition, "FORKED"},
    {ErrorReason::kInCallback, absl::StatusCode::kFailedPrecondition, "IN_CALLBACK"},
    {ErrorReason::kNoGroup, absl::StatusCode::kFailedPrecondition, "NO_GROUP"},
    {ErrorReason::kConfigMismatch, absl::StatusCode::kFailedPrecondition, "CONFIG_MISMATCH"},
    {ErrorReason::kLocked, absl::StatusCode::kFailedPrecondition, "LOCKED"},
    {ErrorReason::kNotOnThisFileSystem, absl::StatusCode::kFailedPrecondition,
     "NOT_ON_THIS_FILE_SYSTEM"},
    {ErrorReason::kGroupActive, absl::StatusCode::kFailedPrecondition, "GROUP_ACTIVE"},
    {ErrorReason::kDiskFull, absl::StatusCode::kResourceExhausted, "DISK_FULL"},
    {ErrorReason::kBufferFull, absl::StatusCode::kResourceExhausted, "BUFFER_FULL"},
    {ErrorReason::kTimedOut, absl::StatusCode::kDeadlineExceeded, "TIMED_OUT"},
    {ErrorReason::kWokenUp, absl::StatusCode::kCancelled, "WOKEN_UP"},
    {ErrorReason::kCorruptData, absl::StatusCode::kDataLoss, "CORRUPT_DATA"},
    {ErrorReason::kDurableDataMissing, absl::StatusCode::kDataLoss, "DURABLE_DATA_MISSING"},
    {ErrorReason::kNewerFormat, absl::StatusCode::kUnimplemented, "NEWER_FORMAT"},
    {ErrorReason::kReservedTopic, absl::StatusCode::kPermissionDenied, "RESERVED_TOPIC"},
    {ErrorReason::kReadOnly, absl::StatusCode::kPermissionDenied, "READ_ONLY"},
};

const ReasonRow* FindReason(ErrorReason reason) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return &row;
  }
  return nullptr;
}

template <typename T>
std::optional<T> NumberIn(const absl::Status& status, const char* url) {
  const absl::optional<absl::Cord> payload = status.GetPayload(url);
  T value;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &value)) return std::nullopt;
  return value;
}

// `status`, its code and payloads, with another message; OK stays OK.
absl::Status WithMessage(const absl::Status& status, std::string_view message) {
  absl::Status changed(status.code(), ToAbsl(message));
  status.ForEachPayload([&changed](absl::string_view url, const absl::Cord& payload) {
    changed.SetPayload(url, absl::Cord(std::string(payload)));
  });
  return changed;
}

}  // namespace

absl::StatusCode CodeOf(ErrorReason reason) {
  const ReasonRow* row = FindReason(reason);
  EVENTLOG_ASSERT(row != nullptr && reason != ErrorReason::kNone);
  return row->code;
}

absl::Status MakeError(ErrorReason reason, std::string_view message) {
  absl::Status status(CodeOf(reason), ToAbsl(message));
  status.SetPayload(kReasonUrl, absl::Cord(ToAbsl(ErrorReasonName(reason))));
  return status;
}

absl::Status MakeError(absl::StatusCode code, std::string_view message) {
  return absl::Status(code, ToAbsl(message));
}

absl::Status WithActualOffset(absl::Status status, int64_t offset) {
  status.SetPayload(kOffsetUrl, absl::Cord(std::to_string(offset)));
  return status;
}

absl::Status WithFailedIndex(absl::Status status, std::size_t index) {
  status.SetPayload(kIndexUrl, absl::Cord(std::to_string(index)));
  return status;
}

absl::Status OwnCopy(const absl::Status& status) {
  return WithMessage(status, ToStd(status.message()));
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  return WithMessage(status, fmt::format("{}: {}", context, ToStd(status.message())));
}

absl::Status ErrnoError(int error_number, std::string_view call, std::string_view path) {
  const std::string message =
      fmt::format("{} {}: {}", call, path, std::generic_category().message(error_number));
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return MakeError(ErrorReason::kDiskFull, message);
    case ENOENT:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace internal

ErrorReason ReasonOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(internal::kReasonUrl);
  if (!payload) return ErrorReason::kNone;
  for (const internal::ReasonRow& row : internal::kReasons) {
    if (*payload == internal::ToAbsl(row.name)) return row.reason;
  }
  return ErrorReason::kNone;
}

std::string_view ErrorReasonName(ErrorReason reason) {
  const internal::ReasonRow* row = internal::FindReason(reason);
  return row == nullptr ? std::string_view("UNKNOWN") : row->name;
}

std::optional<int64_t> ActualOffset(const absl::Status& status) {
  return internal::NumberIn<int64_t>(status, internal::kOffsetUrl);
}

std::optional<std::size_t> FailedIndex(const absl::Status& status) {
  return internal::NumberIn<std::size_t>(status, internal::kIndexUrl);
}

bool IsRetriable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

}  // namespace eventlog::inline v1
