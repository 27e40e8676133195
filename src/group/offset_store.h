// The committed offsets of every group, as the records of __consumer_offsets say them, and who is a
// live member of what. The records are the truth: each entry remembers the offset of the one it
// came from, so that commits which finish out of order leave the newest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "eventlog/record.h"
#include "format/offset_commit.h"

namespace eventlog::inline v1::internal {

inline constexpr std::string_view kConsumerOffsetsTopic = "__consumer_offsets";

// Thread-safe.
class OffsetStore {
 public:
  // Takes what the record at `record_offset` says, unless a newer one has spoken. No value: the
  // entry is deleted.
  void Apply(const OffsetCommitKey& key, const std::optional<OffsetCommitValue>& value,
             int64_t record_offset);
  // The same from a record's bytes; DataLoss (kCorruptData).
  absl::Status ApplyRecord(std::string_view key, std::optional<std::string_view> value,
                           int64_t record_offset);
  void Clear();

  // Sorted by topic and partition; empty for a group that never committed.
  std::vector<TopicPartitionOffset> Committed(std::string_view group) const;
  std::optional<OffsetCommitValue> Committed(const OffsetCommitKey& key) const;
  std::vector<std::string> Groups() const;

  // One live member per group. FailedPrecondition (kGroupActive).
  absl::Status Join(std::string_view group);
  void Leave(std::string_view group);

 private:
  struct Entry {
    std::optional<OffsetCommitValue> value;
    int64_t record_offset = -1;
  };
  mutable Mutex mutex_;
  std::map<OffsetCommitKey, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> live_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
