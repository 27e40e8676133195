// Records of several partitions as one journal group: all or nothing after any crash. Each
// partition's share becomes visible whole; the shares one after another, as in Kafka.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/log_time.h"
#include "base/mutex.h"
#include "format/record.h"
#include "journal/journal.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

struct AtomicShare {
  std::shared_ptr<Partition> partition;
  absl::Span<const ProducerRecord> records;  // validated; they outlive Run, as do their bytes
  int64_t first_offset = -1;                 // set by Run

  RecordMetadata MetadataOfRecord(std::size_t index, const AppendTime& now) const {
    return MetadataOf(records[index], partition->name().identity.partition,
                      first_offset + static_cast<int64_t>(index), now.wall_ms);
  }
};

class AtomicWrite final : public GroupMember, public std::enable_shared_from_this<AtomicWrite> {
 public:
  // One share per partition. `sync`: acknowledged when it is on the device, not only written; set
  // when a partition among them needs it.
  AtomicWrite(std::vector<AtomicShare> shares, const AppendTime& now, bool sync)
      : shares_(std::move(shares)), now_(now), sync_(sync) {}

  // Writes and waits. ResourceExhausted (kDiskFull), NotFound (kUnknownTopic: deleted meanwhile):
  // nothing was written. FailedPrecondition (kPoisoned): all of it may be there after a recovery,
  // or nothing. Once per object.
  absl::Status Run(Journal* journal);
  const std::vector<AtomicShare>& shares() const { return shares_; }

  void Collect(GroupBuilder* group) override;
  void OnWritten(uint64_t sequence) override;
  void OnSynced() override;
  void OnRefused(const absl::Status& why) override;

 private:
  void Resolve(absl::Status status);
  void FinishTickets();

  std::vector<AtomicShare> shares_;
  std::vector<AppendTicket> tickets_;  // leader's; one per share once collected
  const AppendTime now_;
  const bool sync_;
  std::atomic<bool> resolved_{false};
  absl::Status status_;  // set before resolved_
};

}  // namespace eventlog::inline v1::internal
