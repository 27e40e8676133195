#include <utility>

#include "cli/commands.h"
#include "cli/result.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

absl::StatusOr<Log> OpenLog(const TopicCommand& command, OpenMode mode) {
  return Log::Open({.directory = command.directory, .open_mode = mode});
}

void AppendDescription(const TopicDescription& topic, std::string* text) {
  const TopicOptions& options = topic.options;
  *text += fmt::format("{}\n  partitions: {}\n", topic.name, topic.partitions.size());
  *text += fmt::format("  durability: {}\n  compression.type: {}\n",
                       options.durability == Durability::kProcess ? "process" : "disk",
                       options.compression_type == CompressionType::kLz4 ? "lz4" : "none");
  *text += fmt::format("  segment.bytes: {}\n  batch.bytes: {}\n", options.segment_bytes,
                       options.batch_bytes);
  for (const auto& [key, value] : options.configs) *text += fmt::format("  {}: {}\n", key, value);
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const TopicDescription::Partition& partition = topic.partitions[i];
    const Watermarks& watermarks = partition.watermarks;
    *text += fmt::format(
        "  partition {}: log_start_offset {} high_watermark {} log_end_offset {} bytes {}\n", i,
        watermarks.log_start_offset, watermarks.high_watermark, watermarks.log_end_offset,
        partition.bytes);
  }
}

}  // namespace

absl::Status SetConfigs(const std::vector<std::string>& configs, TopicOptions* options) {
  for (const std::string& config : configs) {
    const std::size_t equals = config.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--config " + config + ": a config is key=value");
    }
    EVENTLOG_RETURN_IF_ERROR(
        SetConfig(options, config.substr(0, equals), config.substr(equals + 1)));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunTopicCreate(const TopicCommand& command, Output*) {
  TopicOptions options;
  options.partitions = command.partitions;
  EVENTLOG_RETURN_IF_ERROR(SetConfigs(command.configs, &options));
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command, OpenMode::kCreateIfMissing));
  EVENTLOG_RETURN_IF_ERROR(log.CreateTopic(command.name, options));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

absl::StatusOr<int> RunTopicList(const TopicCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command, OpenMode::kExisting));
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, log.ListTopics());
  for (const std::string& name : names) EVENTLOG_RETURN_IF_ERROR(output->Append(name + "\n"));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

absl::StatusOr<int> RunTopicDescribe(const TopicCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command, OpenMode::kExisting));
  std::vector<std::string> names = {command.name};
  if (command.name.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(names, log.ListTopics());
  }
  for (const std::string& name : names) {
    EVENTLOG_ASSIGN_OR_RETURN(const TopicDescription topic, log.DescribeTopic(name));
    std::string text;
    AppendDescription(topic, &text);
    EVENTLOG_RETURN_IF_ERROR(output->Append(text));
  }
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

absl::StatusOr<int> RunTopicDelete(const TopicCommand& command, Output*) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command, OpenMode::kExisting));
  EVENTLOG_RETURN_IF_ERROR(log.DeleteTopic(command.name));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
