// What a Status of this library says beyond its code. Codes are for control flow, reasons for
// telling cases apart, messages for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace eventlog::inline v1 {

// Why a call failed. Values never change and are only added to: keep a default branch.
enum class ErrorReason : int32_t {
  kNone = 0,  // OK, or not from eventlog

  // InvalidArgument
  kInvalidOption = 1,
  kInvalidTopicName = 2,
  kRecordTooLarge = 3,
  kWrongLog = 4,  // a handle of another log

  // NotFound
  kUnknownTopic = 20,
  kUnknownPartition = 21,
  kUnknownGroup = 22,
  kDirectoryNotFound = 24,
  // AlreadyExists
  kTopicExists = 23,

  // OutOfRange; ActualOffset is the log start, the high watermark or the truncation offset
  kBelowLogStart = 40,
  kBeyondHighWatermark = 41,
  kLogTruncated = 42,

  // FailedPrecondition
  kClosed = 80,
  kPoisoned = 81,  // a write or sync failed: Log::Reopen
  kForked = 82,
  kInCallback = 84,
  kNoGroup = 85,
  kConfigMismatch = 87,
  kLocked = 88,
  kNotOnThisFileSystem = 89,
  kGroupActive = 92,  // the group has a live member already

  // ResourceExhausted
  kDiskFull = 100,
  kBufferFull = 101,  // a producer's

  // DeadlineExceeded
  kTimedOut = 120,
  // Cancelled
  kWokenUp = 121,

  // DataLoss
  kCorruptData = 140,
  kDurableDataMissing = 141,
  // Unimplemented
  kNewerFormat = 142,
  // PermissionDenied
  kReservedTopic = 143,
  kReadOnly = 144,
};

// The reason a Status carries; kNone for OK and for a Status from elsewhere. Thread-safe.
ErrorReason ReasonOf(const absl::Status& status);

// "CORRUPT_DATA" for kCorruptData, "UNKNOWN" for a value this version does not know. Lives
// for ever.
std::string_view ErrorReasonName(ErrorReason reason);

// The offset that was found instead; nullopt when the error has none.
std::optional<int64_t> ActualOffset(const absl::Status& status);

// Which element of an AppendAll or a WriteBatch was refused; nullopt when it is not about one.
std::optional<std::size_t> FailedIndex(const absl::Status& status);

// True when the same call can succeed later without anybody's help but time's: Unavailable,
// ResourceExhausted.
bool IsRetriable(const absl::Status& status);

}  // namespace eventlog::inline v1
