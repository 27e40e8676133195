#include "fuzz/log_model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "fmt/format.h"

namespace eventlog::test {

void Wrong(std::string_view what) {
  std::fprintf(stderr, "the log is not what it should be: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

bool Same(const Record& record, const ModelRecord& expected) {
  const HeadersView headers = record.headers.view();
  return record.key == expected.key && record.value == expected.value &&
         headers.size() == (expected.with_header ? 1u : 0u) &&
         (headers.empty() || headers.Last(kHeaderKey) == kHeaderValue) &&
         (!expected.timestamp.has_value() || record.timestamp == *expected.timestamp);
}

const ModelPartition& LogModel::at(const Place& place) const {
  return topics_.at(place.first).partitions.at(static_cast<std::size_t>(place.second));
}

ModelPartition& LogModel::Mutable(const Place& place) {
  return topics_.at(place.first).partitions.at(static_cast<std::size_t>(place.second));
}

bool LogModel::Has(const Place& place) const {
  const auto topic = topics_.find(place.first);
  return topic != topics_.end() && place.second >= 0 &&
         static_cast<std::size_t>(place.second) < topic->second.partitions.size();
}

std::optional<int64_t> LogModel::Committed(const std::string& group, const Place& place) const {
  const auto found = commits_.find({group, place});
  return found == commits_.end() ? std::nullopt : found->second.back();
}

bool LogModel::IsStale(const std::string& group, const Place& place) const {
  return stale_.contains({group, place});
}

bool LogModel::MustBeTold(const std::string& group, const Place& place) const {
  return IsStale(group, place) && with_epoch_.contains({group, place}) &&
         Committed(group, place).value_or(0) > at(place).log_start;
}

bool LogModel::AnyDisk(const std::vector<std::pair<Place, ModelRecord>>& records) const {
  return std::any_of(records.begin(), records.end(), [this](const auto& record) {
    const auto topic = topics_.find(record.first.first);
    return topic != topics_.end() && topic->second.disk;
  });
}

void LogModel::Append(const Place& place, ModelRecord record, const RecordMetadata& metadata) {
  ModelPartition& partition = Mutable(place);
  Require(metadata.offset == partition.end(),
          fmt::format("{}-{}: offset {} was given out where {} is next", place.first, place.second,
                      metadata.offset, partition.end()));
  if (record.timestamp.has_value()) {
    Require(metadata.timestamp == *record.timestamp, "a timestamp has changed");
  }
  record.timestamp = metadata.timestamp;
  partition.records.push_back(std::move(record));
}

void LogModel::Acknowledge(std::size_t record, const RecordMetadata& metadata) {
  auto& [place, expected] = pending_.records.at(record);
  Require(place.second < 0 || place.second == metadata.partition, "it went to another partition");
  Append({place.first, metadata.partition}, expected, metadata);
  place.first.clear();  // of no topic: no more under way
}

void LogModel::Commit(const CommitKey& key, std::optional<int64_t> offset, bool disk,
                      bool with_epoch) {
  auto& possible = commits_[key];
  if (possible.empty()) possible.push_back(std::nullopt);
  if (disk) possible.clear();
  possible.push_back(offset);
  stale_.erase(key);
  with_epoch_.erase(key);
  if (with_epoch) with_epoch_.insert(key);
}

void LogModel::ForgetTopic(const std::string& name) {
  topics_.erase(name);
  std::erase_if(commits_, [&](const auto& commit) { return commit.first.second.first == name; });
  std::erase_if(stale_, [&](const auto& key) { return key.second.first == name; });
  std::erase_if(with_epoch_, [&](const auto& key) { return key.second.first == name; });
  for (AtomicWrite& write : atomic_writes_) {
    std::erase_if(write.parts, [&](const auto& part) { return part.first.first == name; });
  }
}

void LogModel::End(const std::vector<RecordMetadata>& metadata) {
  Change change = std::move(pending_);
  pending_ = {};
  Require(metadata.size() == change.records.size(), "not every record has its metadata");
  AtomicWrite write;
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    const auto& [place, record] = change.records[i];
    const Place where(place.first, metadata[i].partition);
    Require(place.second < 0 || place.second == where.second, "it went to another partition");
    Append(where, record, metadata[i]);
    write.parts.emplace_back(where, metadata[i].offset);
  }
  if (change.relayed.has_value()) {
    relayed_ = *change.relayed;
    write.relayed = change.relayed;
    Commit({kRelay, {"elsewhere", 0}}, *change.relayed, AnyDisk(change.records), false);
  }
  if (change.atomic) atomic_writes_.push_back(std::move(write));
  if (change.log_start.has_value()) {
    const auto& [place, offset] = *change.log_start;
    ModelPartition& partition = Mutable(place);
    const auto count = std::max<int64_t>(offset - partition.log_start, 0);
    partition.records.erase(partition.records.begin(), partition.records.begin() + count);
    partition.log_start += count;
  }
  if (!change.topic.empty()) {
    if (change.after.has_value()) {
      topics_[change.topic] = *change.after;
    } else {
      ForgetTopic(change.topic);
    }
  }
  const bool disk = std::all_of(change.commits.begin(), change.commits.end(), [this](auto& commit) {
    const auto topic = topics_.find(commit.first.first);
    return topic != topics_.end() && topic->second.disk;
  });
  for (const auto& [place, offset] : change.commits) {
    Commit({change.group, place}, offset, disk, change.with_epochs);
  }
}

void LogModel::MoveLogStart(const Place& place, int64_t log_start, absl::Duration now) {
  ModelPartition& partition = Mutable(place);
  if (log_start == partition.log_start) return;
  const bool possible = topics_.at(place.first).expires && log_start > partition.log_start &&
                        log_start <= partition.end();
  Require(possible, fmt::format("{}-{}: the log start went from {} to {}", place.first,
                                place.second, partition.log_start, log_start));
  for (; partition.log_start < log_start; ++partition.log_start) {
    Require(now - partition.records.front().appended >= kRetention,
            fmt::format("{}-{}: offset {} was deleted early", place.first, place.second,
                        partition.log_start));
    partition.records.erase(partition.records.begin());
  }
}

void LogModel::SetDurable() {
  for (auto& [name, topic] : topics_) {
    for (ModelPartition& partition : topic.partitions) partition.durable_end = partition.end();
  }
  for (auto& [key, possible] : commits_) possible = {possible.back()};
  atomic_writes_.clear();
}

void LogModel::Judge(const FoundLog& found, Loss loss, absl::Duration now) {
  pending_found_.clear();
  losing_.clear();
  cuts_.clear();
  JudgeTopics(found, loss);
  for (const auto& [name, topic] : found.topics) {
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      JudgePartition({name, static_cast<int32_t>(i)}, topic.partitions[i], loss, now);
    }
  }
  const std::size_t survivors = pending_found_.size();
  Require(!pending_.atomic || survivors == 0 || survivors == pending_.records.size(),
          fmt::format("an atomic write is there by half: {} of {} records", survivors,
                      pending_.records.size()));
  JudgeAtomicWrites(found);
  JudgeCommits(found, loss);
  pending_ = {};
  if (loss != Loss::kNone) SetDurable();
}

// Which topics there are, with how many partitions.
void LogModel::JudgeTopics(const FoundLog& found, Loss loss) {
  if (const std::string& name = pending_.topic; !name.empty()) {
    const auto there = found.topics.find(name);
    if (there == found.topics.end() && !pending_.after.has_value()) {
      ForgetTopic(name);
    } else if (there != found.topics.end() && pending_.after.has_value()) {
      const auto [topic, created] = topics_.try_emplace(name, *pending_.after);
      if (!created) TakeAltered(there->second, &topic->second);
    } else if (there != found.topics.end()) {  // not deleted yet; its groups may begin anew
      for (const auto& [key, possible] : commits_) {
        if (key.second.first == name) pending_.commits[key.second] = std::nullopt;
      }
    }
  }
  Require(loss != Loss::kNone || pending_.topic.empty(), "nothing should be under way");
  Require(found.topics.size() == topics_.size(), "there are other topics");
  for (const auto& [name, topic] : topics_) {
    const auto there = found.topics.find(name);
    Require(there != found.topics.end(), fmt::format("topic {} is not there", name));
    Require(there->second.partitions.size() == topic.partitions.size(),
            fmt::format("topic {} has another number of partitions", name));
    Require(there->second.disk == topic.disk, fmt::format("topic {} has changed", name));
  }
}

// The change happened, or only a part of it that says so itself.
void LogModel::TakeAltered(const FoundTopic& found, ModelTopic* topic) {
  const ModelTopic& after = *pending_.after;
  if (!topic->disk) losing_ = pending_.topic;  // whatever it is now, those records were `process`
  Require(found.disk == topic->disk || found.disk == after.disk, "a topic has changed");
  topic->disk = found.disk;
  topic->expires |= after.expires;
  if (found.partitions.size() == after.partitions.size()) {
    topic->partitions.resize(after.partitions.size());
  }
}

void LogModel::JudgePartition(const Place& place, const FoundPartition& found, Loss loss,
                              absl::Duration now) {
  ModelPartition& partition = Mutable(place);
  const std::string at = fmt::format("{}-{}: ", place.first, place.second);
  const int64_t start = found.marks.log_start_offset;
  const int64_t end = found.marks.high_watermark;
  Require(found.marks.log_end_offset == end, at + "records that nobody sees are left");
  const bool deleting = pending_.log_start.has_value() && pending_.log_start->first == place;
  if (deleting && start > partition.log_start && start == pending_.log_start->second) {
    const auto count = start - partition.log_start;
    partition.records.erase(partition.records.begin(), partition.records.begin() + count);
    partition.log_start = start;
  }
  MoveLogStart(place, start, now);
  const bool process = !topics_.at(place.first).disk || losing_ == place.first;
  const bool may_lose = loss == Loss::kPowerCut && process;
  const int64_t least = may_lose ? partition.durable_end : partition.end();
  Require(end >= least,
          at + fmt::format("acknowledged records are lost: the log ends at {}, not at {}", end,
                           partition.end()));
  Require(static_cast<int64_t>(found.records.size()) == end - start, at + "offsets are missing");

  if (end < partition.end()) {
    cuts_[place] = end;
    partition.records.resize(static_cast<std::size_t>(end - start));
  }
  std::size_t pending = 0;
  for (std::size_t i = 0; i < found.records.size(); ++i) {
    const Record& record = found.records[i];
    Require(record.offset == start + static_cast<int64_t>(i), at + "an offset is not consecutive");
    if (i < partition.records.size()) {
      Require(Same(record, partition.records[i]),
              at + fmt::format("offset {} has changed its content", record.offset));
    } else {
      partition.records.push_back(TakePending(place, record, &pending));
    }
  }
}

// The record is one that was under way: in order, and none twice.
ModelRecord LogModel::TakePending(const Place& place, const Record& record, std::size_t* from) {
  for (; *from < pending_.records.size(); ++*from) {
    const auto& [wanted, expected] = pending_.records[*from];
    const bool here =
        wanted.first == place.first && (wanted.second < 0 || wanted.second == place.second);
    if (!here || !Same(record, expected) || pending_found_.contains(*from)) continue;
    pending_found_.insert(*from);
    ModelRecord taken = expected;
    taken.timestamp = record.timestamp;
    ++*from;
    return taken;
  }
  Wrong(fmt::format("{}-{}: the record at offset {} was never appended", place.first, place.second,
                    record.offset));
}

// Of those that were acknowledged each is there as a whole, or gone.
void LogModel::JudgeAtomicWrites(const FoundLog& found) {
  const auto group = found.committed.find(kRelay);
  const int64_t relayed =
      group == found.committed.end() || group->second.empty() ? 0 : group->second.begin()->second;
  for (AtomicWrite& write : atomic_writes_) {
    std::size_t there = 0;
    std::size_t deleted = 0;
    for (const auto& [place, offset] : write.parts) {
      deleted += offset < at(place).log_start ? 1 : 0;
      there += offset >= at(place).log_start && offset < at(place).end() ? 1 : 0;
    }
    if (deleted == write.parts.size()) continue;
    const bool survived = there > 0;
    Require(!survived || there + deleted == write.parts.size(),
            "an acknowledged atomic write is there by half");
    if (!write.relayed.has_value()) continue;
    Require(survived == (relayed >= *write.relayed), "an atomic write and its offset are parted");
  }
}

void LogModel::JudgeCommits(const FoundLog& found, Loss loss) {
  std::set<CommitKey> keys;
  for (const auto& [key, possible] : commits_) keys.insert(key);
  for (const auto& [group, offsets] : found.committed) {
    for (const auto& [place, offset] : offsets) keys.insert({group, place});
  }
  for (const CommitKey& key : keys) {
    std::optional<int64_t> value;
    if (const auto group = found.committed.find(key.first); group != found.committed.end()) {
      const auto at = group->second.find(key.second);
      if (at != group->second.end()) value = at->second;
    }
    auto& possible = commits_[key];
    if (possible.empty()) possible.push_back(std::nullopt);
    bool expected = value == possible.back();
    if (loss == Loss::kPowerCut) {
      expected = std::find(possible.begin(), possible.end(), value) != possible.end();
    }
    const auto pending = pending_.commits.find(key.second);
    const bool own = pending_.group.empty() || pending_.group == key.first;
    if (pending != pending_.commits.end() && own) expected |= value == pending->second;
    if (key.first == kRelay && pending_.relayed.has_value()) {
      const bool survived = !pending_found_.empty();
      expected = survived ? value == pending_.relayed : expected && value != pending_.relayed;
      if (survived) relayed_ = *pending_.relayed;
    }
    Require(expected, fmt::format("group {} has committed {} in {}-{}, and should have {}",
                                  key.first, value.value_or(-1), key.second.first,
                                  key.second.second, possible.back().value_or(-1)));
    if (loss == Loss::kNone) continue;
    if (value != possible.back()) with_epoch_.erase(key);  // an older one, or who knows which
    possible = {value};
    const auto cut = cuts_.find(key.second);
    if (cut != cuts_.end() && value.value_or(0) > cut->second) stale_.insert(key);
  }
}

}  // namespace eventlog::test
