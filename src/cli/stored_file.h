// Reading a log's files without opening the log: nothing here writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/file_system.h"
#include "format/identity.h"
#include "format/record.h"

namespace eventlog::inline v1::cli {

// The whole file. NotFound; DataLoss when it is larger than `max_bytes`.
absl::StatusOr<std::string> ReadStoredFile(FileSystem* file_system, const std::string& path,
                                           int64_t max_bytes);

// The same for a catalog or a checkpoint, beside a process that replaces them: what was replaced is
// written over by the next replacement, so a file that is open may change under its reader. Reads
// until two readings agree, at most `kMostReadings` times.
inline constexpr int kMostReadings = 100;
absl::StatusOr<std::string> ReadReplacedFile(FileSystem* file_system, const std::string& path,
                                             int64_t max_bytes);

// The base offsets of a partition's segment files, rising.
absl::StatusOr<std::vector<int64_t>> ListSegments(FileSystem* file_system,
                                                  const std::string& partition_directory);

// Decodes `count` records, which are all of `records`. DataLoss when they are not.
absl::StatusOr<std::vector<internal::EncodedRecord>> DecodeRecords(std::string_view records,
                                                                   int32_t count);

// `text` in double quotes, with everything that is not printable ASCII as \n, \t or \xNN.
std::string Quoted(std::string_view text);

}  // namespace eventlog::inline v1::cli
