// The committed offsets of every group, as the records of __consumer_offsets say them, and who is a
// live member of what.
//
// The records are the truth, and those who wrote them apply them, a moment later and in any order.
// What is said by all records below upto() is in one map, exactly; what newer ones say waits beside
// it until all before them have come, but is seen at once. So the map can be taken as a snapshot of
// everything below upto() at any time, and what comes late twice is known to be in it.
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
#include "format/checkpoint.h"
#include "format/offset_commit.h"

namespace eventlog::inline v1::internal {

inline constexpr std::string_view kConsumerOffsetsTopic = "__consumer_offsets";

// Thread-safe.
class OffsetStore {
 public:
  // Starts again from what all records below `upto` say. Live members stay.
  void Start(std::vector<CommittedOffset> offsets, int64_t upto);
  // Takes what the record at `record_offset` says, unless it has been heard. No value: the entry is
  // deleted.
  void Apply(const OffsetCommitKey& key, const std::optional<OffsetCommitValue>& value,
             int64_t record_offset);
  // The same from a record's bytes; DataLoss (kCorruptData).
  absl::Status ApplyRecord(std::string_view key, std::optional<std::string_view> value,
                           int64_t record_offset);
  // No record below `upto` will come any more.
  void SkipTo(int64_t upto);
  int64_t upto() const;
  // What all records below upto() say, sorted by key; returns that.
  int64_t Snapshot(std::vector<CommittedOffset>* offsets) const;

  // Sorted by topic and partition; empty for a group that never committed.
  std::vector<TopicPartitionOffset> Committed(std::string_view group) const;
  std::optional<OffsetCommitValue> Committed(const OffsetCommitKey& key) const;
  std::vector<std::string> Groups() const;

  // One live member per group. FailedPrecondition (kGroupActive).
  absl::Status Join(std::string_view group);
  void Leave(std::string_view group);

 private:
  using Entries = std::map<OffsetCommitKey, OffsetCommitValue>;
  struct Said {
    OffsetCommitKey key;
    std::optional<OffsetCommitValue> value;
    void AddTo(Entries* entries) const;
  };

  void TakeWhatFollows() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entries NewestOf(std::string_view group) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  int64_t upto_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, Said> ahead_ ABSL_GUARDED_BY(mutex_);  // by record offset, beyond upto_
  std::set<std::string, std::less<>> live_ ABSL_GUARDED_BY(mutex_);
};

// A membership for as long as one call, so that nobody joins meanwhile.
class ShortMembership {
 public:
  ShortMembership(OffsetStore* offsets, std::string_view group)
      : offsets_(offsets), group_(group), status_(offsets->Join(group)) {}
  ~ShortMembership() {
    if (status_.ok()) offsets_->Leave(group_);
  }
  ShortMembership(const ShortMembership&) = delete;
  ShortMembership& operator=(const ShortMembership&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  OffsetStore* const offsets_;
  const std::string group_;
  const absl::Status status_;
};

}  // namespace eventlog::inline v1::internal
