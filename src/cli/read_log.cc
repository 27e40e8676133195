#include "cli/read_log.h"

#include <stdio.h>

#include "cli/result.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "io/directory_lock.h"

namespace eventlog::inline v1::cli {
namespace {

absl::Status Settle(const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(Log log,
                            Log::Open({.directory = directory, .open_mode = OpenMode::kExisting}));
  return log.Close();
}

void Note(const std::string& text) { fprintf(stderr, "eventlog: %s\n", text.c_str()); }

}  // namespace

absl::StatusOr<SealedLog> SettleAndRead(const std::string& directory) {
  const absl::Status settled = Settle(directory);
  const bool locked = ReasonOf(settled) == ErrorReason::kLocked;
  if (!settled.ok() && !locked && !absl::IsPermissionDenied(settled)) return settled;
  EVENTLOG_ASSIGN_OR_RETURN(SealedLog log, SealedLog::Read(FileSystem::Posix(), directory));
  if (locked) {
    const auto holder = internal::FindPosixLockHolder(directory);
    Note("in use by " + (holder.ok() && holder->has_value() ? **holder : "another process") +
         ": showing what is sealed");
  } else if (!settled.ok()) {
    Note("not opened (" + std::string(settled.message()) + "): showing what is sealed");
  }
  return log;
}

}  // namespace eventlog::inline v1::cli
