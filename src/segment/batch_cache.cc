#include "segment/batch_cache.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "format/record.h"
#include "format/record_views.h"

namespace eventlog::inline v1::internal {
namespace {

// The ask that has a run's records decoded for those to come.
constexpr int kOften = 3;
constexpr uint64_t kEver = UINT64_MAX;

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

// By the header, which its records may not bear out; as many as they can be at most.
std::size_t RecordCount(const StoredBatch& batch) {
  return std::min(static_cast<std::size_t>(std::max(batch.header.record_count, 0)),
                  batch.records.size() / kMinRecordBytes);
}

int64_t ViewsBytesOf(const std::vector<StoredBatch>& run) {
  std::size_t bytes = 0;
  for (const StoredBatch& batch : run) {
    bytes += sizeof(std::vector<RecordView>) + RecordCount(batch) * sizeof(RecordView);
  }
  return static_cast<int64_t>(bytes);
}

// Of all records of the batch, offsets rising; empty when they are not what its header says.
std::vector<RecordView> ViewsOf(const StoredBatch& batch) {
  const std::size_t count = RecordCount(batch);
  std::vector<RecordView> views(count);
  std::string_view left = batch.records;
  RecordView* end = views.data() + count;
  const absl::Status status = ViewRecords(
      {nullptr, batch.header.base_offset, batch.header.base_timestamp_ms},
      {batch.header.base_offset, batch.header.next_offset()}, &left, views.data(), &end);
  if (!status.ok() || !left.empty() || end != views.data() + count) return {};
  const auto falls = [](const RecordView& a, const RecordView& b) {
    return a.offset() >= b.offset();
  };
  if (std::adjacent_find(views.begin(), views.end(), falls) != views.end()) return {};
  return views;
}

}  // namespace

BatchCache::BatchViews BatchCache::MakeViews(const Run& run) {
  BatchViews views;
  views.reserve(run.batches.size());
  for (const StoredBatch& batch : run.batches) views.push_back(ViewsOf(batch));
  return views;
}

void BatchCache::Append(const Asked& asked, std::size_t first, std::vector<StoredBatch>* batches) {
  for (std::size_t i = first; i < asked.run->batches.size(); ++i) {
    const StoredBatch& batch = asked.run->batches[i];
    absl::Span<const RecordView> views;
    if (asked.views != nullptr) views = (*asked.views)[i];
    batches->push_back(
        {batch.header, batch.position, batch.stored, batch.records, asked.run, views});
  }
}

bool BatchCache::Find(uint64_t segment, int64_t position, std::vector<StoredBatch>* batches) {
  Asked asked = Ask({segment, position});
  if (asked.run == nullptr) return false;
  const auto& run = asked.run->batches;
  const auto first = std::lower_bound(
      run.begin(), run.end(), position,
      [](const StoredBatch& batch, int64_t wanted) { return batch.position < wanted; });
  if (first->position != position) return false;
  if (asked.wants_views) asked.views = KeepViews(asked, MakeViews(*asked.run));
  Append(asked, static_cast<std::size_t>(first - run.begin()), batches);
  return true;
}

BatchCache::Asked BatchCache::Ask(const Place& place) {
  MutexLock lock(&mutex_);
  auto found = entries_.upper_bound(place);
  if (found == entries_.begin()) return {};
  --found;
  Entry& entry = found->second;
  if (found->first.first != place.first || entry.run->batches.back().position < place.second) {
    return {};
  }
  again_.splice(again_.begin(), entry.again() ? again_ : once_, entry.turn);
  if (!entry.again()) once_bytes_ -= entry.bytes;
  ++entry.asked;
  entry.used = ++asks_;
  const BatchViews& views = entry.run->views;
  const bool wants_views = entry.asked >= kOften && views.empty() && HasRoomForViews(entry);
  return {found->first, entry.run, views.empty() ? nullptr : &views, wants_views};
}

bool BatchCache::HasRoomForViews(const Entry& entry) const {
  int64_t room = capacity_bytes_ - bytes_;
  for (const std::list<Place>* list : {&once_, &again_}) {
    for (auto place = list->rbegin(); place != list->rend(); ++place) {
      const Entry& other = entries_.find(*place)->second;
      if (room >= entry.run->views_bytes || other.used >= entry.added) break;
      if (other.run.use_count() == 1) room += other.bytes;
    }
  }
  return room >= entry.run->views_bytes;
}

const BatchCache::BatchViews* BatchCache::KeepViews(const Asked& asked, BatchViews views) {
  const int64_t bytes = asked.run->views_bytes;
  Runs dropped;
  MutexLock lock(&mutex_);
  const auto entry = entries_.find(asked.place);
  if (entry == entries_.end() || entry->second.run != asked.run) return nullptr;
  if (!asked.run->views.empty()) return &asked.run->views;  // somebody else's were faster
  if (!HasRoomForViews(entry->second)) return nullptr;
  const uint64_t added = entry->second.added;
  while (bytes_ + bytes > capacity_bytes_) {
    if (!DropOldest(false, added, &dropped) && !DropOldest(true, added, &dropped)) return nullptr;
  }
  bytes_ += bytes;
  entry->second.bytes += bytes;
  asked.run->views = std::move(views);
  return &asked.run->views;
}

void BatchCache::Add(uint64_t segment, std::vector<StoredBatch> run,
                     std::vector<StoredBatch>* batches) {
  EVENTLOG_ASSERT(!run.empty());
  const Place place = {segment, run.front().position};
  const int64_t bytes = BytesOf(run);
  const int64_t views_bytes = ViewsBytesOf(run);
  const auto kept = std::make_shared<Run>(Run{std::move(run), views_bytes});
  Append({place, kept}, 0, batches);
  Runs dropped;
  MutexLock lock(&mutex_);
  Keep(place, kept, bytes, &dropped);
}

void BatchCache::Keep(const Place& place, const std::shared_ptr<Run>& run, int64_t bytes,
                      Runs* dropped) {
  if (const auto present = entries_.find(place); present != entries_.end()) {
    // Read by two at once, or a longer one now that the segment has grown.
    if (present->second.run->batches.size() >= run->batches.size()) return;
    Drop(present, dropped);
  }
  if (!MakeRoom(bytes, dropped)) return;
  once_.push_front(place);
  ++asks_;
  entries_[place] = {run, bytes, 1, asks_, asks_, once_.begin()};
  bytes_ += bytes;
  once_bytes_ += bytes;
}

bool BatchCache::MakeRoom(int64_t bytes, Runs* dropped) {
  if (bytes > capacity_bytes_) return false;
  while (bytes_ + bytes > capacity_bytes_) {
    const bool again = once_bytes_ <= capacity_bytes_ / 4;
    if (!DropOldest(again, kEver, dropped) && !DropOldest(!again, kEver, dropped)) return false;
  }
  return true;
}

bool BatchCache::DropOldest(bool again, uint64_t used_before, Runs* dropped) {
  const std::list<Place>& list = again ? again_ : once_;
  for (auto place = list.rbegin(); place != list.rend(); ++place) {
    const auto entry = entries_.find(*place);
    if (entry->second.used >= used_before) return false;  // as is all that comes
    // Nobody but this cache could hand it out anew.
    if (entry->second.run.use_count() > 1) continue;
    Drop(entry, dropped);
    return true;
  }
  return false;
}

void BatchCache::Drop(Entries::iterator entry, Runs* dropped) {
  bytes_ -= entry->second.bytes;
  if (!entry->second.again()) once_bytes_ -= entry->second.bytes;
  (entry->second.again() ? again_ : once_).erase(entry->second.turn);
  dropped->push_back(std::move(entry->second.run));
  entries_.erase(entry);
}

int64_t BatchCache::bytes() const {
  MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace eventlog::inline v1::internal
