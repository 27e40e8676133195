// A buffered way out to a file descriptor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace eventlog::inline v1::cli {

// Writes to `fd`, which it does not own. The program ignores SIGPIPE. Destroying it writes nothing.
//
// Errors of both methods: Cancelled (nobody reads any more, EPIPE: a reason to end, not a failure);
// Internal. After an error nothing more is written.
class Output {
 public:
  static constexpr std::size_t kBufferBytes = 64 << 10;

  explicit Output(int fd) : fd_(fd) {}

  // Adds `text`; writes when kBufferBytes have come together.
  absl::Status Append(std::string_view text);
  // Writes everything that was added.
  absl::Status Flush();

 private:
  const int fd_;
  std::string buffer_;
  absl::Status error_;
};

}  // namespace eventlog::inline v1::cli
