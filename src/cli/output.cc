#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

namespace eventlog::inline v1::cli {

absl::Status Output::Append(std::string_view text) {
  if (!error_.ok()) return error_;
  buffer_.append(text);
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status Output::Flush() {
  std::string_view left = buffer_;
  while (error_.ok() && !left.empty()) {
    const ssize_t written_bytes = write(fd_, left.data(), left.size());
    if (written_bytes >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written_bytes));
    } else if (errno == EPIPE) {
      error_ = absl::CancelledError("nobody reads the output");
    } else if (errno != EINTR) {
      error_ = absl::InternalError(std::string("cannot write the output: ") + strerror(errno));
    }
  }
  buffer_.clear();
  return error_;
}

}  // namespace eventlog::inline v1::cli
