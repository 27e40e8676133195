// One partition of a topic, and what offsets mean in it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/topic_state.h"
#include "eventlog/options.h"
#include "eventlog/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

class PartitionOffsets {
 public:
  PartitionOffsets(std::shared_ptr<TopicState> topic, int32_t partition)
      : topic_(std::move(topic)), number_(partition) {}

  const std::shared_ptr<TopicState>& topic() const { return topic_; }
  int32_t number() const { return number_; }
  Partition* partition() const {
    return topic_->partitions()[static_cast<std::size_t>(number_)].get();
  }

  // The offset that `spec`, which is not Committed, means now. OutOfRange (kBelowLogStart,
  // kBeyondHighWatermark, ActualOffset); DataLoss. ForTimestamp blocks on disk reads.
  absl::StatusOr<int64_t> Resolve(const OffsetSpec& spec) const;
  // `offset` with the leader epoch of the record before it, −1 where there is none. DataLoss.
  // Blocks on disk reads.
  absl::StatusOr<TopicPartitionOffset> WithEpoch(int64_t offset) const;
  // OutOfRange (kLogTruncated, ActualOffset: where the log was cut) when somebody who read all
  // before `offset`, its last record under `leader_epoch` or an earlier one, read what is not in
  // the log any more. −1: the epoch is not known. DataLoss. Blocks on disk reads.
  absl::Status CheckNotTruncated(int64_t offset, int32_t leader_epoch) const;

 private:
  absl::StatusOr<int32_t> EpochBefore(int64_t offset) const;

  const std::shared_ptr<TopicState> topic_;
  const int32_t number_;
};

}  // namespace eventlog::inline v1::internal
