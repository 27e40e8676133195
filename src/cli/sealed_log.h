// A log's files, read beside whoever has the log open. Takes no lock and writes nothing.
//
// What it relies on: catalog and checkpoint are replaced as a whole; bytes of a segment never
// change once they are written, and are written from front to back; a log start is in the
// checkpoint before files below it are removed (R12). So it reads a segment up to the first batch
// that is not whole, which behind what the checkpoint proves is the end for now and no damage, and
// when a file has gone it looks at the checkpoint again. It sees what is sealed: of a log in use
// not yet the newest records, and of a bulk write perhaps some that are not acknowledged yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/place.h"
#include "eventlog/file_system.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/identity.h"
#include "group/offset_store.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::cli {

// One partition as it stood when it was made. One caller at a time.
//
// Errors of every method, besides its own: NotFound (kUnknownTopic: deleted meanwhile); DataLoss
// (kCorruptData, kDurableDataMissing).
class SealedPartition {
 public:
  static absl::StatusOr<SealedPartition> Open(FileSystem* file_system,
                                              const std::string& log_directory,
                                              const internal::CatalogTopic& topic,
                                              int32_t partition);

  const std::string& topic() const { return topic_; }
  int32_t number() const { return identity_.partition; }
  int64_t log_start_offset() const { return log_start_offset_; }
  int64_t end_offset() const { return end_offset_; }
  // Of its segments, what is reserved beyond the last batch not counted.
  absl::StatusOr<int64_t> Bytes();

  // Puts the batches from the one that holds `offset` on into *batches, about a MiB of them; none
  // at the end. OutOfRange (kBelowLogStart, ActualOffset): they have been deleted, perhaps just
  // now.
  absl::Status Read(int64_t offset, std::vector<internal::StoredBatch>* batches);
  // The offset that `place` means. OutOfRange (kBelowLogStart, kBeyondHighWatermark, ActualOffset).
  absl::StatusOr<int64_t> Resolve(const Place& place);
  // The timestamp of the first record, and the largest of the last segment; nullopt: no records.
  absl::StatusOr<std::optional<int64_t>> OldestTimestampMs();
  absl::StatusOr<std::optional<int64_t>> NewestTimestampMs();

 private:
  struct SegmentFile {
    int64_t base_offset = 0;
    int64_t end_offset = 0;
    int64_t end_position = -1;  // -1: the file's size
  };
  struct BatchPlace {
    internal::BatchHeader header;
    int64_t position = 0;
  };

  SealedPartition() = default;
  absl::Status Load();
  absl::StatusOr<bool> LoadOnce();
  absl::Status ScanLast(const internal::PartitionCheckpoint& proven);
  absl::Status CheckTopicExists() const;
  template <typename Once>
  absl::Status WithFreshFiles(Once once);
  absl::Status ReadOnce(int64_t offset, std::vector<internal::StoredBatch>* batches);
  absl::StatusOr<int64_t> FindTimestamp(int64_t time_ms);
  absl::StatusOr<std::optional<int64_t>> FindInBatch(int64_t position, int64_t time_ms);
  absl::Status OpenSegment(std::size_t index);
  absl::StatusOr<bool> NextHeader(BatchPlace* place, int64_t next_offset);

  FileSystem* file_system_ = nullptr;
  std::string log_directory_;
  std::string directory_;  // the partition's
  std::string topic_;
  int32_t topic_id_ = 0;
  internal::PartitionIdentity identity_;
  int64_t log_start_offset_ = 0;
  int64_t end_offset_ = 0;
  std::vector<SegmentFile> segments_;
  // The segment in hand, and where in it a reader who goes on will go on.
  std::unique_ptr<File> file_;
  std::size_t open_index_ = 0;  // of file_
  std::string path_;
  int64_t limit_ = 0;
  int64_t cursor_offset_ = -1;
  int64_t cursor_position_ = 0;
};

// The log as its catalog says.
class SealedLog {
 public:
  // NotFound (kDirectoryNotFound): no directory, or no log in it; DataLoss (kCorruptData).
  static absl::StatusOr<SealedLog> Read(FileSystem* file_system, const std::string& directory);

  const std::string& directory() const { return directory_; }
  const internal::CatalogFile& catalog() const { return catalog_; }
  // Without the log's own, by name.
  std::vector<const internal::CatalogTopic*> Topics() const;
  // NotFound (kUnknownTopic). Lives as long as this.
  absl::StatusOr<const internal::CatalogTopic*> FindTopic(std::string_view name) const;
  // NotFound (kUnknownPartition).
  absl::StatusOr<SealedPartition> OpenPartition(const internal::CatalogTopic& topic,
                                                int32_t partition) const;
  // Puts what groups have committed, as far as it is sealed, into an empty store.
  absl::Status ReadOffsets(internal::OffsetStore* offsets) const;

 private:
  FileSystem* file_system_ = nullptr;
  std::string directory_;
  internal::CatalogFile catalog_;
};

}  // namespace eventlog::inline v1::cli
