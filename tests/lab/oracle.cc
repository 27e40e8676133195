#include "lab/oracle.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "lab/labelled_record.h"
#include "lab/log_image.h"

namespace eventlog::test {
namespace {

using Found = std::vector<std::pair<int64_t, std::string>>;

std::string_view Head(std::string_view value) { return value.substr(0, 13); }

absl::StatusOr<std::map<TopicPartition, Found>> ReadAll(Log* log,
                                                        std::vector<TopicPartition> places) {
  std::map<TopicPartition, Found> found;
  if (places.empty()) return found;
  for (const TopicPartition& place : places) found[place] = {};
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log->NewConsumer({.assignment = std::move(places)}));
  ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) {
      if (std::string wrong = LabelledRecord::Contradiction(record); !wrong.empty()) {
        return absl::DataLossError(fmt::format("{} has {}", Head(record.value()), wrong));
      }
      found[{std::string(record.topic()), record.partition()}].emplace_back(record.offset(),
                                                                            record.value());
    }
  } while (!records.caught_up());
  return found;
}

}  // namespace

Oracle::Partition* Oracle::PartitionOf(const TopicPartition& place) {
  return &topics_.at(place.topic).partitions.at(static_cast<std::size_t>(place.partition));
}

void Oracle::Learn(const Fact& fact) {
  const auto of_value = [&](const Entry& entry) { return entry.value == fact.value; };
  switch (fact.kind) {
    case Fact::Kind::kAppendTried:
      PartitionOf(fact.place)->entries.push_back({.value = fact.value, .write = fact.number});
      return;
    case Fact::Kind::kAppended:
    case Fact::Kind::kRead: {
      // The newest come first to mind. What was read and never tried is for Judge to find.
      auto& entries = PartitionOf(fact.place)->entries;
      const auto entry = std::find_if(entries.rbegin(), entries.rend(), of_value);
      if (entry == entries.rend()) return;
      entry->offset = fact.offset;
      if (fact.kind == Fact::Kind::kAppended) entry->at = fact.at;
      return;
    }
    case Fact::Kind::kRefused:
      for (Entry& entry : PartitionOf(fact.place)->entries) entry.refused |= entry.offset < 0;
      return;
    case Fact::Kind::kUndone:
      std::erase_if(PartitionOf(fact.place)->entries,
                    [](const Entry& entry) { return entry.offset < 0 && !entry.refused; });
      return;
    case Fact::Kind::kDeleteTried: {
      int64_t& tried = PartitionOf(fact.place)->log_start_tried;
      tried = std::max(tried, fact.offset);
      return;
    }
    case Fact::Kind::kDeleted: {
      int64_t& log_start = PartitionOf(fact.place)->log_start;
      log_start = std::max(log_start, fact.offset);
      return;
    }
    case Fact::Kind::kSeen: {
      int64_t& seen = PartitionOf(fact.place)->seen;
      seen = std::max(seen, fact.offset);
      return;
    }
    case Fact::Kind::kCommitTried:
    case Fact::Kind::kCommitted:
      return LearnOfCommit(fact);
    case Fact::Kind::kTimePassed:
      return;
    default:
      return LearnOfTopic(fact);
  }
}

void Oracle::LearnOfTopic(const Fact& fact) {
  const std::string& name = fact.place.topic;
  if (fact.kind == Fact::Kind::kTopicTried) {
    Topic& topic = topics_[name];
    topic.rules = fact;
    topic.partitions.resize(static_cast<std::size_t>(fact.number));
  } else if (fact.kind == Fact::Kind::kPartitionsTried) {
    topics_.at(name).partitions.resize(static_cast<std::size_t>(fact.number));
  } else if (fact.kind == Fact::Kind::kTopicMade) {
    topics_.at(name).partitions_made = static_cast<int32_t>(topics_.at(name).partitions.size());
  } else {
    const bool deleted = fact.kind == Fact::Kind::kTopicDeleted;
    topics_.at(name).doomed = true;
    if (deleted) topics_.erase(name);
    for (auto& [where, commits] : commits_) {
      if (where.second.topic != name) continue;
      for (Commit& commit : commits) commit.acknowledged = false;
      if (deleted) commits.clear();
    }
  }
}

void Oracle::LearnOfCommit(const Fact& fact) {
  std::vector<Commit>& commits = commits_[{fact.group, fact.place}];
  if (fact.kind == Fact::Kind::kCommitTried) {
    commits.push_back({.offset = fact.offset, .write = fact.number, .disk = fact.disk});
  } else {
    for (Commit& commit : commits) commit.acknowledged |= commit.offset == fact.offset;
  }
}

std::string Oracle::Judge(Log* log, Crash crash, absl::Duration now) {
  writes_.clear();
  if (std::string wrong = JudgeTopics(log); !wrong.empty()) return wrong;
  std::vector<TopicPartition> places;
  for (const auto& [name, topic] : topics_) {
    for (int32_t i = 0; i < topic.partitions_made; ++i) places.push_back({name, i});
  }
  const auto found = ReadAll(log, std::move(places));
  if (!found.ok()) return "reading: " + found.status().ToString();
  for (const auto& [place, records] : *found) {
    if (std::string wrong = JudgePartition(log, place, records, crash, now); !wrong.empty()) {
      return fmt::format("{}-{}: {}", place.topic, place.partition, wrong);
    }
    records_judged_ += static_cast<int64_t>(records.size());
  }
  for (const auto& [write, parts] : writes_) {
    if (write > 0 && parts.found > 0 && parts.missing > 0) {
      return fmt::format("of an atomic write {} records are there and {} are not", parts.found,
                         parts.missing);
    }
  }
  return JudgeGroups(log, crash);
}

std::string Oracle::JudgeGroups(Log* log, Crash crash) {
  auto found = CommitsOf(*log);
  if (!found.ok()) return "committed offsets: " + found.status().ToString();
  for (auto& [where, commits] : commits_) {
    const auto offset = found->extract({where.first, where.second.topic, where.second.partition});
    const int64_t committed = offset.empty() ? -1 : offset.mapped();
    if (std::string wrong = JudgeCommits(log, where, crash, committed); !wrong.empty()) {
      return fmt::format("group {} of {}-{}: {}", where.first, where.second.topic,
                         where.second.partition, wrong);
    }
  }
  if (found->empty()) return "";
  const auto& [group, topic, partition] = found->begin()->first;
  return fmt::format("group {} of {}-{}: nobody committed there", group, topic, partition);
}

// Those that were made are there, those that were deleted are not, and what was under way is one of
// the two.
std::string Oracle::JudgeTopics(Log* log) {
  const auto listed = log->ListTopics();
  if (!listed.ok()) return listed.status().ToString();
  std::set<std::string> names(listed->begin(), listed->end());
  std::erase_if(names, [](const std::string& name) { return name.starts_with("__"); });
  for (auto topic = topics_.begin(); topic != topics_.end();) {
    auto& [name, expected] = *topic;
    if (names.erase(name) == 0) {
      if (expected.partitions_made > 0 && !expected.doomed) return "no topic " + name;
      LearnOfTopic({.kind = Fact::Kind::kTopicDeleted, .place = {(topic++)->first}});
      continue;
    }
    const auto described = log->DescribeTopic(name);
    if (!described.ok()) return described.status().ToString();
    const auto partitions = static_cast<int32_t>(described->partitions.size());
    if (partitions != expected.partitions_made &&
        partitions != static_cast<int32_t>(expected.partitions.size())) {
      return fmt::format("{} has {} partitions", name, partitions);
    }
    expected.partitions_made = partitions;
    expected.partitions.resize(described->partitions.size());
    expected.doomed = false;
    ++topic;
  }
  return names.empty() ? "" : fmt::format("{} was never made", *names.begin());
}

std::string Oracle::JudgePartition(Log* log, const TopicPartition& place, const Found& found,
                                   Crash crash, absl::Duration now) {
  Partition& partition = *PartitionOf(place);
  const auto described = log->DescribeTopic(place.topic);
  if (!described.ok()) return described.status().ToString();
  const Watermarks marks =
      described->partitions[static_cast<std::size_t>(place.partition)].watermarks;
  const int64_t log_start = marks.log_start_offset;
  if (std::string wrong = JudgeLogStart(log, place, log_start, now); !wrong.empty()) return wrong;

  std::vector<Entry> kept;
  auto entry = partition.entries.begin();
  for (const auto& [offset, value] : found) {
    if (offset != log_start + static_cast<int64_t>(kept.size())) {
      return fmt::format("offset {} at place {} behind {}", offset, kept.size(), log_start);
    }
    for (; entry != partition.entries.end() && entry->value != value; ++entry) {
      const bool deleted = entry->offset >= 0 && entry->offset < log_start;
      if (!deleted && !entry->refused) {
        return fmt::format("{} at offset {}, before {}", Head(value), offset, Head(entry->value));
      }
      if (!deleted) ++writes_[entry->write].missing;
    }
    if (entry == partition.entries.end()) {
      return fmt::format("{} at offset {} is invented or doubled", Head(value), offset);
    }
    if (entry->offset >= 0 && entry->offset != offset) {
      return fmt::format("{} at offset {} was at {}", Head(value), offset, entry->offset);
    }
    ++writes_[entry->write].found;
    kept.push_back(*entry++);
    if (kept.back().offset < 0) kept.back().at = now;
    kept.back().offset = offset;
    kept.back().refused = false;
  }
  const int64_t end = log_start + static_cast<int64_t>(kept.size());
  if (marks.high_watermark != end) {
    return fmt::format("the high watermark is {}, the last record {}", marks.high_watermark, end);
  }
  const bool may_lose = crash == Crash::kPowerCut && !topics_.at(place.topic).rules.disk;
  if (partition.seen > end && !may_lose) {
    return fmt::format("the high watermark {} was seen, the log ends at {}", partition.seen, end);
  }
  for (; entry != partition.entries.end(); ++entry) {
    if (entry->offset >= end && !may_lose) {
      return fmt::format("lost: {} of offset {}, the log ends at {}", Head(entry->value),
                         entry->offset, end);
    }
    const bool deleted = entry->offset >= 0 && entry->offset < log_start;
    if (!deleted) ++writes_[entry->write].missing;
  }
  partition.entries = std::move(kept);
  partition.seen = end;
  partition.log_start = partition.log_start_tried = log_start;
  return "";
}

std::string Oracle::JudgeLogStart(Log* log, const TopicPartition& place, int64_t log_start,
                                  absl::Duration now) {
  const Partition& partition = *PartitionOf(place);
  const Fact& rules = topics_.at(place.topic).rules;
  if (log_start < partition.log_start) {
    return fmt::format("the log start {} was {} before", log_start, partition.log_start);
  }
  if (log_start <= partition.log_start_tried) return "";
  if (rules.retention < absl::InfiniteDuration()) {
    for (const Entry& entry : partition.entries) {
      if (entry.offset >= 0 && entry.offset < log_start && now - entry.at < rules.retention) {
        return fmt::format("offset {} was deleted early", entry.offset);
      }
    }
    return "";
  }
  if (rules.retention_bytes >= 0) {
    const auto described = log->DescribeTopic(place.topic);
    if (!described.ok()) return described.status().ToString();
    const int64_t bytes = described->partitions[static_cast<std::size_t>(place.partition)].bytes;
    if (bytes >= rules.retention_bytes) return "";
    return fmt::format("{} bytes are left of {} to be kept", bytes, rules.retention_bytes);
  }
  return fmt::format("the log start {} is beyond {}, where it was never put", log_start,
                     partition.log_start_tried);
}

// `found` is -1 when the group has no offset there.
std::string Oracle::JudgeCommits(Log* log, const GroupPlace& where, Crash crash, int64_t found) {
  std::vector<Commit>& commits = commits_.at(where);
  const auto survives = [&](const Commit& commit) {
    return commit.acknowledged && (commit.disk || crash != Crash::kPowerCut);
  };
  const auto is_found = [&](const Commit& commit) { return commit.offset == found; };
  const auto last_safe = std::find_if(commits.rbegin(), commits.rend(), survives).base();
  const auto last_found = std::find_if(commits.rbegin(), commits.rend(), is_found).base();
  if (found >= 0 && last_found == commits.begin()) {
    return fmt::format("the offset {} was never committed", found);
  }
  if (last_found < last_safe) {
    return fmt::format("the offset {}, although {} was acknowledged", found,
                       std::prev(last_safe)->offset);
  }
  for (auto commit = commits.begin(); commit != commits.end(); ++commit) {
    const auto parts = writes_.find(commit->write);
    if (commit->write == 0 || parts == writes_.end()) continue;
    if (commit >= last_found && parts->second.found > 0) {
      return fmt::format("records of an atomic write without its offset {}", commit->offset);
    }
    if (std::next(commit) == last_found && parts->second.missing > 0) {
      return fmt::format("the offset {} of an atomic write without its records", commit->offset);
    }
  }
  if (found < 0) {
    commits.clear();
    return "";
  }
  commits = {*std::prev(last_found)};
  commits[0].acknowledged = commits[0].disk = true;

  const auto topic = topics_.find(where.second.topic);
  if (topic == topics_.end()) return "";  // a relay's cursor, of another system
  const Partition& partition = *PartitionOf(where.second);
  commits[0].ahead |= found > partition.log_start + static_cast<int64_t>(partition.entries.size());
  // Where all that it had not read was deleted since, it goes on as if it had read that.
  if (!commits[0].ahead || found <= partition.log_start) return "";
  auto consumer = log->NewConsumer({.group = where.first, .assignment = {where.second}});
  if (!consumer.ok()) return consumer.status().ToString();
  ConsumerRecords records;
  const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
  if (ReasonOf(polled) == ErrorReason::kLogTruncated) return "";
  return fmt::format("the offset {} is ahead, and a consumer that goes on there is told: {}", found,
                     polled.ToString());
}

}  // namespace eventlog::test
