#include <utility>

#include "cli/commands.h"
#include "cli/offsets.h"
#include "cli/place.h"
#include "cli/read_log.h"
#include "cli/result.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

absl::StatusOr<Log> OpenLog(const std::string& directory, OpenMode mode) {
  return Log::Open({.directory = directory, .open_mode = mode});
}

absl::StatusOr<std::string> DescribeTopic(const SealedLog& log,
                                          const internal::CatalogTopic& topic) {
  std::string text = fmt::format("{}\n  partitions: {}\n", topic.name, topic.partitions);
  for (const auto& [key, value] : topic.configs) text += fmt::format("  {}: {}\n", key, value);
  for (int32_t i = 0; i < topic.partitions; ++i) {
    EVENTLOG_ASSIGN_OR_RETURN(SealedPartition partition, log.OpenPartition(topic, i));
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t bytes, partition.Bytes());
    text += fmt::format("  partition {}: log_start_offset {} end_offset {} records {} bytes {}\n",
                        i, partition.log_start_offset(), partition.end_offset(),
                        partition.end_offset() - partition.log_start_offset(), bytes);
  }
  return text;
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
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command.directory, OpenMode::kCreateIfMissing));
  EVENTLOG_RETURN_IF_ERROR(log.CreateTopic(command.name, options));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

absl::StatusOr<int> RunTopicAlter(const TopicCommand& command, Output*) {
  TopicOptions options;
  options.partitions = command.partitions;
  EVENTLOG_RETURN_IF_ERROR(SetConfigs(command.configs, &options));
  if (command.partitions == 0 && command.configs.empty()) {
    return absl::InvalidArgumentError("nothing to alter: give --config or --partitions");
  }
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command.directory, OpenMode::kExisting));
  EVENTLOG_RETURN_IF_ERROR(log.AlterTopic(command.name, options));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

// The catalog has it all: there is nothing to settle.
absl::StatusOr<int> RunTopicList(const TopicCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log,
                            SealedLog::Read(FileSystem::Posix(), command.directory));
  for (const internal::CatalogTopic* topic : log.Topics()) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(topic->name + "\n"));
  }
  return kExitGood;
}

absl::StatusOr<int> RunTopicDescribe(const TopicCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log, SettleAndRead(command.directory));
  std::vector<const internal::CatalogTopic*> topics = log.Topics();
  if (!command.name.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(const internal::CatalogTopic* topic, log.FindTopic(command.name));
    topics = {topic};
  }
  for (const internal::CatalogTopic* topic : topics) {
    EVENTLOG_ASSIGN_OR_RETURN(const std::string text, DescribeTopic(log, *topic));
    EVENTLOG_RETURN_IF_ERROR(output->Append(text));
  }
  return kExitGood;
}

absl::StatusOr<int> RunTopicDelete(const TopicCommand& command, Output*) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command.directory, OpenMode::kExisting));
  EVENTLOG_RETURN_IF_ERROR(log.DeleteTopic(command.name));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

absl::StatusOr<int> RunTopicDeleteRecords(const DeleteRecordsCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, ParsePlace("--before", command.before));
  EVENTLOG_ASSIGN_OR_RETURN(Log log, OpenLog(command.directory, OpenMode::kExisting));
  EVENTLOG_ASSIGN_OR_RETURN(const auto offsets,
                            LookUpOffsets(&log, command.topic, command.partition, place));
  EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log.OpenTopic(command.topic));  // it is there
  for (const TopicPartitionOffset& before : offsets) {
    EVENTLOG_RETURN_IF_ERROR(topic.DeleteRecords(before.partition, before.offset));
    EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
        "{}-{}: the log starts at {}\n", before.topic, before.partition, before.offset)));
  }
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
