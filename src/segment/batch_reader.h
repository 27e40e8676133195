// Verified batches out of a segment file: every byte is checked on every fill.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "eventlog/file_system.h"
#include "eventlog/record.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {

// A verified batch and what keeps its bytes alive.
struct StoredBatch {
  BatchHeader header;
  int64_t position = 0;  // in its file
  // Header and body as they are in the file; empty for a batch still in memory.
  std::string_view stored;
  std::string_view records;         // the records section, uncompressed
  std::shared_ptr<const void> pin;  // owns `stored`, `records` and `views`
  // Of all its records, each still without a source, when they were decoded before; else empty.
  absl::Span<const RecordView> views = {};
};

struct BatchRange {
  int64_t position = 0;           // where a batch starts
  int64_t limit = 0;              // where valid bytes end: nothing at or beyond it is read
  int64_t max_bytes = 256 << 10;  // stop after about this many; at least one batch is returned
};

// True for what says that bytes cannot be understood (damage, a newer format), as opposed to bytes
// that could not be read.
inline bool IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsUnimplemented(status);
}

// Reads whole batches of [range.position, range.limit) into *batches (appended), in file order. One
// read call fetches many batches. Offsets must rise; gaps are allowed (compaction, skipped damage).
// OK and nothing appended: position is at the limit. DataLoss (kCorruptData) names file, position
// and reason, after the good batches before it were appended and only when there were none: damage
// behind good batches shows at the next call. Unimplemented (kNewerFormat). Blocks on disk reads.
// `path` is for messages.
absl::Status ReadBatches(File* file, const std::string& path, uint64_t identity_seed,
                         const BatchRange& range, std::vector<StoredBatch>* batches);

// The position of the next whole, verified batch at or after `from`, below `limit`, whose base
// offset is at least `min_offset`, of a version that we read; -1 when there is none. For going on
// behind damage.
absl::StatusOr<int64_t> FindNextBatch(File* file, uint64_t identity_seed, int64_t from,
                                      int64_t limit, int64_t min_offset);

}  // namespace eventlog::inline v1::internal
