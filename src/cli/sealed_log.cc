#include "cli/sealed_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/types/span.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/stored_file.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::cli {
namespace {

using internal::MakeError;
using internal::PartitionCheckpoint;
using internal::StoredBatch;

constexpr int64_t kMaxSmallFileBytes = int64_t{1} << 30;  // of catalog and checkpoint
constexpr int64_t kReadBytes = int64_t{1} << 20;
// So often files may go, or the checkpoint move, between two looks.
constexpr int kAttempts = 1000;

absl::StatusOr<internal::CatalogFile> ReadCatalog(FileSystem* file_system,
                                                  const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(
      const std::string bytes,
      ReadReplacedFile(file_system, internal::CatalogPath(directory), kMaxSmallFileBytes));
  return internal::DecodeCatalog(bytes);
}

absl::StatusOr<internal::Checkpoint> ReadCheckpoint(FileSystem* file_system,
                                                    const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(
      const std::string bytes,
      ReadReplacedFile(file_system, internal::CheckpointPath(directory), kMaxSmallFileBytes));
  return internal::DecodeCheckpoint(bytes);
}

PartitionCheckpoint EntryOf(const internal::Checkpoint& checkpoint, int32_t topic_id,
                            int32_t partition) {
  for (const PartitionCheckpoint& entry : checkpoint.partitions) {
    if (entry.topic_id == topic_id && entry.partition == partition) return entry;
  }
  return {.topic_id = topic_id, .partition = partition};
}

// Applies the records of __consumer_offsets from `offset` on.
absl::Status ApplyOffsets(int64_t offset, SealedPartition* partition,
                          internal::OffsetStore* offsets) {
  for (std::vector<StoredBatch> batches;;) {
    EVENTLOG_RETURN_IF_ERROR(partition->Read(offset, &batches));
    if (batches.empty()) return absl::OkStatus();
    for (const StoredBatch& batch : batches) {
      EVENTLOG_ASSIGN_OR_RETURN(const auto records,
                                DecodeRecords(batch.records, batch.header.record_count));
      for (const internal::EncodedRecord& record : records) {
        const int64_t at = batch.header.base_offset + record.offset_delta;
        if (at < offset || record.key == nullptr) continue;
        std::optional<std::string_view> value;
        if (record.value != nullptr) value = std::string_view(record.value, record.value_size);
        EVENTLOG_RETURN_IF_ERROR(offsets->ApplyRecord({record.key, record.key_size}, value, at));
      }
    }
    offset = batches.back().header.next_offset();
  }
}

// A file that is not there, as opposed to a topic.
bool IsMissingFile(const absl::Status& status) {
  return absl::IsNotFound(status) && ReasonOf(status) == ErrorReason::kNone;
}

}  // namespace

absl::StatusOr<SealedPartition> SealedPartition::Open(FileSystem* file_system,
                                                      const std::string& log_directory,
                                                      const internal::CatalogTopic& topic,
                                                      int32_t partition) {
  SealedPartition opened;
  opened.file_system_ = file_system;
  opened.log_directory_ = log_directory;
  opened.directory_ = internal::PartitionDirectory(log_directory, topic.id, partition);
  opened.topic_ = topic.name;
  opened.topic_id_ = topic.id;
  opened.identity_ = {topic.uuid, partition};
  EVENTLOG_RETURN_IF_ERROR(opened.Load());
  return opened;
}

absl::Status SealedPartition::CheckTopicExists() const {
  EVENTLOG_ASSIGN_OR_RETURN(const auto catalog, ReadCatalog(file_system_, log_directory_));
  for (const internal::CatalogTopic& topic : catalog.topics) {
    if (topic.id == topic_id_) return absl::OkStatus();
  }
  return MakeError(ErrorReason::kUnknownTopic, fmt::format("topic {} was deleted", topic_));
}

// Finds segments, log start and end. Files go and come meanwhile, and so does the checkpoint, so it
// looks until what it found goes together.
absl::Status SealedPartition::Load() {
  for (int i = 0; i < kAttempts; ++i) {
    EVENTLOG_ASSIGN_OR_RETURN(const bool consistent, LoadOnce());
    if (consistent) return absl::OkStatus();
  }
  return absl::UnavailableError(
      fmt::format("{}: its files change faster than they can be listed", directory_));
}

absl::StatusOr<bool> SealedPartition::LoadOnce() {
  file_.reset();
  cursor_offset_ = -1;
  segments_.clear();
  EVENTLOG_ASSIGN_OR_RETURN(const auto checkpoint, ReadCheckpoint(file_system_, log_directory_));
  const PartitionCheckpoint proven = EntryOf(checkpoint, topic_id_, identity_.partition);
  auto bases = ListSegments(file_system_, directory_);
  if (!bases.ok() && !absl::IsNotFound(bases.status())) return bases.status();
  const std::vector<int64_t> found = bases.ok() ? *bases : std::vector<int64_t>();
  log_start_offset_ = proven.log_start_offset;
  end_offset_ = std::max(proven.log_start_offset, proven.end_offset);
  for (std::size_t i = internal::CountBelowLogStart(proven, found); i < found.size(); ++i) {
    segments_.push_back({found[i], i + 1 == found.size() ? found[i] : found[i + 1]});
  }
  const bool front_missing = !segments_.empty() && segments_[0].base_offset > log_start_offset_;
  const bool proven_missing =
      proven.segment_base_offset >= 0 &&
      !std::binary_search(found.begin(), found.end(), proven.segment_base_offset);
  if (front_missing || proven_missing) {
    EVENTLOG_RETURN_IF_ERROR(CheckTopicExists());
    EVENTLOG_ASSIGN_OR_RETURN(const auto now, ReadCheckpoint(file_system_, log_directory_));
    if (now != checkpoint) return false;
    return MakeError(
        ErrorReason::kDurableDataMissing,
        fmt::format("{}: a segment is missing (`eventlog verify` says which)", directory_));
  }
  if (segments_.empty()) return true;
  absl::Status scanned = ScanLast(proven);
  if (IsMissingFile(scanned)) return false;
  EVENTLOG_RETURN_IF_ERROR(scanned);
  return true;
}

// Where the last segment's whole batches end; behind what is proven a hole is the end.
absl::Status SealedPartition::ScanLast(const PartitionCheckpoint& proven) {
  SegmentFile& last = segments_.back();
  const bool named = last.base_offset == proven.segment_base_offset;
  int64_t position = internal::kSegmentHeaderBytes;
  int64_t next_offset = last.base_offset;
  if (named && proven.position > position) {
    position = proven.position;
    next_offset = proven.end_offset;
  }
  EVENTLOG_RETURN_IF_ERROR(OpenSegment(segments_.size() - 1));
  const auto header = internal::ReadSegmentHeader(file_.get());
  const bool whole = header.ok() && header->identity == identity_;
  if (!header.ok() && !internal::IsDamage(header.status())) return header.status();
  if (!whole && named) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{}: its header is damaged or of another partition", path_));
  }
  if (whole) {
    EVENTLOG_ASSIGN_OR_RETURN(
        const internal::ScanResult scan,
        internal::ScanSegment(file_.get(), path_, identity_.Seed(), position, next_offset,
                              std::numeric_limits<int32_t>::max(),
                              /*allow_gaps=*/false));
    position = scan.end_position;
    next_offset = scan.next_offset;
  }
  last.end_position = position;
  last.end_offset = next_offset;
  end_offset_ = next_offset;
  file_.reset();  // thousands of partitions may be waiting for their turn
  return absl::OkStatus();
}

absl::Status SealedPartition::OpenSegment(std::size_t index) {
  if (file_ != nullptr && open_index_ == index) return absl::OkStatus();
  const SegmentFile& segment = segments_[index];
  path_ = internal::SegmentPath(directory_, segment.base_offset);
  EVENTLOG_ASSIGN_OR_RETURN(file_, file_system_->OpenFile(path_, FileSystem::Open::kReadOnly));
  open_index_ = index;
  cursor_offset_ = segment.base_offset;
  cursor_position_ = internal::kSegmentHeaderBytes;
  limit_ = segment.end_position;
  if (limit_ >= 0) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(limit_, file_->Size());
  return absl::OkStatus();
}

// Runs `once` until no file goes away under it.
template <typename Once>
absl::Status SealedPartition::WithFreshFiles(Once once) {
  for (int i = 0; i < kAttempts; ++i) {
    const absl::Status status = once();
    if (!IsMissingFile(status)) return status;
    EVENTLOG_RETURN_IF_ERROR(Load());
  }
  return absl::UnavailableError(
      fmt::format("{}: its files go faster than they can be read", directory_));
}

// The header at place->position, whose batch begins at `next_offset`. False: the segment's end.
absl::StatusOr<bool> SealedPartition::NextHeader(BatchPlace* place, int64_t next_offset) {
  if (next_offset >= segments_[open_index_].end_offset) return false;
  std::string bytes(internal::kMaxHeaderBytes, '\0');
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                            file_->ReadAt(place->position, absl::MakeSpan(bytes)));
  bytes.resize(read_bytes);
  auto header = internal::DecodeBatchHeader(bytes, identity_.Seed());
  if (!header.ok()) {
    return internal::Annotate(header.status(),
                              fmt::format("{}: batch at position {}", path_, place->position));
  }
  if (header->base_offset != next_offset) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{}: batch at position {}: base offset {} where {} belongs", path_,
                                 place->position, header->base_offset, next_offset));
  }
  place->header = *std::move(header);
  return true;
}

absl::Status SealedPartition::ReadOnce(int64_t offset, std::vector<StoredBatch>* batches) {
  if (offset >= end_offset_) return absl::OkStatus();
  if (offset < log_start_offset_) {
    return internal::WithActualOffset(
        MakeError(ErrorReason::kBelowLogStart,
                  fmt::format("{}-{}: offset {} has been deleted, the log starts at {}", topic_,
                              number(), offset, log_start_offset_)),
        log_start_offset_);
  }
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), offset,
      [](int64_t wanted, const SegmentFile& segment) { return wanted < segment.base_offset; });
  EVENTLOG_RETURN_IF_ERROR(OpenSegment(static_cast<std::size_t>(after - segments_.begin() - 1)));
  if (offset != cursor_offset_) {
    BatchPlace at{.header = {}, .position = internal::kSegmentHeaderBytes};
    int64_t next_offset = segments_[open_index_].base_offset;
    for (;;) {
      EVENTLOG_ASSIGN_OR_RETURN(const bool more, NextHeader(&at, next_offset));
      if (!more || at.header.next_offset() > offset) break;
      next_offset = at.header.next_offset();
      at.position += at.header.batch_bytes();
    }
    cursor_position_ = at.position;
  }
  EVENTLOG_RETURN_IF_ERROR(internal::ReadBatches(file_.get(), path_, identity_.Seed(),
                                                 {cursor_position_, limit_, kReadBytes}, batches));
  if (batches->empty() || batches->front().header.base_offset > offset) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{}: offset {} is missing", path_, offset));
  }
  cursor_offset_ = batches->back().header.next_offset();
  cursor_position_ = batches->back().position + batches->back().header.batch_bytes();
  return absl::OkStatus();
}

absl::Status SealedPartition::Read(int64_t offset, std::vector<StoredBatch>* batches) {
  return WithFreshFiles([&] {
    batches->clear();
    return ReadOnce(offset, batches);
  });
}

absl::StatusOr<int64_t> SealedPartition::Resolve(const Place& place) {
  const auto outside = [&](ErrorReason reason, int64_t actual) {
    return internal::WithActualOffset(
        MakeError(reason,
                  fmt::format("{}-{}: offset {} is outside of the log, which has {} to {}", topic_,
                              number(), place.value, log_start_offset_, end_offset_)),
        actual);
  };
  switch (place.kind) {
    case Place::Kind::kBeginning:
      return log_start_offset_;
    case Place::Kind::kEnd:
      return end_offset_;
    case Place::Kind::kOffset:
      if (place.value < log_start_offset_) {
        return outside(ErrorReason::kBelowLogStart, log_start_offset_);
      }
      if (place.value > end_offset_) {
        return outside(ErrorReason::kBeyondHighWatermark, end_offset_);
      }
      return place.value;
    case Place::Kind::kNewest:
      return std::max(log_start_offset_, end_offset_ - std::min(place.value, end_offset_));
    case Place::Kind::kTime:
      return FindTimestamp(place.value);
  }
  return log_start_offset_;
}

// The first offset in the batch, at or behind the log start, whose timestamp is not before.
absl::StatusOr<std::optional<int64_t>> SealedPartition::FindInBatch(int64_t position,
                                                                    int64_t time_ms) {
  std::vector<StoredBatch> batches;
  EVENTLOG_RETURN_IF_ERROR(
      internal::ReadBatches(file_.get(), path_, identity_.Seed(), {position, limit_, 1}, &batches));
  for (const StoredBatch& batch : batches) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto records,
                              DecodeRecords(batch.records, batch.header.record_count));
    for (const internal::EncodedRecord& record : records) {
      const int64_t offset = batch.header.base_offset + record.offset_delta;
      const int64_t record_ms =
          internal::TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms);
      if (offset >= log_start_offset_ && record_ms >= time_ms) return std::optional(offset);
    }
  }
  return std::optional<int64_t>();
}

absl::StatusOr<int64_t> SealedPartition::FindTimestamp(int64_t time_ms) {
  int64_t found = end_offset_;
  const auto once = [&]() -> absl::Status {
    found = end_offset_;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      EVENTLOG_RETURN_IF_ERROR(OpenSegment(i));
      BatchPlace at{.header = {}, .position = internal::kSegmentHeaderBytes};
      for (int64_t next_offset = segments_[i].base_offset;;) {
        EVENTLOG_ASSIGN_OR_RETURN(const bool more, NextHeader(&at, next_offset));
        if (!more) break;
        if (at.header.max_timestamp_ms >= time_ms) {
          EVENTLOG_ASSIGN_OR_RETURN(const auto offset, FindInBatch(at.position, time_ms));
          if (offset.has_value()) {
            found = *offset;
            return absl::OkStatus();
          }
        }
        next_offset = at.header.next_offset();
        at.position += at.header.batch_bytes();
      }
    }
    return absl::OkStatus();
  };
  EVENTLOG_RETURN_IF_ERROR(WithFreshFiles(once));
  file_.reset();
  return found;
}

absl::StatusOr<std::optional<int64_t>> SealedPartition::OldestTimestampMs() {
  std::optional<int64_t> oldest_ms;
  const auto once = [&]() -> absl::Status {
    std::vector<StoredBatch> batches;
    EVENTLOG_RETURN_IF_ERROR(ReadOnce(log_start_offset_, &batches));
    for (const StoredBatch& batch : batches) {
      EVENTLOG_ASSIGN_OR_RETURN(const auto records,
                                DecodeRecords(batch.records, batch.header.record_count));
      for (const internal::EncodedRecord& record : records) {
        if (batch.header.base_offset + record.offset_delta < log_start_offset_) continue;
        oldest_ms =
            internal::TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms);
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  };
  EVENTLOG_RETURN_IF_ERROR(WithFreshFiles(once));
  return oldest_ms;
}

absl::StatusOr<std::optional<int64_t>> SealedPartition::NewestTimestampMs() {
  std::optional<int64_t> newest_ms;
  const auto once = [&]() -> absl::Status {
    newest_ms.reset();
    if (log_start_offset_ == end_offset_) return absl::OkStatus();
    for (std::size_t i = segments_.size(); i > 0 && !newest_ms.has_value(); --i) {
      EVENTLOG_RETURN_IF_ERROR(OpenSegment(i - 1));
      BatchPlace at{.header = {}, .position = internal::kSegmentHeaderBytes};
      for (int64_t next_offset = segments_[i - 1].base_offset;;) {
        EVENTLOG_ASSIGN_OR_RETURN(const bool more, NextHeader(&at, next_offset));
        if (!more) break;
        newest_ms = std::max(newest_ms.value_or(INT64_MIN), at.header.max_timestamp_ms);
        next_offset = at.header.next_offset();
        at.position += at.header.batch_bytes();
      }
    }
    return absl::OkStatus();
  };
  EVENTLOG_RETURN_IF_ERROR(WithFreshFiles(once));
  return newest_ms;
}

absl::StatusOr<int64_t> SealedPartition::Bytes() {
  int64_t bytes = 0;
  const auto once = [&]() -> absl::Status {
    bytes = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      EVENTLOG_RETURN_IF_ERROR(OpenSegment(i));
      bytes += limit_;
    }
    return absl::OkStatus();
  };
  EVENTLOG_RETURN_IF_ERROR(WithFreshFiles(once));
  return bytes;
}

absl::StatusOr<SealedLog> SealedLog::Read(FileSystem* file_system, const std::string& directory) {
  if (const absl::Status listed = file_system->List(directory).status(); !listed.ok()) {
    if (!absl::IsNotFound(listed)) return listed;
    return MakeError(ErrorReason::kDirectoryNotFound, directory + ": no such directory");
  }
  auto catalog = ReadCatalog(file_system, directory);
  if (absl::IsNotFound(catalog.status())) {
    return MakeError(ErrorReason::kDirectoryNotFound, directory + ": there is no log in it");
  }
  if (!catalog.ok()) {
    return internal::Annotate(catalog.status(), internal::CatalogPath(directory));
  }
  SealedLog log;
  log.file_system_ = file_system;
  log.directory_ = directory;
  log.catalog_ = *std::move(catalog);
  return log;
}

std::vector<const internal::CatalogTopic*> SealedLog::Topics() const {
  std::vector<const internal::CatalogTopic*> topics;
  for (const internal::CatalogTopic& topic : catalog_.topics) {
    if (!topic.name.starts_with("__")) topics.push_back(&topic);
  }
  std::sort(topics.begin(), topics.end(),
            [](const auto* left, const auto* right) { return left->name < right->name; });
  return topics;
}

absl::StatusOr<const internal::CatalogTopic*> SealedLog::FindTopic(std::string_view name) const {
  for (const internal::CatalogTopic& topic : catalog_.topics) {
    if (topic.name == name) return &topic;
  }
  return MakeError(ErrorReason::kUnknownTopic, fmt::format("there is no topic {}", name));
}

absl::StatusOr<SealedPartition> SealedLog::OpenPartition(const internal::CatalogTopic& topic,
                                                         int32_t partition) const {
  if (partition < 0 || partition >= topic.partitions) {
    return MakeError(ErrorReason::kUnknownPartition,
                     fmt::format("topic {} has no partition {}, it has 0 to {}", topic.name,
                                 partition, topic.partitions - 1));
  }
  return SealedPartition::Open(file_system_, directory_, topic, partition);
}

absl::Status SealedLog::ReadOffsets(internal::OffsetStore* offsets) const {
  for (int i = 0; i < kAttempts; ++i) {
    EVENTLOG_ASSIGN_OR_RETURN(auto checkpoint, ReadCheckpoint(file_system_, directory_));
    offsets->Start(std::move(checkpoint.offsets), checkpoint.offsets_upto);
    const auto topic = FindTopic(internal::kConsumerOffsetsTopic);
    if (!topic.ok()) return absl::OkStatus();  // nobody has committed yet
    EVENTLOG_ASSIGN_OR_RETURN(SealedPartition partition, OpenPartition(**topic, 0));
    const absl::Status read = ApplyOffsets(checkpoint.offsets_upto, &partition, offsets);
    // What the checkpoint does not have any more has gone to a newer one.
    if (ReasonOf(read) != ErrorReason::kBelowLogStart) return read;
  }
  return absl::UnavailableError("committed offsets change faster than they can be read");
}

}  // namespace eventlog::inline v1::cli
