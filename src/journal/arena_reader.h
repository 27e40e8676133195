// What recovery makes of the arena (rules R15, R18). Changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/file_system.h"
#include "format/arena_chunk.h"
#include "format/checkpoint.h"
#include "format/journal_group.h"

namespace eventlog::inline v1::internal {

struct ArenaContents {
  // A chunk that does not verify. After a kill that is damage, after a power cut to be expected.
  struct Damaged {
    std::string what;         // for people: file, slot and reason
    ArenaChunkHeader header;  // partition 0 of topic 0 when even that is not known
  };
  std::vector<std::string> files;    // what the frames' records point into
  std::vector<JournalFrame> frames;  // of the chunks of the checkpoint's generation, in no order
  std::vector<Damaged> damaged;
};

// Reads what is there; a file that is cut short is told of, and has the chunks that are left whole.
// DataLoss (kCorruptData): a chunk of a generation to come, so the checkpoint is an old one.
// Unimplemented (kNewerFormat).
absl::StatusOr<ArenaContents> ReadArena(FileSystem* file_system, const std::string& log_directory,
                                        const Checkpoint& checkpoint);

}  // namespace eventlog::inline v1::internal
