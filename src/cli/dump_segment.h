// What `dump` prints of a segment file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::cli {

struct SegmentDumpRequest {
  std::string path = {};
  // Who has the log open; then bytes at the file's end that make no batch are one on its way.
  std::string holder = {};
  bool records = false;                        // print every record too
  std::function<void(int64_t)> on_bytes = {};  // told how many bytes were read since the last time
};

// Prints the file's header and every batch of it, good or not. Returns the exit code: kExitFailed
// when something is damaged.
absl::StatusOr<int> DumpSegment(File* file, const SegmentDumpRequest& request, Output* output);

}  // namespace eventlog::inline v1::cli
