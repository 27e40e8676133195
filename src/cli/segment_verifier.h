// `verify` of one segment: every byte of its file, and its indexes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/verifier.h"
#include "eventlog/file_system.h"
#include "format/identity.h"
#include "format/preamble.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::cli {

// One segment file and what must be in it.
struct SegmentTask {
  std::string partition_directory = {};
  int64_t base_offset = 0;
  int64_t proven_bytes = 0;       // the file is whole up to here at least
  int64_t proven_end_offset = 0;  // and its batches reach this offset
  bool sealed = false;            // exactly this offset, and nothing follows
  int32_t max_epoch = 0;          // no leader epoch is above it
};

// For one Run.
class SegmentVerifier {
 public:
  // Counts and findings go to *report, which outlives this; `on_bytes` may be null.
  SegmentVerifier(FileSystem* file_system, SegmentTask task,
                  const std::function<void(int64_t)>& on_bytes, VerifyReport* report);

  // `identity` unset: the file's header is believed. Returns the offset where its batches end.
  // NotFound: there is no such file, and nothing was counted.
  absl::StatusOr<int64_t> Run(std::optional<internal::PartitionIdentity> identity);

 private:
  absl::StatusOr<std::optional<internal::PartitionIdentity>> CheckHeader(
      std::optional<internal::PartitionIdentity> identity);
  absl::StatusOr<internal::ScanResult> CheckBatches(uint64_t seed, int64_t size);
  absl::StatusOr<bool> StepOver(uint64_t seed, const absl::Status& stopped, int64_t size,
                                internal::ScanResult* scan);
  absl::Status CheckRest(int64_t position, int64_t size);
  absl::Status CheckIndex(const std::string& path, const internal::HeaderFormat& format,
                          uint64_t seed, int64_t segment_bytes);
  std::string TextOf(const absl::Status& status) const;
  void CountBatch(const internal::StoredBatch& batch);

  FileSystem* const file_system_;
  const SegmentTask task_;
  const std::string path_;
  const std::function<void(int64_t)>& on_bytes_;
  VerifyReport* const report_;
  std::unique_ptr<File> file_;
};

}  // namespace eventlog::inline v1::cli
