#include "cli/stored_file.h"

#include <algorithm>

#include "absl/types/span.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/file_names.h"

namespace eventlog::inline v1::cli {

absl::StatusOr<std::string> ReadStoredFile(FileSystem* file_system, const std::string& path,
                                           int64_t max_bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto file,
                            file_system->OpenFile(path, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > max_bytes) {
    return absl::DataLossError(
        fmt::format("{}: {} bytes, at most {} are possible", path, size, max_bytes));
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes, file->ReadAt(0, absl::MakeSpan(bytes)));
  bytes.resize(read_bytes);
  return bytes;
}

absl::StatusOr<std::string> ReadReplacedFile(FileSystem* file_system, const std::string& path,
                                             int64_t max_bytes) {
  auto bytes = ReadStoredFile(file_system, path, max_bytes);
  for (int i = 1; i < kMostReadings; ++i) {
    auto again = ReadStoredFile(file_system, path, max_bytes);
    if (again == bytes) break;
    bytes = std::move(again);
  }
  return bytes;
}

absl::StatusOr<std::vector<int64_t>> ListSegments(FileSystem* file_system,
                                                  const std::string& partition_directory) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, file_system->List(partition_directory));
  std::vector<int64_t> base_offsets;
  for (const std::string& name : names) {
    if (const auto base = internal::ParseSegmentName(name); base.has_value()) {
      base_offsets.push_back(*base);
    }
  }
  std::sort(base_offsets.begin(), base_offsets.end());
  return base_offsets;
}

absl::StatusOr<std::vector<internal::EncodedRecord>> DecodeRecords(std::string_view records,
                                                                   int32_t count) {
  if (count < 0 || static_cast<std::size_t>(count) > records.size() / internal::kMinRecordBytes) {
    return absl::DataLossError(fmt::format("{} records do not fit", count));
  }
  std::vector<internal::EncodedRecord> decoded(static_cast<std::size_t>(count));
  for (internal::EncodedRecord& record : decoded) {
    EVENTLOG_RETURN_IF_ERROR(internal::DecodeRecord(&records, &record));
  }
  if (!records.empty()) return absl::DataLossError("bytes after the last record");
  return decoded;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += fmt::format("\\x{:02x}", byte);
    }
  }
  return quoted + '"';
}

}  // namespace eventlog::inline v1::cli
