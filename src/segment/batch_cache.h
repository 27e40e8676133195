// The batches that readers of a log have read lately, verified, for whoever reads them next.
//
// Invariants:
// - a run is what one read has verified, of one segment object. Bytes below a segment's end never
//   change, and what recovery makes of a file is another object with a number of its own; so what
//   stood there before a cut is never found again;
// - the runs that are kept, those in the hands of readers included, take `capacity_bytes` at most;
// - only what nobody holds is dropped. Of what was asked for once a quarter is kept before what was
//   asked for again has to go: a reader that goes through the whole log does not take the place of
//   what is shared.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {

// Thread-safe; no input or output under its lock.
class BatchCache {
 public:
  // 0: keeps nothing.
  explicit BatchCache(int64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  // Appends the batch that starts at `position` and those behind it in its run. False: it is not
  // here.
  bool Find(uint64_t segment, int64_t position, std::vector<StoredBatch>* batches);
  // Takes a run that ReadBatches has read, at least one batch, and appends it to *batches.
  void Add(uint64_t segment, std::vector<StoredBatch> run, std::vector<StoredBatch>* batches);
  int64_t bytes() const;

 private:
  using Run = std::vector<StoredBatch>;
  using Place = std::pair<uint64_t, int64_t>;  // segment, position of the first batch
  struct Entry {
    std::shared_ptr<const Run> run;
    int64_t bytes = 0;
    bool again = false;  // in which of the two lists
    std::list<Place>::iterator used = {};
  };
  using Entries = std::map<Place, Entry>;

  using Runs = std::vector<std::shared_ptr<const Run>>;

  // What is dropped goes to *dropped, to be freed without the lock.
  void Keep(const Place& place, const std::shared_ptr<const Run>& run, int64_t bytes, Runs* dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: too much is held.
  bool MakeRoom(int64_t bytes, Runs* dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool DropOldest(bool again, Runs* dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Entries::iterator entry, Runs* dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t capacity_bytes_;
  mutable Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::list<Place> once_ ABSL_GUARDED_BY(mutex_);   // asked for once, the newest first
  std::list<Place> again_ ABSL_GUARDED_BY(mutex_);  // the others, last used first
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t once_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of bytes_
};

}  // namespace eventlog::inline v1::internal
