// Recovery of a whole log: one procedure after a kill, a power cut or a close (rules R14 to R17).
// It starts from the checkpoint, reads only what came after, and commits by one new checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catalog/topic_catalog.h"
#include "eventlog/file_system.h"
#include "eventlog/log.h"
#include "format/checkpoint.h"
#include "io/durable_file.h"
#include "io/file_cache.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

// A partition by topic id and number.
using PartitionKey = std::pair<int32_t, int32_t>;

struct RecoveryInput {
  FileCache* files = nullptr;
  std::string directory = {};
  ReplacedFile* checkpoint_file = nullptr;
  const TopicCatalog* catalog = nullptr;
  RecoveryMode mode = RecoveryMode::kRefuse;
  int64_t now_ms = 0;
};

struct RecoveredLog {
  Checkpoint checkpoint;  // the new one, durable: generation and leader epoch are this opening's
  std::map<PartitionKey, RecoveredPartition> partitions;
  RecoveryReport report;
};

// DataLoss names what is missing or damaged and has changed nothing that matters. Unimplemented
// (kNewerFormat). ResourceExhausted (kDiskFull): nothing is lost, open again with space.
absl::StatusOr<RecoveredLog> RecoverLog(const RecoveryInput& input);

// Replaces the checkpoint, durably.
absl::Status WriteCheckpoint(ReplacedFile* file, const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> ReadCheckpoint(FileSystem* file_system, const std::string& directory);

// What a partition of a topic is called and where its files are.
PartitionName NameOfPartition(const std::string& log_directory, const CatalogTopic& topic,
                              int32_t partition);
PartitionConfig ConfigOfPartition(const TopicConfig& config, bool memory);

}  // namespace eventlog::inline v1::internal
