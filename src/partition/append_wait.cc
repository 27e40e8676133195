#include "partition/append_wait.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "base/error.h"

namespace eventlog::inline v1::internal {
namespace {

// One round: bulk writes where they are due, else a wait in the journal. `*waiting`: not over yet.
absl::Status AwaitOnce(Journal* journal, absl::Span<const StagedAppend> appends, bool* waiting) {
  GroupMembers members;
  members.reserve(appends.size());
  // Of the members, and of nobody else: where there was a bulk write it may have been one that does
  // not reach as far as the append, and no group of this round would.
  absl::InlinedVector<const StagedAppend*, 16> awaited;
  bool sync = false;
  bool looked_again = false;
  for (const StagedAppend& append : appends) {
    if (append.partition->IsAcknowledged(append.ticket)) continue;
    if (append.partition->IsDropped(append.ticket)) continue;
    bool bulk_written = false;
    EVENTLOG_RETURN_IF_ERROR(append.partition->BulkWriteIfWorthwhile(&bulk_written));
    looked_again = looked_again || bulk_written;
    if (bulk_written) continue;
    members.push_back(append.partition);
    awaited.push_back(&append);
    sync = sync || append.partition->NeedsSync();
  }
  *waiting = looked_again || !members.empty();
  if (members.empty()) return absl::OkStatus();
  return journal->Commit(members, sync, [&] {
    return std::all_of(awaited.begin(), awaited.end(), [](const StagedAppend* append) {
      return append->partition->IsResolved(append->ticket);
    });
  });
}

// The records are safe; if sealing fails the log is poisoned and the next append says so.
void WriteClosed(Partition* partition) {
  if (!partition->has_closed_batches()) return;
  static_cast<void>(partition->WriteClosedBatches(/*wait=*/false));
}

}  // namespace

absl::Status AwaitResolved(Journal* journal, absl::Span<const StagedAppend> appends) {
  absl::Status status;
  for (bool waiting = true; waiting && status.ok();) status = AwaitOnce(journal, appends, &waiting);
  return status;
}

void WriteClosedBatches(absl::Span<const StagedAppend> appends) {
  for (const StagedAppend& append : appends) WriteClosed(append.partition.get());
}

absl::Status AwaitAppends(Journal* journal, absl::Span<const StagedAppend> appends) {
  absl::Status status = AwaitResolved(journal, appends);
  for (const StagedAppend& append : appends) {
    if (status.ok() && append.partition->IsDropped(append.ticket)) {
      status = append.partition->DropReason();
    }
    append.partition->Finish(append.ticket);
  }
  if (status.ok()) WriteClosedBatches(appends);
  return status;
}

absl::Status AwaitAppend(Journal* journal, const std::shared_ptr<Partition>& partition,
                         const AppendTicket& ticket) {
  if (!partition->IsAcknowledged(ticket)) {
    const StagedAppend staged{partition, ticket};
    return AwaitAppends(journal, {&staged, 1});
  }
  partition->Finish(ticket);
  WriteClosed(partition.get());
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
