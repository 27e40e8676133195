// What a checkpoint that is made for space leaves in the journal. Sealing a partition costs a file,
// a write and a sync, however little it has in memory; so those that have least go into the journal
// again, together, in the group at which recovery will start. Until that checkpoint is durable
// these records are there twice, and the same (R5).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "format/journal_group.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

class CarryOver {
 public:
  // Chooses the partitions that have least, up to `max_bytes` of them all.
  CarryOver(absl::Span<const std::shared_ptr<Partition>> partitions, int64_t max_bytes);

  // Of all that was chosen, and of a group with it.
  int64_t bytes() const { return bytes_; }
  int64_t group_bytes() const { return static_cast<int64_t>(kGroupHeaderBytes) + bytes_; }
  // Adds to the group of the journal's leader what was chosen, as far as the group stays within
  // `room` bytes.
  void Collect(GroupBuilder* group, int64_t room);
  // What is left to be sealed, if the group was written.
  const std::vector<std::shared_ptr<Partition>>& left() const { return left_; }

 private:
  struct Choice {
    int64_t bytes = 0;
    std::shared_ptr<Partition> partition;
  };
  std::vector<Choice> chosen_;
  int64_t bytes_ = 0;
  std::vector<std::shared_ptr<Partition>> left_;
};

}  // namespace eventlog::inline v1::internal
