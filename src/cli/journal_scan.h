// The groups of a journal file, wherever they lie in it: what `verify` and `dump` need, which
// unlike recovery neither follow the writer's way nor change anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/checkpoint.h"
#include "format/journal_group.h"

namespace eventlog::inline v1::cli {

struct FoundGroup {
  int64_t position = 0;
  int64_t bytes = 0;
  internal::JournalGroup group = {};  // views into what was scanned
};

// No journal file is larger; see kMaxGroupBytes.
inline constexpr int64_t kMaxJournalFileBytes = internal::kMaxGroupBytes + (1 << 20);

// The whole, verified groups of this log and generation, in file order.
std::vector<FoundGroup> FindGroups(std::string_view bytes, uint64_t generation,
                                   const internal::Uuid& log_id);

// The lowest sequence, from the checkpoint's on, that is proven to have been synced and is not
// among `groups` (of all journal files); 0: none. What is proven is said by the checkpoint and by
// later groups.
uint64_t FindMissingGroup(const internal::Checkpoint& checkpoint,
                          const std::vector<FoundGroup>& groups);

}  // namespace eventlog::inline v1::cli
