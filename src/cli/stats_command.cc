#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/commands.h"
#include "cli/offsets.h"
#include "cli/place.h"
#include "cli/read_log.h"
#include "cli/result.h"
#include "cli/table.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/file_names.h"

namespace eventlog::inline v1::cli {
namespace {

namespace fs = std::filesystem;

struct TopicStats {
  std::string name = {};
  int32_t partitions = 0;
  int64_t records = 0;  // offsets, more exactly: between log start and end
  int64_t bytes = 0;
  std::optional<int64_t> oldest_ms = {};
  std::optional<int64_t> newest_ms = {};
};

// A group's place in one topic, over all partitions in which it has committed.
struct GroupStats {
  std::string group = {};
  std::string topic = {};
  int32_t partitions = 0;
  std::optional<int64_t> lag = {};  // unset: the log does not have the topic
};

struct LogStats {
  std::vector<TopicStats> topics = {};
  std::vector<GroupStats> groups = {};
  int64_t journal_bytes = 0;
  int64_t disk_bytes = 0;  // of all files, what is reserved included
};

absl::StatusOr<TopicStats> CollectTopic(const SealedLog& log, const internal::CatalogTopic& topic) {
  TopicStats stats{.name = topic.name, .partitions = topic.partitions};
  for (int32_t i = 0; i < topic.partitions; ++i) {
    EVENTLOG_ASSIGN_OR_RETURN(SealedPartition partition, log.OpenPartition(topic, i));
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t bytes, partition.Bytes());
    EVENTLOG_ASSIGN_OR_RETURN(const auto oldest_ms, partition.OldestTimestampMs());
    EVENTLOG_ASSIGN_OR_RETURN(const auto newest_ms, partition.NewestTimestampMs());
    stats.records += partition.end_offset() - partition.log_start_offset();
    stats.bytes += bytes;
    if (oldest_ms.has_value()) {
      stats.oldest_ms = std::min(stats.oldest_ms.value_or(*oldest_ms), *oldest_ms);
    }
    if (newest_ms.has_value()) {
      stats.newest_ms = std::max(stats.newest_ms.value_or(*newest_ms), *newest_ms);
    }
  }
  return stats;
}

absl::StatusOr<std::vector<GroupStats>> CollectGroups(const SealedLog& log) {
  internal::OffsetStore offsets;
  EVENTLOG_RETURN_IF_ERROR(log.ReadOffsets(&offsets));
  LogEnds ends(&log);
  std::vector<GroupStats> groups;
  for (const std::string& group : offsets.Groups()) {
    for (const TopicPartitionOffset& committed : offsets.Committed(group)) {
      if (groups.empty() || groups.back().group != group ||
          groups.back().topic != committed.topic) {
        groups.push_back({.group = group, .topic = committed.topic});
      }
      ++groups.back().partitions;
      EVENTLOG_ASSIGN_OR_RETURN(const std::optional<int64_t> lag, ends.Lag(committed));
      if (lag.has_value()) groups.back().lag = groups.back().lag.value_or(0) + *lag;
    }
  }
  return groups;
}

// Of all files under it; files may come and go meanwhile.
int64_t DiskBytes(const std::string& directory) {
  int64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const auto file_bytes = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) bytes += static_cast<int64_t>(file_bytes);
  }
  return bytes;
}

absl::StatusOr<LogStats> Collect(const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log, SettleAndRead(directory));
  LogStats stats;
  for (const internal::CatalogTopic* topic : log.Topics()) {
    EVENTLOG_ASSIGN_OR_RETURN(TopicStats of_topic, CollectTopic(log, *topic));
    stats.topics.push_back(std::move(of_topic));
  }
  EVENTLOG_ASSIGN_OR_RETURN(stats.groups, CollectGroups(log));
  stats.journal_bytes = DiskBytes(internal::JournalDirectory(directory));
  stats.disk_bytes = DiskBytes(directory);
  return stats;
}

std::string TimeOrDash(const std::optional<int64_t>& time_ms) {
  return time_ms.has_value() ? TimeText(*time_ms) : "-";
}

std::string PlainText(const std::string& directory, const LogStats& stats) {
  int64_t partitions = 0;
  int64_t records = 0;
  Table topics({"topic", "partitions", "records", "size", "oldest", "newest"});
  for (const TopicStats& topic : stats.topics) {
    partitions += topic.partitions;
    records += topic.records;
    topics.Add({topic.name, std::to_string(topic.partitions), std::to_string(topic.records),
                HumanBytes(topic.bytes), TimeOrDash(topic.oldest_ms), TimeOrDash(topic.newest_ms)});
  }
  Table groups({"group", "topic", "partitions", "lag"});
  for (const GroupStats& group : stats.groups) {
    groups.Add({group.group, group.topic, std::to_string(group.partitions),
                group.lag.has_value() ? std::to_string(*group.lag) : "-"});
  }
  std::string text =
      fmt::format("{}: {} topics, {} partitions, {} records; {} on disk, of which the journal {}\n",
                  directory, stats.topics.size(), partitions, records, HumanBytes(stats.disk_bytes),
                  HumanBytes(stats.journal_bytes));
  if (!topics.empty()) text += "\n" + topics.ToString();
  if (!groups.empty()) text += "\n" + groups.ToString();
  return text;
}

template <typename Number>
nlohmann::ordered_json OrNull(const std::optional<Number>& number) {
  return number.has_value() ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

std::string JsonText(const LogStats& stats) {
  nlohmann::ordered_json json;
  json["topics"] = nlohmann::ordered_json::array();
  for (const TopicStats& topic : stats.topics) {
    nlohmann::ordered_json entry;
    entry["topic"] = topic.name;
    entry["partitions"] = topic.partitions;
    entry["records"] = topic.records;
    entry["bytes"] = topic.bytes;
    entry["oldest_timestamp_ms"] = OrNull(topic.oldest_ms);
    entry["newest_timestamp_ms"] = OrNull(topic.newest_ms);
    json["topics"].push_back(std::move(entry));
  }
  json["groups"] = nlohmann::ordered_json::array();
  for (const GroupStats& group : stats.groups) {
    nlohmann::ordered_json entry;
    entry["group"] = group.group;
    entry["topic"] = group.topic;
    entry["partitions"] = group.partitions;
    entry["lag"] = OrNull(group.lag);
    json["groups"].push_back(std::move(entry));
  }
  json["journal_bytes"] = stats.journal_bytes;
  json["disk_bytes"] = stats.disk_bytes;
  // Groups need not be named in UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

absl::StatusOr<int> RunStats(const StatsCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const LogStats stats, Collect(command.directory));
  EVENTLOG_RETURN_IF_ERROR(
      output->Append(command.json ? JsonText(stats) : PlainText(command.directory, stats)));
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
