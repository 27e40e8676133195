#include "partition/segment_set.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/segment_header.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {

namespace {

// Whether every offset that the segment has, one at least, lies below the log start.
bool LiesBelow(const Segment& segment, int64_t log_start) {
  return segment.base_offset() < log_start && segment.next_offset() <= log_start;
}

// A damaged header is left to `verify`, and a time to come comes from a clock that was wrong: the
// segment's age counts from now.
int64_t CreatedMs(Segment* segment, int64_t now_ms) {
  const auto created_ms = segment->CreatedMs();
  return created_ms.ok() && *created_ms > 0 ? std::min(*created_ms, now_ms) : now_ms;
}

// The batch that stands where the one with `offset` belongs may be of another place, whole.
absl::Status CheckHas(const StoredBatch& batch, int64_t offset, const std::string& path) {
  const BatchHeader& header = batch.header;
  if (header.base_offset > offset) {
    return MakeError(ErrorReason::kCorruptData, fmt::format("{}: offsets {} to {} are missing",
                                                            path, offset, header.base_offset - 1));
  }
  if (header.next_offset() > offset) return absl::OkStatus();
  return MakeError(ErrorReason::kCorruptData,
                   fmt::format("{}: batch at position {}: its offsets end at {}, where {} belongs",
                               path, batch.position, header.last_offset(), offset));
}

}  // namespace

SegmentSet::SegmentSet(FileCache* files, Place place) : files_(files), place_(std::move(place)) {}

void SegmentSet::Adopt(std::vector<std::shared_ptr<Segment>> segments) {
  active_ = segments.empty() ? nullptr : segments.back();
  active_created_ms_ = 0;
  rolled_.clear();
  unsynced_.clear();
  directory_unsynced_ = false;
  has_directory_ = active_ != nullptr;
  MutexLock lock(&mutex_);
  segments_ = std::move(segments);
}

bool SegmentSet::IsDue(int64_t now_ms, const PartitionConfig& config) const {
  return active_ != nullptr && active_created_ms_ != 0 &&
         active_->end_position() > kSegmentHeaderBytes &&
         now_ms - active_created_ms_ >= config.segment_ms;
}

void SegmentSet::Finish(std::shared_ptr<Segment> segment) {
  unsynced_.push_back(segment);
  rolled_.push_back(std::move(segment));
}

void SegmentSet::Roll() { Finish(std::exchange(active_, nullptr)); }

absl::Status SegmentSet::Reserve(int64_t bytes, int64_t base_offset, int64_t append_ms,
                                 const PartitionConfig& config, bool* rolled) {
  *rolled = false;
  if (active_ != nullptr) {
    if (active_created_ms_ == 0) active_created_ms_ = CreatedMs(active_.get(), append_ms);
    const bool full = active_->end_position() > kSegmentHeaderBytes &&
                      active_->end_position() + bytes > config.segment_bytes;
    if (!full && !IsDue(append_ms, config)) return active_->Reserve(bytes);
  }
  std::shared_ptr<Segment> finished = active_;
  EVENTLOG_RETURN_IF_ERROR(Create(base_offset, bytes, append_ms));
  *rolled = finished != nullptr;
  if (*rolled) Finish(std::move(finished));
  return absl::OkStatus();
}

absl::Status SegmentSet::Create(int64_t base_offset, int64_t bytes, int64_t append_ms) {
  if (!has_directory_) {
    EVENTLOG_RETURN_IF_ERROR(CreateDirectories(files_->file_system(), place_.directory));
    has_directory_ = true;
  }
  EVENTLOG_ASSIGN_OR_RETURN(
      auto created,
      Segment::Create(files_, {place_.directory, place_.identity, base_offset}, append_ms, bytes));
  directory_unsynced_ = true;
  active_ = created;
  active_created_ms_ = append_ms;
  unsynced_.push_back(created);
  MutexLock lock(&mutex_);
  segments_.push_back(std::move(created));
  return absl::OkStatus();
}

absl::Status SegmentSet::Append(absl::Span<const SealedBatch> batches) {
  if (unsynced_.empty() || unsynced_.back() != active_) unsynced_.push_back(active_);
  return active_->Append(batches);
}

absl::Status SegmentSet::Sync() {
  for (const auto& segment : rolled_) EVENTLOG_RETURN_IF_ERROR(segment->Trim());
  for (const auto& segment : unsynced_) EVENTLOG_RETURN_IF_ERROR(segment->Sync());
  if (directory_unsynced_) {
    EVENTLOG_RETURN_IF_ERROR(files_->file_system()->SyncDirectory(place_.directory));
  }
  unsynced_.clear();
  directory_unsynced_ = false;
  for (const auto& segment : rolled_) segment->Seal();
  rolled_.clear();
  return absl::OkStatus();
}

absl::Status SegmentSet::Trim() {
  if (active_ == nullptr) return absl::OkStatus();
  unsynced_.push_back(active_);
  return active_->Trim();
}

void SegmentSet::Describe(PartitionCheckpoint* entry) const {
  MutexLock lock(&mutex_);
  if (segments_.empty()) return;
  const Segment& last = *segments_.back();
  if (LiesBelow(last, entry->log_start_offset)) return;
  entry->segment_base_offset = last.base_offset();
  entry->position = last.end_position();
  entry->end_offset = last.next_offset();
}

void SegmentSet::FinishBelow(int64_t log_start) {
  if (active_ != nullptr && LiesBelow(*active_, log_start)) Roll();
}

absl::Status SegmentSet::RemoveOldestBelow(int64_t log_start, int64_t* bytes) {
  *bytes = 0;
  std::shared_ptr<Segment> oldest;
  {  // first out of the readers' sight
    MutexLock lock(&mutex_);
    if (segments_.empty() || !LiesBelow(*segments_.front(), log_start)) return absl::OkStatus();
    oldest = segments_.front();
    segments_.erase(segments_.begin());
  }
  if (absl::Status removed = oldest->Remove(); !removed.ok()) {
    MutexLock lock(&mutex_);
    segments_.insert(segments_.begin(), oldest);
    return removed;
  }
  *bytes = oldest->end_position();
  std::erase(rolled_, oldest);
  std::erase(unsynced_, oldest);
  if (active_ == oldest) active_ = nullptr;
  directory_unsynced_ = true;
  return absl::OkStatus();
}

absl::Status SegmentSet::Remove(bool* sync_failed) {
  *sync_failed = false;
  const std::vector<std::shared_ptr<Segment>> removed_segments = segments();
  Adopt({});
  FileSystem* const file_system = files_->file_system();
  for (const auto& segment : removed_segments) EVENTLOG_RETURN_IF_ERROR(segment->Remove());
  const auto left = file_system->List(place_.directory);  // an index that was being written
  for (const std::string& name : left.ok() ? *left : std::vector<std::string>()) {
    EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, place_.directory + "/" + name));
  }
  absl::Status removed = file_system->Remove(place_.directory);
  if (absl::IsNotFound(removed)) return absl::OkStatus();
  EVENTLOG_RETURN_IF_ERROR(removed);
  const absl::Status synced = file_system->SyncDirectory(ParentDirectory(place_.directory));
  *sync_failed = !synced.ok();
  return synced;
}

std::vector<std::shared_ptr<Segment>> SegmentSet::segments() const {
  MutexLock lock(&mutex_);
  return segments_;
}

absl::Status SegmentSet::Read(int64_t offset, int64_t position_hint, int64_t max_bytes,
                              std::vector<StoredBatch>* batches, BatchCache* cache) {
  std::shared_ptr<Segment> holder;
  {
    MutexLock lock(&mutex_);
    auto after = std::upper_bound(
        segments_.begin(), segments_.end(), offset,
        [](int64_t wanted, const auto& segment) { return wanted < segment->base_offset(); });
    if (after == segments_.begin()) return absl::OkStatus();
    holder = *std::prev(after);
  }
  const std::size_t first = batches->size();
  EVENTLOG_RETURN_IF_ERROR(holder->Read(offset, position_hint, max_bytes, batches, cache));
  if (batches->size() == first) return absl::OkStatus();
  if (absl::Status has = CheckHas((*batches)[first], offset, holder->path()); !has.ok()) {
    batches->resize(first);  // nothing that a caller might hand out later
    return has;
  }
  // The good ones first: what is wrong behind them shows at the next call.
  for (std::size_t i = first + 1; i < batches->size(); ++i) {
    if ((*batches)[i].header.base_offset == (*batches)[i - 1].header.next_offset()) continue;
    batches->resize(i);
    break;
  }
  return absl::OkStatus();
}

bool SegmentSet::IsThere(const std::shared_ptr<Segment>& segment) const {
  MutexLock lock(&mutex_);
  return std::find(segments_.begin(), segments_.end(), segment) != segments_.end();
}

absl::StatusOr<std::optional<int64_t>> SegmentSet::FindTimestamp(int64_t timestamp_ms,
                                                                 int64_t from_offset,
                                                                 BatchCache* cache) {
  for (const auto& segment : segments()) {
    const auto found = segment->FindTimestamp(timestamp_ms, from_offset, cache);
    if (!found.ok() && !IsThere(segment)) continue;  // removed meanwhile
    EVENTLOG_RETURN_IF_ERROR(found);
    if (found->has_value()) return *found;
  }
  return std::optional<int64_t>();
}

int64_t SegmentSet::bytes() const {
  int64_t total = 0;
  for (const auto& segment : segments()) total += segment->end_position();
  return total;
}

}  // namespace eventlog::inline v1::internal
