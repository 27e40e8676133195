#include "format/file_names.h"

#include <algorithm>
#include <charconv>

#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::string_view kJournalSuffix = ".journal";
constexpr std::string_view kArenaSuffix = ".arena";
constexpr std::string_view kSegmentSuffix = ".log";

// With zeros in front, as many as it takes to have `width` digits.
template <typename T>
std::string PaddedName(T number, std::size_t width, std::string_view suffix) {
  const fmt::format_int digits(number);
  std::string name(width - std::min(width, digits.size()), '0');
  name.append(digits.data(), digits.size());
  return name.append(suffix);
}

std::string NumberedName(uint64_t number, std::string_view suffix) {
  return PaddedName(number, 8, suffix);
}

std::string SegmentName(int64_t base_offset, std::string_view suffix) {
  return PaddedName(base_offset, 20, suffix);
}

std::string PartitionName(int32_t topic_id, int32_t partition) {
  return fmt::format("{}-{}", topic_id, partition);
}

// The number that all of `digits` is; how it is spelled is checked by printing it again.
template <typename T>
std::optional<T> ParseNumber(std::string_view digits) {
  T number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number);
  if (digits.starts_with('-') || error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<uint64_t> ParseNumbered(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  const auto number = ParseNumber<uint64_t>(name.substr(0, name.size() - suffix.size()));
  if (!number || NumberedName(*number, suffix) != name) return std::nullopt;
  return number;
}

}  // namespace

std::string LockPath(const std::string& log_directory) { return log_directory + "/lock"; }

std::string CatalogPath(const std::string& log_directory) { return log_directory + "/catalog"; }

std::string CheckpointPath(const std::string& log_directory) {
  return log_directory + "/checkpoint";
}

std::string JournalDirectory(const std::string& log_directory) {
  return log_directory + "/journal";
}

std::string JournalReservePath(const std::string& log_directory) {
  return JournalDirectory(log_directory) + "/reserve";
}

std::string JournalListPath(const std::string& log_directory) {
  return JournalDirectory(log_directory) + "/files";
}

std::string JournalPath(const std::string& log_directory, uint64_t number) {
  return JournalDirectory(log_directory) + "/" + NumberedName(number, kJournalSuffix);
}

std::string ArenaDirectory(const std::string& log_directory) { return log_directory + "/arena"; }

std::string ArenaPath(const std::string& log_directory, uint64_t number) {
  return ArenaDirectory(log_directory) + "/" + NumberedName(number, kArenaSuffix);
}

std::string SegmentsDirectory(const std::string& log_directory) {
  return log_directory + "/segments";
}

std::string PartitionDirectory(const std::string& log_directory, int32_t topic_id,
                               int32_t partition) {
  return SegmentsDirectory(log_directory) + "/" + PartitionName(topic_id, partition);
}

std::string SegmentPath(const std::string& partition_directory, int64_t base_offset) {
  return partition_directory + "/" + SegmentName(base_offset, kSegmentSuffix);
}

std::string OffsetIndexPath(const std::string& partition_directory, int64_t base_offset) {
  return partition_directory + "/" + SegmentName(base_offset, ".index");
}

std::string TimeIndexPath(const std::string& partition_directory, int64_t base_offset) {
  return partition_directory + "/" + SegmentName(base_offset, ".timeindex");
}

std::optional<uint64_t> ParseJournalName(std::string_view name) {
  return ParseNumbered(name, kJournalSuffix);
}

std::optional<uint64_t> ParseArenaName(std::string_view name) {
  return ParseNumbered(name, kArenaSuffix);
}

std::optional<PartitionDirectoryName> ParsePartitionDirectoryName(std::string_view name) {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto topic_id = ParseNumber<int32_t>(name.substr(0, dash));
  const auto partition = ParseNumber<int32_t>(name.substr(dash + 1));
  if (!topic_id || !partition || PartitionName(*topic_id, *partition) != name) return std::nullopt;
  return PartitionDirectoryName{*topic_id, *partition};
}

std::optional<int64_t> ParseSegmentName(std::string_view name) {
  if (!name.ends_with(kSegmentSuffix)) return std::nullopt;
  const auto base_offset =
      ParseNumber<int64_t>(name.substr(0, name.size() - kSegmentSuffix.size()));
  if (!base_offset || SegmentName(*base_offset, kSegmentSuffix) != name) return std::nullopt;
  return base_offset;
}

}  // namespace eventlog::inline v1::internal
