#include "cli/journal_scan.h"

#include <algorithm>
#include <set>
#include <utility>

namespace eventlog::inline v1::cli {
namespace {

constexpr std::size_t kAlignment = 8;  // of every group

}  // namespace

std::vector<FoundGroup> FindGroups(std::string_view bytes, uint64_t generation,
                                   const internal::Uuid& log_id) {
  std::vector<FoundGroup> found;
  for (std::size_t at = 0; at + internal::kGroupHeaderBytes <= bytes.size();) {
    const std::string_view here = bytes.substr(at);
    const auto group_bytes = internal::GroupBytes(here, generation, log_id);
    auto group = group_bytes.ok() ? internal::DecodeGroup(here, generation, log_id)
                                  : absl::StatusOr<internal::JournalGroup>(group_bytes.status());
    if (!group.ok()) {
      at += kAlignment;
      continue;
    }
    found.push_back(
        {static_cast<int64_t>(at), static_cast<int64_t>(*group_bytes), *std::move(group)});
    at += (*group_bytes + kAlignment - 1) / kAlignment * kAlignment;
  }
  return found;
}

uint64_t FindMissingGroup(const internal::Checkpoint& checkpoint,
                          const std::vector<FoundGroup>& groups) {
  uint64_t synced_upto = checkpoint.synced_upto;
  std::set<uint64_t> sequences;
  for (const FoundGroup& found : groups) {
    if (found.group.sequence < checkpoint.sequence) continue;
    synced_upto = std::max(synced_upto, found.group.synced_upto);
    sequences.insert(found.group.sequence);
  }
  for (uint64_t sequence = checkpoint.sequence; sequence <= synced_upto; ++sequence) {
    if (!sequences.contains(sequence)) return sequence;
  }
  return 0;
}

}  // namespace eventlog::inline v1::cli
