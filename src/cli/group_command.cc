#include <algorithm>
#include <utility>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/offsets.h"
#include "cli/place.h"
#include "cli/read_log.h"
#include "cli/result.h"
#include "cli/table.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

std::string TextOf(const std::optional<int64_t>& number) {
  return number.has_value() ? std::to_string(*number) : "-";
}

absl::StatusOr<std::string> DescribeGroup(const std::string& group,
                                          const internal::OffsetStore& offsets, LogEnds* ends) {
  Table table({"topic", "partition", "committed", "end", "lag", "epoch", "metadata"});
  for (const TopicPartitionOffset& committed : offsets.Committed(group)) {
    EVENTLOG_ASSIGN_OR_RETURN(const std::optional<int64_t> end,
                              ends->Find(committed.topic, committed.partition));
    EVENTLOG_ASSIGN_OR_RETURN(const std::optional<int64_t> lag, ends->Lag(committed));
    table.Add({committed.topic, std::to_string(committed.partition),
               std::to_string(committed.offset), TextOf(end), TextOf(lag),
               std::to_string(committed.leader_epoch), committed.metadata});
  }
  return fmt::format("{}\n{}", group, table.ToString());
}

}  // namespace

absl::StatusOr<int> RunGroupList(const GroupCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log, SettleAndRead(command.directory));
  internal::OffsetStore offsets;
  EVENTLOG_RETURN_IF_ERROR(log.ReadOffsets(&offsets));
  for (const std::string& group : offsets.Groups()) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(group + "\n"));
  }
  return kExitGood;
}

absl::StatusOr<int> RunGroupDescribe(const GroupCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log, SettleAndRead(command.directory));
  internal::OffsetStore offsets;
  EVENTLOG_RETURN_IF_ERROR(log.ReadOffsets(&offsets));
  std::vector<std::string> groups = offsets.Groups();
  if (!command.group.empty()) {
    if (std::find(groups.begin(), groups.end(), command.group) == groups.end()) {
      return internal::MakeError(ErrorReason::kUnknownGroup,
                                 fmt::format("group {} has committed nothing", command.group));
    }
    groups = {command.group};
  }
  LogEnds ends(&log);
  for (const std::string& group : groups) {
    EVENTLOG_ASSIGN_OR_RETURN(const std::string text, DescribeGroup(group, offsets, &ends));
    EVENTLOG_RETURN_IF_ERROR(output->Append(text));
  }
  return kExitGood;
}

absl::StatusOr<int> RunGroupReset(const GroupResetCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, ParsePlace("--to", command.to));
  EVENTLOG_ASSIGN_OR_RETURN(
      Log log, Log::Open({.directory = command.directory, .open_mode = OpenMode::kExisting}));
  EVENTLOG_ASSIGN_OR_RETURN(const auto offsets,
                            LookUpOffsets(&log, command.topic, command.partition, place));
  EVENTLOG_ASSIGN_OR_RETURN(const auto committed, log.CommittedOffsets(command.group));
  Table table({"topic", "partition", "was", "is"});
  for (const TopicPartitionOffset& offset : offsets) {
    std::optional<int64_t> was;
    for (const TopicPartitionOffset& old : committed) {
      if (old.topic == offset.topic && old.partition == offset.partition) was = old.offset;
    }
    table.Add({offset.topic, std::to_string(offset.partition), TextOf(was),
               std::to_string(offset.offset)});
  }
  if (!command.dry_run) EVENTLOG_RETURN_IF_ERROR(log.AlterOffsets(command.group, offsets));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  EVENTLOG_RETURN_IF_ERROR(output->Append(table.ToString()));
  if (command.dry_run) {
    EVENTLOG_RETURN_IF_ERROR(output->Append("a dry run: nothing was changed\n"));
  }
  return kExitGood;
}

absl::StatusOr<int> RunGroupDelete(const GroupCommand& command, Output*) {
  EVENTLOG_ASSIGN_OR_RETURN(
      Log log, Log::Open({.directory = command.directory, .open_mode = OpenMode::kExisting}));
  EVENTLOG_RETURN_IF_ERROR(log.DeleteGroup(command.group));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
