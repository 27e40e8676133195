// A topic that is open: what Topic handles point to.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/growing_list.h"
#include "client/log_core.h"
#include "client/partitioner.h"
#include "client/record_check.h"
#include "client/send_queue.h"
#include "eventlog/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

class TopicState {
 public:
  using PartitionList = GrowingList<std::shared_ptr<Partition>>;  // by number

  // Without partitions at first: nobody sees it before it has some. `first_turn`: where records
  // without key begin, any number.
  TopicState(std::shared_ptr<LogCore> core, int32_t id, std::string name, uint32_t first_turn)
      : core_(std::move(core)),
        id_(id),
        name_(std::make_shared<const std::string>(std::move(name))),
        sticky_(first_turn) {}

  LogCore* core() const { return core_.get(); }
  int32_t id() const { return id_; }
  const std::shared_ptr<const std::string>& name() const { return name_; }
  const PartitionList& partitions() const { return partitions_; }
  bool NeedsSync() const { return partitions_.front()->NeedsSync(); }

  // One thread at a time; the partition is ready to be used.
  void AddPartition(std::shared_ptr<Partition> partition) {
    send_queues_.AddPartition();
    partitions_.Append(std::move(partition));
  }
  void SetBatchBytes(int64_t bytes) { batch_bytes_.store(bytes, std::memory_order_relaxed); }
  int64_t batch_bytes() const { return batch_bytes_.load(std::memory_order_relaxed); }
  // How long what a producer has sent may wait for company before it is synced.
  void SetLinger(absl::Duration linger) {
    linger_ms_.store(absl::ToInt64Milliseconds(linger), std::memory_order_relaxed);
  }
  absl::Duration linger() const {
    return absl::Milliseconds(linger_ms_.load(std::memory_order_relaxed));
  }
  // Neither the topic is deleted nor its log closed, nor is this a forked child. What goes on from
  // there without a Call may meet any of it.
  bool TakesCalls() const {
    return !core_->fork_guard().Forked() && core_->gate()->is_open() &&
           !deleted_.load(std::memory_order_acquire);
  }
  void MarkDeleted() { deleted_.store(true, std::memory_order_release); }
  // NotFound (kUnknownTopic) once the topic is deleted.
  absl::Status CheckNotDeleted() const {
    if (!deleted_.load(std::memory_order_acquire)) return absl::OkStatus();
    return DeletedError();
  }

  // CheckRecord, with what this topic has.
  absl::Status Check(const ProducerRecord& record) const {
    return CheckRecord(
        record, {static_cast<int32_t>(partitions_.size()), core_->limits().max_record_bytes});
  }
  // The partition of a record that passed Check: its own, by key, or the sticky one.
  int32_t Route(const ProducerRecord& record) {
    if (record.partition != kAnyPartition) return record.partition;
    const auto partitions = static_cast<int32_t>(partitions_.size());
    return partitions == 1 ? 0 : ChoosePartition(record, partitions);
  }
  // NotFound (kUnknownPartition).
  absl::StatusOr<Partition*> FindPartition(int32_t partition) const;
  // What producers have sent to a partition, which exists.
  SendQueue* send_queue(int32_t partition) {
    return send_queues_.Of(partitions_[static_cast<std::size_t>(partition)].get(), partition);
  }

 private:
  absl::Status DeletedError() const;
  int32_t ChoosePartition(const ProducerRecord& record, int32_t partitions);

  const std::shared_ptr<LogCore> core_;
  const int32_t id_;
  const std::shared_ptr<const std::string> name_;
  PartitionList partitions_;
  SendQueues send_queues_;
  StickyPartitioner sticky_;
  std::atomic<int64_t> batch_bytes_{int64_t{64} << 10};
  std::atomic<int64_t> linger_ms_{0};
  std::atomic<bool> deleted_{false};
};

}  // namespace eventlog::inline v1::internal
