#include "partition/carry_over.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace eventlog::inline v1::internal {

CarryOver::CarryOver(absl::Span<const std::shared_ptr<Partition>> partitions, int64_t max_bytes) {
  for (const auto& partition : partitions) {
    // With nothing yet it is chosen as well: what comes meanwhile is not worth a file either.
    const std::optional<int64_t> bytes = partition->CarriedBytes();
    if (bytes.has_value() && *bytes <= max_bytes) {
      chosen_.push_back({*bytes, partition});
    } else {
      left_.push_back(partition);
    }
  }
  std::sort(chosen_.begin(), chosen_.end(),
            [](const Choice& a, const Choice& b) { return a.bytes < b.bytes; });
  std::size_t fit = 0;
  for (; fit < chosen_.size() && bytes_ + chosen_[fit].bytes <= max_bytes; ++fit) {
    bytes_ += chosen_[fit].bytes;
  }
  for (std::size_t i = fit; i < chosen_.size(); ++i) left_.push_back(chosen_[i].partition);
  chosen_.resize(fit);
}

void CarryOver::Collect(GroupBuilder* group, int64_t room) {
  for (const Choice& choice : chosen_) {
    if (!choice.partition->CollectAgain(group, room)) left_.push_back(choice.partition);
  }
}

}  // namespace eventlog::inline v1::internal
