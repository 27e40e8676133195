// The writer's half of a segment; the readers' is segment_read.cc.
#include "segment/segment.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "format/segment_header.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kSmallestStepBytes = 64 << 10;
constexpr int64_t kLargestStepBytes = 16 << 20;

int64_t FirstStepBytes(int64_t needed_bytes) {
  int64_t step_bytes = kSmallestStepBytes;
  while (step_bytes < needed_bytes && step_bytes < kLargestStepBytes) step_bytes *= 2;
  return std::max(step_bytes, needed_bytes);
}

// Allocates `wanted_bytes` at `position`, or where the disk has no space for more what is needed.
absl::StatusOr<int64_t> AllocateStep(File* file, int64_t position, int64_t wanted_bytes,
                                     int64_t needed_bytes) {
  absl::Status allocated = file->Allocate(position, wanted_bytes);
  if (allocated.ok()) return wanted_bytes;
  if (IsDiskFull(allocated) && needed_bytes < wanted_bytes) {
    allocated = file->Allocate(position, needed_bytes);
  }
  if (!allocated.ok()) return allocated;
  return needed_bytes;
}

absl::Status WriteHeader(File* file, const Segment::Place& place, int64_t created_ms) {
  const std::string header = EncodeSegmentHeader({place.identity, place.base_offset, created_ms});
  const std::string_view pieces[] = {header};
  return file->WriteAt(0, pieces);
}

uint64_t NextNumber() {
  static std::atomic<uint64_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Segment::Segment(FileCache* files, Place place)
    : files_(files),
      place_(std::move(place)),
      path_(SegmentPath(place_.partition_directory, place_.base_offset)),
      seed_(place_.identity.Seed()),
      number_(NextNumber()),
      next_offset_(place_.base_offset) {}

absl::StatusOr<std::shared_ptr<Segment>> Segment::Create(FileCache* files, const Place& place,
                                                         int64_t created_ms, int64_t first_bytes) {
  EVENTLOG_ASSERT(first_bytes >= 0);
  std::shared_ptr<Segment> segment(new Segment(files, place));
  const std::string& path = segment->path_;
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files->Create(path));
  files->MarkDirty(path);
  const int64_t needed_bytes = kSegmentHeaderBytes + first_bytes;
  const auto allocated_bytes =
      AllocateStep(file.get(), 0, FirstStepBytes(needed_bytes), needed_bytes);
  absl::Status filled = allocated_bytes.status();
  if (filled.ok()) filled = WriteHeader(file.get(), place, created_ms);
  if (!filled.ok()) {
    // Nobody knows of the file yet; when it cannot be removed either, recovery finds it empty.
    RemoveIfExists(files->file_system(), path).IgnoreError();
    files->Forget(path);
    return filled;
  }
  segment->allocated_bytes_ = *allocated_bytes;
  MutexLock lock(&segment->index_mutex_);
  segment->index_.emplace(place.base_offset);
  segment->created_ms_ = created_ms;
  segment->end_position_.store(kSegmentHeaderBytes, std::memory_order_release);
  return segment;
}

std::shared_ptr<Segment> Segment::Adopt(FileCache* files, const Place& place, int64_t end_position,
                                        int64_t next_offset, bool sealed) {
  EVENTLOG_ASSERT(end_position >= kSegmentHeaderBytes);
  EVENTLOG_ASSERT(next_offset >= place.base_offset);
  std::shared_ptr<Segment> segment(new Segment(files, place));
  segment->next_offset_ = next_offset;
  MutexLock lock(&segment->index_mutex_);
  segment->sealed_ = sealed;
  segment->end_position_.store(end_position, std::memory_order_release);
  return segment;
}

absl::Status Segment::Reserve(int64_t bytes) {
  EVENTLOG_ASSERT(bytes >= 0);
  const int64_t needed_bytes = end_position() + bytes;
  if (allocated_bytes_ >= needed_bytes) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  if (allocated_bytes_ < 0) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    if (size < end_position()) {
      return MakeError(
          ErrorReason::kCorruptData,
          fmt::format("{}: has {} bytes, {} were found in it before", path_, size, end_position()));
    }
    allocated_bytes_ = size;
    if (allocated_bytes_ >= needed_bytes) return absl::OkStatus();
  }
  const int64_t missing_bytes = needed_bytes - allocated_bytes_;
  const int64_t step_bytes =
      std::max(std::clamp(allocated_bytes_, kSmallestStepBytes, kLargestStepBytes), missing_bytes);
  files_->MarkDirty(path_);
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t added_bytes,
                            AllocateStep(file.get(), allocated_bytes_, step_bytes, missing_bytes));
  allocated_bytes_ += added_bytes;
  return absl::OkStatus();
}

absl::Status Segment::Append(absl::Span<const SealedBatch> batches) {
  const int64_t begin = end_position();
  int64_t end = begin;
  int64_t next_offset = next_offset_;
  std::vector<std::string_view> pieces;
  for (const SealedBatch& batch : batches) {
    EVENTLOG_ASSERT(batch.header.base_offset >= next_offset);
    next_offset = batch.header.next_offset();
    end += batch.header.batch_bytes();
    pieces.push_back(batch.head());
    pieces.push_back(batch.body());
  }
  EVENTLOG_ASSERT(end <= allocated_bytes_);
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  files_->MarkDirty(path_);
  EVENTLOG_RETURN_IF_ERROR(file->WriteAt(begin, pieces));
  next_offset_ = next_offset;
  // In one critical section: an index that is loaded at this moment either scans these batches or
  // is there to be told of them.
  MutexLock lock(&index_mutex_);
  EVENTLOG_ASSERT(!sealed_);
  int64_t position = begin;
  for (const SealedBatch& batch : batches) {
    if (index_.has_value()) index_->Add(batch.header, position);
    position += batch.header.batch_bytes();
  }
  end_position_.store(end, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status Segment::Sync() { return files_->Sync(path_); }

absl::Status Segment::Trim() {
  EVENTLOG_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, files_->Open(path_));
  files_->MarkDirty(path_);
  EVENTLOG_RETURN_IF_ERROR(file->Truncate(end_position()));
  allocated_bytes_ = end_position();
  return absl::OkStatus();
}

void Segment::Seal() {
  MutexLock lock(&index_mutex_);
  const bool loaded = LoadIndex().ok();
  sealed_ = true;
  if (!loaded) return;
  sealed_max_timestamp_ms_ = index_->max_timestamp_ms();
  // Once in its files it is read again by need; idle segments keep nothing in memory.
  if (index_->Save(files_->file_system(), place_.partition_directory, end_position(), seed_).ok()) {
    index_.reset();
  }
}

absl::Status Segment::Remove() {
  FileSystem* const file_system = files_->file_system();
  // The data last: an index without data would be left behind for ever.
  absl::Status status =
      RemoveIfExists(file_system, OffsetIndexPath(place_.partition_directory, place_.base_offset));
  status.Update(
      RemoveIfExists(file_system, TimeIndexPath(place_.partition_directory, place_.base_offset)));
  const absl::Status data_removed = RemoveIfExists(file_system, path_);
  if (data_removed.ok()) files_->Forget(path_);
  status.Update(data_removed);
  return status;
}

}  // namespace eventlog::inline v1::internal
