#include "cli/commands.h"
#include "cli/result.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {

absl::StatusOr<int> RunRecover(const RecoverCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log, Log::Open({.directory = command.directory,
                                                .open_mode = OpenMode::kExisting,
                                                .recovery_mode = command.mode}));
  const RecoveryReport report = log.recovery_report();
  std::string text = report.text;
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  for (const TopicPartitionOffset& cut : report.cut) {
    text += fmt::format("lost acknowledged records: {}-{} from offset {} on\n", cut.topic,
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
