// What recovery makes of the journal (rules R1, R2, R14). Reads every journal file whole; changes
// nothing but makes durable what it believes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/file_system.h"
#include "eventlog/options.h"
#include "format/checkpoint.h"
#include "format/journal_group.h"

namespace eventlog::inline v1::internal {

struct JournalContents {
  std::vector<std::string> files;    // what the frames' records point into
  std::vector<JournalFrame> frames;  // of the groups that replay, in order
  int64_t groups = 0;
  std::string damage = {};  // what an explicit recovery mode has gone past; empty: nothing
  std::string torn = {};    // a group that was begun and that nothing proves; empty: none
};

// Reads the groups that follow `checkpoint`. A missing or invalid group ends the journal; when it
// was proven durable that is DataLoss (kCorruptData), which names file and position, unless `mode`
// is explicit: kTruncate ends the journal there, kSkipDamaged goes on with the groups after it.
// So is a journal that lacks a file, or bytes of one (kDurableDataMissing), which the explicit
// modes go past. Unimplemented (kNewerFormat). Syncs each file before it believes it.
absl::StatusOr<JournalContents> ReadJournal(FileSystem* file_system,
                                            const std::string& log_directory,
                                            const Checkpoint& checkpoint, RecoveryMode mode);

}  // namespace eventlog::inline v1::internal
