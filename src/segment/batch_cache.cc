#include "segment/batch_cache.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace eventlog::inline v1::internal {
namespace {

// What a run takes: bytes of the file, what they decompress to, and its list of batches.
int64_t BytesOf(const std::vector<StoredBatch>& run) {
  int64_t bytes = 0;
  for (const StoredBatch& batch : run) {
    bytes += batch.header.batch_bytes() + static_cast<int64_t>(sizeof batch);
    if (batch.records.data() != batch.stored.data() + kBatchHeaderBytes) {
      bytes += static_cast<int64_t>(batch.records.size());
    }
  }
  return bytes;
}

// The run from its batch number `first` on, each batch holding all of it.
void Append(const std::shared_ptr<const std::vector<StoredBatch>>& run, std::size_t first,
            std::vector<StoredBatch>* batches) {
  for (std::size_t i = first; i < run->size(); ++i) {
    const StoredBatch& batch = (*run)[i];
    batches->push_back({batch.header, batch.position, batch.stored, batch.records, run});
  }
}

}  // namespace

bool BatchCache::Find(uint64_t segment, int64_t position, std::vector<StoredBatch>* batches) {
  std::shared_ptr<const Run> run;
  {
    MutexLock lock(&mutex_);
    auto found = entries_.upper_bound({segment, position});
    if (found == entries_.begin()) return false;
    --found;
    Entry& entry = found->second;
    if (found->first.first != segment || entry.run->back().position < position) return false;
    again_.splice(again_.begin(), entry.again ? again_ : once_, entry.used);
    if (!entry.again) once_bytes_ -= entry.bytes;
    entry.again = true;
    run = entry.run;
  }
  const auto first = std::lower_bound(
      run->begin(), run->end(), position,
      [](const StoredBatch& batch, int64_t wanted) { return batch.position < wanted; });
  if (first->position != position) return false;
  Append(run, static_cast<std::size_t>(first - run->begin()), batches);
  return true;
}

void BatchCache::Add(uint64_t segment, std::vector<StoredBatch> run,
                     std::vector<StoredBatch>* batches) {
  EVENTLOG_ASSERT(!run.empty());
  const Place place = {segment, run.front().position};
  const int64_t bytes = BytesOf(run);
  const auto kept = std::make_shared<const Run>(std::move(run));
  Append(kept, 0, batches);
  Runs dropped;
  MutexLock lock(&mutex_);
  Keep(place, kept, bytes, &dropped);
}

void BatchCache::Keep(const Place& place, const std::shared_ptr<const Run>& run, int64_t bytes,
                      Runs* dropped) {
  if (const auto present = entries_.find(place); present != entries_.end()) {
    // Read by two at once, or a longer one now that the segment has grown.
    if (present->second.run->size() >= run->size()) return;
    Drop(present, dropped);
  }
  if (!MakeRoom(bytes, dropped)) return;
  once_.push_front(place);
  entries_[place] = {run, bytes, false, once_.begin()};
  bytes_ += bytes;
  once_bytes_ += bytes;
}

bool BatchCache::MakeRoom(int64_t bytes, Runs* dropped) {
  if (bytes > capacity_bytes_) return false;
  while (bytes_ + bytes > capacity_bytes_) {
    const bool again = once_bytes_ <= capacity_bytes_ / 4;
    if (!DropOldest(again, dropped) && !DropOldest(!again, dropped)) return false;
  }
  return true;
}

bool BatchCache::DropOldest(bool again, Runs* dropped) {
  const std::list<Place>& list = again ? again_ : once_;
  for (auto place = list.rbegin(); place != list.rend(); ++place) {
    const auto entry = entries_.find(*place);
    // Nobody but this cache could hand it out anew.
    if (entry->second.run.use_count() > 1) continue;
    Drop(entry, dropped);
    return true;
  }
  return false;
}

void BatchCache::Drop(Entries::iterator entry, Runs* dropped) {
  bytes_ -= entry->second.bytes;
  if (!entry->second.again) once_bytes_ -= entry->second.bytes;
  (entry->second.again ? again_ : once_).erase(entry->second.used);
  dropped->push_back(std::move(entry->second.run));
  entries_.erase(entry);
}

int64_t BatchCache::bytes() const {
  MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace eventlog::inline v1::internal
