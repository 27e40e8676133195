#include "partition/atomic_write.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "base/error.h"

namespace eventlog::inline v1::internal {

absl::Status AtomicWrite::Run(Journal* journal) {
  absl::Status committed = journal->Commit(
      {shared_from_this()}, sync_, [this] { return resolved_.load(std::memory_order_acquire); });
  FinishTickets();
  EVENTLOG_RETURN_IF_ERROR(committed);
  EVENTLOG_RETURN_IF_ERROR(status_);
  for (const AtomicShare& share : shares_) {
    // The write is safe; if sealing fails the log is poisoned and the next append says so.
    if (share.partition->has_closed_batches()) {
      static_cast<void>(share.partition->WriteClosedBatches(/*wait=*/false));
    }
  }
  return absl::OkStatus();
}

void AtomicWrite::FinishTickets() {
  for (std::size_t i = 0; i < tickets_.size(); ++i) shares_[i].partition->Finish(tickets_[i]);
}

void AtomicWrite::Collect(GroupBuilder* group) {
  if (resolved_.load(std::memory_order_relaxed)) return;
  absl::InlinedVector<Partition*, 16> newly_held;
  for (const AtomicShare& share : shares_) {
    bool held = false;
    if (absl::Status ready = share.partition->HoldForAtomicWrite(sync_, &held); !ready.ok()) {
      for (Partition* partition : newly_held) partition->ReleaseHold();
      return Resolve(std::move(ready));
    }
    if (held) newly_held.push_back(share.partition.get());
  }
  tickets_.reserve(shares_.size());
  for (AtomicShare& share : shares_) {
    tickets_.push_back(share.partition->CollectAtomicShare(share.records, now_, group));
    share.first_offset = tickets_.back().first_offset;
  }
}

void AtomicWrite::OnWritten(uint64_t sequence) {
  if (tickets_.empty()) return;
  for (const AtomicShare& share : shares_) share.partition->OnWritten(sequence);
  if (!sync_) Resolve(absl::OkStatus());
}

void AtomicWrite::OnSynced() {
  if (tickets_.empty()) return;
  for (const AtomicShare& share : shares_) share.partition->OnSynced();
  Resolve(absl::OkStatus());
}

void AtomicWrite::OnRefused(const absl::Status& why) {
  for (const AtomicShare& share : shares_) share.partition->OnRefused(why);
  Resolve(why);
}

void AtomicWrite::Resolve(absl::Status status) {
  if (resolved_.load(std::memory_order_relaxed)) return;
  status_ = std::move(status);
  resolved_.store(true, std::memory_order_release);
}

}  // namespace eventlog::inline v1::internal
