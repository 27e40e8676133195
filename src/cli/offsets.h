// Looking up offsets for the commands that show and move them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/place.h"
#include "cli/sealed_log.h"
#include "eventlog/log.h"

namespace eventlog::inline v1::cli {

// How far the partitions of a log reach; each is looked up once.
class LogEnds {
 public:
  explicit LogEnds(const SealedLog* log) : log_(log) {}
  // nullopt: the log has no such partition (a relay's cursor in another log).
  absl::StatusOr<std::optional<int64_t>> Find(const std::string& topic, int32_t partition);
  // The offsets between what is committed and the end; nullopt likewise.
  absl::StatusOr<std::optional<int64_t>> Lag(const TopicPartitionOffset& committed);

 private:
  const SealedLog* const log_;
  std::map<std::pair<std::string, int32_t>, std::optional<int64_t>> ends_;
};

// What `place` means in the topic's partition, or in all of them. NotFound (kUnknownTopic,
// kUnknownPartition); OutOfRange.
absl::StatusOr<std::vector<TopicPartitionOffset>> LookUpOffsets(Log* log, const std::string& topic,
                                                                std::optional<int32_t> partition,
                                                                const Place& place);

}  // namespace eventlog::inline v1::cli
