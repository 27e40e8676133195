// The batches that readers of a log have read lately, verified, for whoever reads them next.
//
// Invariants:
// - a run is what one read has verified, of one segment object. Bytes below a segment's end never
//   change, and what recovery makes of a file is another object with a number of its own; so what
//   stood there before a cut is never found again;
// - the runs that are kept, those in the hands of readers included, and the views of their records
//   take `capacity_bytes` at most;
// - only what nobody holds is dropped. Of what was asked for once a quarter is kept before what was
//   asked for again has to go: a reader that goes through the whole log does not take the place of
//   what is shared;
// - a run that is asked for a third time is decoded, once for all who ask for it later, as soon as
//   there is room for views of its records: free, or of runs that nobody has asked for since this
//   one was added.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "eventlog/record.h"
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
  using BatchViews = std::vector<std::vector<RecordView>>;  // of each batch's records
  struct Run {
    std::vector<StoredBatch> batches;
    int64_t views_bytes = 0;  // what views of its records take, at most
    BatchViews views = {};    // empty until they are made, under the lock; then constant
  };
  using Place = std::pair<uint64_t, int64_t>;  // segment, position of the first batch
  struct Entry {
    std::shared_ptr<Run> run;
    int64_t bytes = 0;
    int64_t asked = 1;   // how often, the first reading included
    uint64_t added = 0;  // when, counted by asks_
    uint64_t used = 0;   // the last time
    std::list<Place>::iterator turn = {};

    bool again() const { return asked > 1; }  // in which of the two lists
  };
  using Entries = std::map<Place, Entry>;

  using Runs = std::vector<std::shared_ptr<Run>>;

  // A run that somebody asked for; null: it is not here.
  struct Asked {
    Place place;
    std::shared_ptr<Run> run;
    const BatchViews* views = nullptr;  // the run's, if it has some
    bool wants_views = false;           // they should be made
  };

  Asked Ask(const Place& place);
  static BatchViews MakeViews(const Run& run);
  // Whether there is room for the views of its records.
  bool HasRoomForViews(const Entry& entry) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The run's views from now on; null when it is no longer kept or there is no room for them.
  const BatchViews* KeepViews(const Asked& asked, BatchViews views);
  // From its batch number `first` on, each batch holding all of the run.
  static void Append(const Asked& asked, std::size_t first, std::vector<StoredBatch>* batches);
  // What is dropped goes to *dropped, to be freed without the lock.
  void Keep(const Place& place, const std::shared_ptr<Run>& run, int64_t bytes, Runs* dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: too much is held.
  bool MakeRoom(int64_t bytes, Runs* dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Only what was last used before that, by asks_.
  bool DropOldest(bool again, uint64_t used_before, Runs* dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Entries::iterator entry, Runs* dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t capacity_bytes_;
  mutable Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::list<Place> once_ ABSL_GUARDED_BY(mutex_);   // asked for once, the newest first
  std::list<Place> again_ ABSL_GUARDED_BY(mutex_);  // the others, last used first
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t once_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of bytes_
  uint64_t asks_ ABSL_GUARDED_BY(mutex_) = 0;       // for anything, so far
};

}  // namespace eventlog::inline v1::internal
