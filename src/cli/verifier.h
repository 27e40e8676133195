// Checks every byte of a log without opening or recovering it, and without writing anything.
#pragma once

#include <cstdint>
#include <functional>
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
  // Who has the log open, "process 4711"; empty: nobody. Then the journal and what lies behind the
  // checkpoint are left unjudged: they change while they are read.
  std::string holder = {};
  int64_t partitions = 0;
  int64_t segments = 0;
  int64_t batches = 0;
  int64_t records = 0;
  int64_t bytes = 0;           // of segment files
  int64_t indexes = 0;         // index files that belong to their segment
  int64_t journal_groups = 0;  // not in a segment yet, or not known to be
  std::vector<Finding> damage = {};
  // Segment bytes behind what the checkpoint proves that make no batch: what a crash leaves. The
  // next open cuts them; acknowledged records among them are in the journal.
  std::vector<Finding> unproven_tails = {};
  // Index files that are damaged or of an older state of their segment. Nobody trusts an index: the
  // next reader who needs one builds it anew.
  std::vector<Finding> useless_indexes = {};
};

// Verifies the log in a directory of the operating system's file system. Beside a process that has
// it open it reports no damage that is none. `on_bytes`, when given, is told how many bytes of
// segment files were read since the last time. Takes time proportional to the log. NotFound
// (kDirectoryNotFound) when there is no log in the directory; Internal and PermissionDenied when it
// cannot be read. Damage is no error.
absl::StatusOr<VerifyReport> Verify(const std::string& directory,
                                    const std::function<void(int64_t)>& on_bytes = nullptr);

}  // namespace eventlog::inline v1::cli
