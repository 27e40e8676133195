#include "group/offset_store.h"

#include <utility>

#include "base/error.h"

namespace eventlog::inline v1::internal {

void OffsetStore::Apply(const OffsetCommitKey& key, const std::optional<OffsetCommitValue>& value,
                        int64_t record_offset) {
  MutexLock lock(&mutex_);
  Entry& entry = entries_[key];
  if (record_offset > entry.record_offset) entry = {value, record_offset};
}

absl::Status OffsetStore::ApplyRecord(std::string_view key, std::optional<std::string_view> value,
                                      int64_t record_offset) {
  EVENTLOG_ASSIGN_OR_RETURN(const OffsetCommitKey decoded_key, DecodeOffsetCommitKey(key));
  std::optional<OffsetCommitValue> decoded;
  if (value.has_value()) {
    EVENTLOG_ASSIGN_OR_RETURN(decoded, DecodeOffsetCommitValue(*value));
  }
  Apply(decoded_key, decoded, record_offset);
  return absl::OkStatus();
}

void OffsetStore::Clear() {
  MutexLock lock(&mutex_);
  entries_.clear();
}

std::vector<TopicPartitionOffset> OffsetStore::Committed(std::string_view group) const {
  std::vector<TopicPartitionOffset> offsets;
  MutexLock lock(&mutex_);
  const OffsetCommitKey first{std::string(group), "", 0};
  for (auto at = entries_.lower_bound(first); at != entries_.end() && at->first.group == group;
       ++at) {
    if (!at->second.value.has_value()) continue;
    const OffsetCommitValue& value = *at->second.value;
    offsets.push_back(
        {at->first.topic, at->first.partition, value.offset, value.leader_epoch, value.metadata});
  }
  return offsets;
}

std::optional<OffsetCommitValue> OffsetStore::Committed(const OffsetCommitKey& key) const {
  MutexLock lock(&mutex_);
  const auto at = entries_.find(key);
  return at == entries_.end() ? std::nullopt : at->second.value;
}

std::vector<std::string> OffsetStore::Groups() const {
  std::vector<std::string> groups;
  MutexLock lock(&mutex_);
  for (const auto& [key, entry] : entries_) {
    if (entry.value.has_value() && (groups.empty() || groups.back() != key.group)) {
      groups.push_back(key.group);
    }
  }
  return groups;
}

absl::Status OffsetStore::Join(std::string_view group) {
  MutexLock lock(&mutex_);
  if (live_.emplace(group).second) return absl::OkStatus();
  return MakeError(ErrorReason::kGroupActive,
                   "group " + std::string(group) + " has a live member already");
}

void OffsetStore::Leave(std::string_view group) {
  MutexLock lock(&mutex_);
  if (const auto at = live_.find(group); at != live_.end()) live_.erase(at);
}

}  // namespace eventlog::inline v1::internal
