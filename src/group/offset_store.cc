#include "group/offset_store.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace eventlog::inline v1::internal {

void OffsetStore::Said::AddTo(Entries* entries) const {
  if (value.has_value()) {
    entries->insert_or_assign(key, *value);
  } else {
    entries->erase(key);
  }
}

void OffsetStore::TakeWhatFollows() {
  for (auto next = ahead_.begin(); next != ahead_.end() && next->first == upto_;
       next = ahead_.erase(next)) {
    next->second.AddTo(&entries_);
    ++upto_;
  }
}

void OffsetStore::Start(std::vector<CommittedOffset> offsets, int64_t upto) {
  MutexLock lock(&mutex_);
  entries_.clear();
  ahead_.clear();
  upto_ = upto;
  for (CommittedOffset& offset : offsets) {
    entries_.emplace_hint(entries_.end(), std::move(offset.key), std::move(offset.value));
  }
}

void OffsetStore::Apply(const OffsetCommitKey& key, const std::optional<OffsetCommitValue>& value,
                        int64_t record_offset) {
  MutexLock lock(&mutex_);
  if (record_offset < upto_) return;
  ahead_.emplace(record_offset, Said{key, value});
  TakeWhatFollows();
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

void OffsetStore::SkipTo(int64_t upto) {
  MutexLock lock(&mutex_);
  while (!ahead_.empty() && ahead_.begin()->first < upto) {
    upto_ = ahead_.begin()->first;
    TakeWhatFollows();
  }
  upto_ = std::max(upto_, upto);
  TakeWhatFollows();
}

int64_t OffsetStore::upto() const {
  MutexLock lock(&mutex_);
  return upto_;
}

int64_t OffsetStore::Snapshot(std::vector<CommittedOffset>* offsets) const {
  MutexLock lock(&mutex_);
  offsets->clear();
  offsets->reserve(entries_.size());
  for (const auto& [key, value] : entries_) offsets->push_back({key, value});
  return upto_;
}

OffsetStore::Entries OffsetStore::NewestOf(std::string_view group) const {
  Entries newest;
  for (auto at = entries_.lower_bound({std::string(group), "", 0});
       at != entries_.end() && at->first.group == group; ++at) {
    newest.insert(newest.end(), *at);
  }
  for (const auto& [record_offset, said] : ahead_) {
    if (said.key.group == group) said.AddTo(&newest);
  }
  return newest;
}

std::vector<TopicPartitionOffset> OffsetStore::Committed(std::string_view group) const {
  std::vector<TopicPartitionOffset> offsets;
  MutexLock lock(&mutex_);
  for (const auto& [key, value] : NewestOf(group)) {
    offsets.push_back({key.topic, key.partition, value.offset, value.leader_epoch, value.metadata});
  }
  return offsets;
}

std::optional<OffsetCommitValue> OffsetStore::Committed(const OffsetCommitKey& key) const {
  MutexLock lock(&mutex_);
  for (auto said = ahead_.rbegin(); said != ahead_.rend(); ++said) {
    if (said->second.key == key) return said->second.value;
  }
  const auto at = entries_.find(key);
  if (at == entries_.end()) return std::nullopt;
  return at->second;
}

std::vector<std::string> OffsetStore::Groups() const {
  std::set<std::string> groups;
  MutexLock lock(&mutex_);
  for (const auto& [key, value] : entries_) groups.insert(groups.end(), key.group);
  for (const auto& [record_offset, said] : ahead_) {
    groups.erase(said.key.group);
    if (!NewestOf(said.key.group).empty()) groups.insert(said.key.group);
  }
  return {groups.begin(), groups.end()};
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
