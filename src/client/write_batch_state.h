// The contents of a WriteBatch: copies of records, their bytes in one arena, and offsets to commit.
// Elements are numbered in the order in which they came, whatever their kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "eventlog/consumer.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

class TopicState;

class WriteBatchState {
 public:
  // Bytes in the arena, by place: it moves as it grows.
  struct ArenaBytes {
    std::size_t begin = 0;
    std::size_t size = 0;
    bool null = true;
  };
  struct RecordEntry {
    std::size_t element = 0;
    std::shared_ptr<TopicState> topic;  // null: a handle without a topic
    ArenaBytes key;
    ArenaBytes value;
    ArenaBytes headers;  // encoded
    std::size_t header_count = 0;
    std::optional<absl::Time> timestamp;
    int32_t partition = kAnyPartition;
  };
  struct CommitEntry {
    std::size_t element = 0;
    ConsumerGroupMetadata group;
    TopicPartitionOffset offset;
  };

  void Append(std::shared_ptr<TopicState> topic, const ProducerRecord& record);
  void CommitOffsets(const ConsumerGroupMetadata& group,
                     absl::Span<const TopicPartitionOffset> offsets);
  void Clear();

  const std::vector<RecordEntry>& records() const { return records_; }
  const std::vector<CommitEntry>& commits() const { return commits_; }
  // The record of `entry`, of this state; valid until the next Append or Clear.
  ProducerRecord View(const RecordEntry& entry) const;
  std::size_t size() const { return records_.size() + commits_.size(); }
  // What the elements take at most when they are encoded.
  std::size_t bytes() const { return bytes_; }

 private:
  ArenaBytes Copy(BytesView bytes);
  BytesView At(const ArenaBytes& bytes) const;

  std::string arena_;
  std::vector<RecordEntry> records_;
  std::vector<CommitEntry> commits_;
  std::size_t bytes_ = 0;
};

}  // namespace eventlog::inline v1::internal
