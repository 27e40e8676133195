// One assigned partition of a consumer: where it stands, and the verified batches it has in hand.
//
// Invariant: what was handed out before the position was in the log when its leader epoch was
// position_epoch(). As long as the partition's epoch is the same, nothing was cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/partition_offsets.h"
#include "client/record_pins.h"
#include "eventlog/options.h"
#include "eventlog/record.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {

// What one fetch may read and hand out.
struct FetchLimits {
  std::size_t max_records = 0;
  int64_t fetch_bytes = 0;
  const std::function<bool(const RecordView&)>* filter = nullptr;  // null: all of them
};

// One caller at a time.
class PartitionFetcher : public PartitionOffsets {
 public:
  using PartitionOffsets::PartitionOffsets;

  // The offset of the next record to hand out; nullopt: still to be found.
  std::optional<int64_t> position() const { return position_; }
  int32_t position_epoch() const { return position_epoch_; }
  void SetPosition(int64_t offset);
  // Records from here on are not handed out.
  void SetUntil(int64_t offset) { until_ = offset; }
  void SetPaused(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }

  // Where reading ends for good, or for now.
  int64_t end() const { return until_.has_value() ? *until_ : partition()->high_watermark(); }
  bool caught_up() const { return position_.has_value() && *position_ >= end(); }
  // A fetch would hand something out, move, or fail. Does not block.
  bool has_news() const;

  // Hands out records from the position on and moves it, over records that the filter refuses and
  // over lost offsets too. Reads at most once, and only when nothing is in hand. Returns whether
  // the position moved. OutOfRange (kBelowLogStart, kLogTruncated), NotFound (kUnknownTopic),
  // DataLoss: it did not.
  absl::StatusOr<bool> Fetch(const FetchLimits& limits, std::vector<RecordView>* records,
                             RecordPins* pins);

 private:
  // Who reads on gets twice as much each time; who only looks for one record does not pay for it.
  static constexpr int64_t kFirstFetchBytes = 64 << 10;

  absl::Status CheckPosition();
  absl::Status FillBatches(int64_t max_bytes);
  absl::Status HandOut(const StoredBatch& batch, const FetchLimits& limits,
                       std::vector<RecordView>* records, RecordPins* pins);
  void DropBatches();
  void Forget();

  std::optional<int64_t> position_;
  int32_t position_epoch_ = -1;
  std::optional<int64_t> until_;
  bool paused_ = false;
  FetchCursor cursor_;
  int64_t fetch_bytes_ = kFirstFetchBytes;  // how much to read next
  std::vector<StoredBatch> batches_;        // in hand
  std::size_t current_ = 0;                 // the first of them that has records left
  std::string_view left_ =
      {};  // of its records; all of them until the last is given, where it has views
};

}  // namespace eventlog::inline v1::internal
