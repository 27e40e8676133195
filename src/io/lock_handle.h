// What LockDirectory answers with: a File that is held and destroyed, never read or written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

class LockHandle : public File {
 public:
  absl::StatusOr<std::size_t> ReadAt(int64_t, absl::Span<char>) override { return Refusal(); }
  absl::Status WriteAt(int64_t, absl::Span<const std::string_view>) override { return Refusal(); }
  absl::Status Allocate(int64_t, int64_t) override { return Refusal(); }
  absl::Status Truncate(int64_t) override { return Refusal(); }
  absl::Status SyncData() override { return Refusal(); }
  absl::StatusOr<int64_t> Size() override { return Refusal(); }
  absl::Status DropCache() override { return Refusal(); }
  absl::StatusOr<absl::Span<char>> MapShared(int64_t) override { return Refusal(); }

 private:
  static absl::Status Refusal() {
    return absl::FailedPreconditionError("the lock of a directory is only held");
  }
};

}  // namespace eventlog::inline v1::internal
