// The topics of a log, on disk and in memory. A change is on disk, whole, before it is seen here:
// the catalog goes first, files follow (R13). Ids come from a counter that never goes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/uuid.h"
#include "catalog/topic_config.h"
#include "eventlog/file_system.h"
#include "eventlog/random.h"
#include "format/catalog_file.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {

// Thread-safe; changes are made one at a time and block for the disk. Errors of every change:
// what ReplacedFile answers; then nothing has changed here (on disk either state may be found).
class TopicCatalog {
 public:
  // `file_system` null: a memory log's, which is in no file.
  TopicCatalog(FileSystem* file_system, std::string log_directory);

  // Writes an empty one for a new log.
  absl::Status Create(const Uuid& log_id);
  // Of a log on files. NotFound; DataLoss (kCorruptData); Unimplemented (kNewerFormat, unknown
  // configs).
  absl::Status Load();

  Uuid log_id() const;
  int32_t next_topic_id() const;
  std::vector<CatalogTopic> topics() const;

  // AlreadyExists (kTopicExists).
  absl::StatusOr<CatalogTopic> Add(std::string_view name, const TopicConfig& config,
                                   int64_t created_ms, Random* random);
  // Partitions included. NotFound (kUnknownTopic).
  absl::Status SetConfig(int32_t id, const TopicConfig& config);
  absl::Status Remove(int32_t id);

 private:
  absl::Status Replace(CatalogFile changed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  CatalogFile Copy() const;

  FileSystem* const file_system_;
  const std::string path_;
  Mutex change_mutex_;  // one change at a time; taken before mutex_
  ReplacedFile file_ ABSL_GUARDED_BY(change_mutex_);
  mutable Mutex mutex_;
  CatalogFile catalog_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
