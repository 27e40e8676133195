// Checks every byte of a log without opening or recovering it, and without writing anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::cli {

// Bytes and offsets that are not as they should be. Ends are exclusive; -1: not known, or not about
// bytes or offsets.
struct Finding {
  std::string file = {};
  int64_t position = -1;
  int64_t end_position = -1;
  int64_t first_offset = -1;
  int64_t end_offset = -1;
  std::string what = {};
};

struct VerifyReport {
  int64_t partitions = 0;
  int64_t segments = 0;
  int64_t batches = 0;
  int64_t records = 0;
  int64_t bytes = 0;           // of segment files
  int64_t journal_groups = 0;  // not in a segment yet, or not known to be
  std::vector<Finding> damage = {};
  // Segment bytes behind what the checkpoint proves that make no batch: what a crash leaves. The
  // next open cuts them; acknowledged records among them are in the journal.
  std::vector<Finding> unproven_tails = {};
};

// Verifies a log that nobody has open: of one that is being written, what changes meanwhile may
// look like damage. Takes time proportional to the log. NotFound when there is no log in the
// directory; Internal and PermissionDenied when it cannot be read. Damage is no error.
absl::StatusOr<VerifyReport> Verify(FileSystem* file_system, const std::string& directory);

}  // namespace eventlog::inline v1::cli
