// Stands between the library and the functions of the C library by which it calls the kernel for
// files, in programs that link eventlog_system_calls (which wraps them with ld's --wrap), to count
// them and to let one fail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace eventlog::test {

enum class CallError {
  kIoError,       // EIO
  kNoSpace,       // ENOSPC
  kTooManyFiles,  // EMFILE
  kInterrupted,   // EINTR, of a call that Linux may interrupt
  kShort,         // a read or write of a part
  kLateSync,      // a sync that is made and answers EIO
};
inline constexpr CallError kCallErrors[] = {CallError::kIoError,      CallError::kNoSpace,
                                            CallError::kTooManyFiles, CallError::kInterrupted,
                                            CallError::kShort,        CallError::kLateSync};

std::string_view NameOf(CallError error);
// Whether a function, "pwritev" say, can answer so.
bool CanAnswer(std::string_view function, CallError error);
// Every function that is counted.
absl::Span<const std::string_view> CountedFunctions();

// From now on calls are counted, of whatever thread; the `number`-th answers `error` (0: none).
void FailCall(int64_t number, CallError error);
// Ends that, and says what was called, in order.
std::vector<std::string_view> StopFailing();
// Of what file the call that failed was, when it had a descriptor; else empty.
std::string FailedPath();

}  // namespace eventlog::test
