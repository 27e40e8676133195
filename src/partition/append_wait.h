// Waiting for records that were staged, in one partition or many.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "journal/journal.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

struct StagedAppend {
  std::shared_ptr<Partition> partition;
  AppendTicket ticket;
};

// Waits until each is acknowledged or dropped; their tickets go on. Leads journal groups and bulk
// writes meanwhile. FailedPrecondition (kPoisoned): some may be neither.
absl::Status AwaitResolved(Journal* journal, absl::Span<const StagedAppend> appends);

// Writes the closed batches that acknowledged appends have left.
void WriteClosedBatches(absl::Span<const StagedAppend> appends);

// Waits until each is acknowledged or dropped, and ends its ticket. Leads journal groups and bulk
// writes meanwhile. OK: all are acknowledged. ResourceExhausted (kDiskFull): at least one was
// dropped; FailedPrecondition (kPoisoned): some may or may not be durable.
absl::Status AwaitAppends(Journal* journal, absl::Span<const StagedAppend> appends);
// The same for one.
absl::Status AwaitAppend(Journal* journal, const std::shared_ptr<Partition>& partition,
                         const AppendTicket& ticket);

}  // namespace eventlog::inline v1::internal
