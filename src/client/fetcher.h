// One assigned partition of a consumer: where it stands, and the verified batches it has in hand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/record_pins.h"
#include "client/topic_state.h"
#include "eventlog/options.h"
#include "eventlog/record.h"
#include "partition/partition.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {

// One caller at a time.
class PartitionFetcher {
 public:
  PartitionFetcher(std::shared_ptr<TopicState> topic, int32_t partition)
      : topic_(std::move(topic)), number_(partition) {}

  const std::shared_ptr<TopicState>& topic() const { return topic_; }
  int32_t number() const { return number_; }
  Partition* partition() const {
    return topic_->partitions()[static_cast<std::size_t>(number_)].get();
  }

  // The offset of the next record to hand out; nullopt: still to be found.
  std::optional<int64_t> position() const { return position_; }
  void SetPosition(int64_t offset);
  // The offset that `spec` means now (all but Committed). OutOfRange (kBelowLogStart,
  // kBeyondHighWatermark).
  absl::StatusOr<int64_t> Resolve(const OffsetSpec& spec) const;

  // OutOfRange (kLogTruncated, ActualOffset: where the log was cut) when somebody who read all
  // before `offset`, its last record under `leader_epoch`, read what is not in the log any more.
  // −1: the epoch is not known. Blocks on disk reads.
  absl::Status CheckNotTruncated(int64_t offset, int32_t leader_epoch) const;

  bool caught_up() const {
    return position_.has_value() && *position_ >= partition()->high_watermark();
  }

  // Hands out up to `max_records` records behind the position, reading more when none is in hand,
  // and moves the position. Returns how many; records that stand for lost offsets are moved over.
  // OutOfRange, DataLoss: nothing was handed out, the position is where it was.
  absl::StatusOr<std::size_t> Fetch(std::size_t max_records, int64_t fetch_bytes,
                                    std::vector<RecordView>* records, RecordPins* pins);

 private:
  absl::StatusOr<int32_t> EpochAt(int64_t offset) const;
  absl::Status FillBatches(int64_t fetch_bytes);
  absl::StatusOr<std::size_t> HandOut(const StoredBatch& batch, std::size_t max_records,
                                      std::vector<RecordView>* records, RecordPins* pins);

  const std::shared_ptr<TopicState> topic_;
  const int32_t number_;
  std::optional<int64_t> position_;
  FetchCursor cursor_;
  std::vector<StoredBatch> batches_;  // in hand
  std::size_t current_ = 0;           // the first of them that has records left
  std::string_view left_ = {};        // of the current one's records
};

}  // namespace eventlog::inline v1::internal
