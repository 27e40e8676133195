#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

absl::StatusOr<Log> Open(const RecoverCommand& command) {
  // The library does not say how far it is, only that it works.
  const Progress progress(
      {.what = "recovering " + command.directory, .size_bytes = SegmentBytes(command.directory)},
      command.progress);
  return Log::Open({.directory = command.directory,
                    .open_mode = OpenMode::kExisting,
                    .recovery_mode = command.mode});
}

}  // namespace

absl::StatusOr<int> RunRecover(const RecoverCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, Open(command));
  const RecoveryReport report = log.recovery_report();
  std::string text = report.text;
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  for (const TopicPartitionOffset& cut : report.cut) {
    text += command.mode == RecoveryMode::kSkipDamaged
                ? fmt::format("lost acknowledged records: {}-{}, where it was damaged\n", cut.topic,
                              cut.partition)
                : fmt::format("lost acknowledged records: {}-{} from offset {} on\n", cut.topic,
                              cut.partition, cut.offset);
  }
  text +=
      fmt::format("{}: {} records replayed, {} bytes cut\n", report.clean ? "clean" : "recovered",
                  report.records_replayed, report.bytes_cut);
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  EVENTLOG_RETURN_IF_ERROR(output->Append(text));
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
