// Every path inside a log's directory is made here.
//
//   lock  catalog  checkpoint
//   journal/files  journal/00000000.journal ... reserve
//   arena/00000000.arena ...
//   segments/<topic id>-<partition>/<base offset, 20 digits>.log .index .timeindex
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventlog::inline v1::internal {

inline constexpr std::string_view kTemporarySuffix = ".tmp";  // a replacement that is being written

std::string LockPath(const std::string& log_directory);
std::string CatalogPath(const std::string& log_directory);
std::string CheckpointPath(const std::string& log_directory);
std::string JournalDirectory(const std::string& log_directory);
std::string JournalReservePath(const std::string& log_directory);
std::string JournalListPath(const std::string& log_directory);
std::string JournalPath(const std::string& log_directory, uint64_t number);
std::string ArenaDirectory(const std::string& log_directory);
std::string ArenaPath(const std::string& log_directory, uint64_t number);
std::string SegmentsDirectory(const std::string& log_directory);
std::string PartitionDirectory(const std::string& log_directory, int32_t topic_id,
                               int32_t partition);
std::string SegmentPath(const std::string& partition_directory, int64_t base_offset);
std::string OffsetIndexPath(const std::string& partition_directory, int64_t base_offset);
std::string TimeIndexPath(const std::string& partition_directory, int64_t base_offset);

struct PartitionDirectoryName {
  int32_t topic_id = 0;
  int32_t partition = 0;
};
// nullopt for names that are none of ours: leading zeros, signs, overflow included.
std::optional<uint64_t> ParseJournalName(std::string_view name);
std::optional<uint64_t> ParseArenaName(std::string_view name);
std::optional<PartitionDirectoryName> ParsePartitionDirectoryName(std::string_view name);
std::optional<int64_t> ParseSegmentName(std::string_view name);  // of a .log

}  // namespace eventlog::inline v1::internal
