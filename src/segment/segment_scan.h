// Going through a whole segment file, good and bad: what recovery, `verify` and `dump` share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/file_system.h"
#include "format/identity.h"
#include "format/segment_header.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {

// The file's header, checked against nothing but itself.
absl::StatusOr<SegmentHeader> ReadSegmentHeader(File* file);

struct ScanResult {
  int64_t end_position = 0;  // where the first hole begins: everything before it is whole
  int64_t next_offset = 0;   // the offset that belongs there
  absl::Status stopped =
      absl::OkStatus();       // what is wrong at end_position; OK: zeros or end of file
  bool newer_format = false;  // `stopped` is a batch of a version we do not read
  bool newer_epoch = false;   // `stopped` is a whole batch of an epoch above `max_epoch`
};

// Walks verified batches from `position`, where `next_offset` belongs, until the first hole: end of
// file, zeros, damage, or a batch that does not continue where the last one ended (base offset
// below next_offset, or, unless `allow_gaps`, above it; a leader epoch above `max_epoch`). Calls
// `visit` for each, when given; an error of it, and errors of reading, end the scan.
absl::StatusOr<ScanResult> ScanSegment(
    File* file, const std::string& path, uint64_t identity_seed, int64_t position,
    int64_t next_offset, int32_t max_epoch, bool allow_gaps,
    const std::function<absl::Status(const StoredBatch&)>& visit = nullptr);

}  // namespace eventlog::inline v1::internal
