// What a failed system call on a path means where the path leads to something of another kind.
#pragma once

#include <errno.h>

#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {

// FailedPrecondition for ENOTDIR, EISDIR, ENOTEMPTY and ELOOP (a symbolic link is not followed);
// ErrnoError for the others.
inline absl::Status PathError(int error_number, std::string_view call, std::string_view path) {
  switch (error_number) {
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
      return absl::FailedPreconditionError(
          fmt::format("{} {}: {}", call, path, std::generic_category().message(error_number)));
    default:
      return ErrnoError(error_number, call, path);
  }
}

}  // namespace eventlog::inline v1::internal
