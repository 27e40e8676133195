// What a Consumer handle points to. One caller at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/fetcher.h"
#include "client/log_core.h"
#include "eventlog/consumer.h"
#include "eventlog/options.h"

namespace eventlog::inline v1::internal {

class ConsumerState {
 public:
  // Resolves topics and assignment, joins the group. InvalidArgument (kInvalidOption), NotFound
  // (kUnknownTopic, kUnknownPartition), FailedPrecondition (kGroupActive).
  static absl::StatusOr<std::unique_ptr<ConsumerState>> Create(std::shared_ptr<LogCore> core,
                                                               ConsumerOptions options);
  ~ConsumerState();

  LogCore* core() const { return core_.get(); }
  const std::string& group() const { return options_.group; }
  bool closed() const { return closed_; }
  void Close();

  // Outside the gate: enters it for each look, and waits outside.
  absl::Status Poll(absl::Duration timeout, ConsumerRecords* records);

  // The rest is called inside the gate.
  absl::Status CommitPositions();
  absl::Status Commit(std::vector<TopicPartitionOffset> offsets);
  absl::StatusOr<std::vector<TopicPartitionOffset>> Committed() const;
  absl::Status Seek(PartitionFetcher* fetcher, const OffsetSpec& to);
  // All or none.
  absl::Status SeekAll(const OffsetSpec& to);
  absl::Status SeekTo(absl::Span<const TopicPartitionOffset> offsets);
  absl::StatusOr<PartitionFetcher*> Find(const TopicPartition& partition);
  // Where the next Poll reads. OutOfRange (kNone reset and nothing committed).
  absl::StatusOr<int64_t> Position(PartitionFetcher* fetcher);
  absl::Status Assign(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> Assignment() const;
  bool subscribed() const { return !options_.topics.empty(); }

 private:
  ConsumerState(std::shared_ptr<LogCore> core, ConsumerOptions options);
  absl::Status Subscribe();
  absl::StatusOr<int64_t> ResetPosition(PartitionFetcher* fetcher, const absl::Status& why) const;
  absl::StatusOr<int64_t> CommittedOrReset(PartitionFetcher* fetcher) const;
  absl::StatusOr<int64_t> Resolve(PartitionFetcher* fetcher, const OffsetSpec& to) const;
  // One look at every partition. `*found`: records were handed out.
  absl::Status PollOnce(ConsumerRecords* records, bool* found);
  absl::Status FetchFrom(PartitionFetcher* fetcher, std::size_t max_records,
                         std::vector<RecordView>* records, RecordPins* pins);
  bool caught_up() const;
  bool has_news() const;
  void WaitForRecords(absl::Duration timeout);
  void WaitOnManualClock(absl::Duration deadline);

  const std::shared_ptr<LogCore> core_;
  const ConsumerOptions options_;
  bool joined_ = false;
  bool closed_ = false;
  std::vector<std::unique_ptr<PartitionFetcher>> fetchers_;
  std::size_t next_ = 0;  // the fetcher whose turn it is: every partition gets its share
};

}  // namespace eventlog::inline v1::internal
