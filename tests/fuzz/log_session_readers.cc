// Consumers: each beside where it should stand.
#include <algorithm>

#include "fmt/format.h"
#include "fuzz/log_session.h"

namespace eventlog::test {
namespace {

constexpr const char* kReaderGroups[] = {"", "g0", "g1", "g0"};
constexpr std::size_t kMaxReaders = 3;
enum Kind : unsigned { kEarliest, kLatest, kAt, kLast, kForTimestamp, kCommitted, kKinds };

absl::Time TimeOf(int64_t value) { return absl::FromUnixSeconds(946'684'800 + value); }

std::vector<TopicPartition> AsTopicPartitions(const std::set<Place>& places) {
  std::vector<TopicPartition> partitions;
  for (const auto& [topic, partition] : places) partitions.push_back({topic, partition});
  return partitions;
}

}  // namespace

LogSession::Reader* LogSession::AnyReader() {
  const unsigned byte = Byte();
  return readers_.empty() ? nullptr : &readers_[byte % readers_.size()];
}

void LogSession::NewReader() {
  const unsigned how = Byte();
  if (readers_.size() == kMaxReaders) return;
  Reader reader;
  reader.group = kReaderGroups[how % 4];
  for (const auto& [name, topic] : model_.topics()) {
    if ((how >> 2 & 1u << (name[0] - 'a')) != 0) reader.topics.push_back(name);
  }
  if (reader.topics.empty()) return;
  ConsumerOptions options;
  options.group = reader.group;
  options.topics = reader.topics;
  options.max_poll_records = (how & 0x20) != 0 ? 2 : 500;
  options.tuning.fetch_bytes = 1 << 10;
  auto consumer = log_.NewConsumer(options);
  const bool active = !reader.group.empty() &&
                      std::any_of(readers_.begin(), readers_.end(),
                                  [&](const Reader& r) { return r.group == reader.group; });
  if (active) return RequireReason(consumer.status(), ErrorReason::kGroupActive);
  if (!Acknowledged(consumer.status())) return;
  reader.consumer = *std::move(consumer);
  for (const std::string& name : reader.topics) {
    for (int32_t i = 0; i < std::ssize(model_.topics().at(name).partitions); ++i) {
      Start(&reader, {name, i});
    }
  }
  readers_.push_back(std::move(reader));
}

// Where it begins to read. What was committed and then lost is told, and not gone past.
void LogSession::Start(Reader* reader, const Place& place) {
  const TopicPartition partition{place.first, place.second};
  const ModelPartition& expected = model_.at(place);
  const auto committed = model_.Committed(reader->group, place);
  const bool stale = model_.IsStale(reader->group, place);
  const auto position = reader->consumer.Position(partition);
  if (ReasonOf(position.status()) == ErrorReason::kLogTruncated) {
    Require(committed.has_value() && (stale || *committed > expected.end()),
            "a commit is said to be cut off, and is not");
    const auto cut = ActualOffset(position.status());
    Require(cut.has_value() && *cut < *committed && *cut <= expected.end(), "no place of the cut");
    const OffsetSpec to = *cut < expected.log_start ? OffsetSpec::Earliest() : OffsetSpec::At(*cut);
    if (!Acknowledged(reader->consumer.Seek(partition, to))) return;
    reader->positions[place] = std::max(*cut, expected.log_start);
    return;
  }
  if (!Acknowledged(position.status())) return;
  Require(committed.value_or(0) <= expected.end() && !model_.MustBeTold(reader->group, place),
          "a cut is not told");
  Require(*position == std::max(committed.value_or(0), expected.log_start),
          fmt::format("{}-{}: it starts at {}, log start {}, committed {}", place.first,
                      place.second, *position, expected.log_start, committed.value_or(-1)));
  reader->positions[place] = *position;
}

void LogSession::Poll() {
  Reader* const reader = AnyReader();
  if (reader == nullptr) return;
  const absl::Status polled = reader->consumer.Poll(absl::ZeroDuration(), &reader->records);
  const bool truncated = ReasonOf(polled) == ErrorReason::kLogTruncated;
  bool added = false;
  for (const std::string& name : reader->topics) {
    for (int32_t i = 0; i < std::ssize(model_.topics().at(name).partitions); ++i) {
      const Place place(name, i);
      if (reader->positions.contains(place)) continue;  // else it was added
      if (truncated) {
        Start(reader, place);
      } else {
        reader->positions[place] = std::max(model_.Committed(reader->group, place).value_or(0),
                                            model_.at(place).log_start);
      }
      added = true;
    }
  }
  if (truncated && added) return;
  if (Acknowledged(polled)) CheckPolled(reader);
}

void LogSession::CheckPolled(Reader* reader) {
  for (const auto& span : reader->records.partitions()) {
    const Place place(std::string(span.front().topic()), span.front().partition());
    Require(reader->positions.contains(place) && !reader->paused.contains(place),
            "a record of what is not read");
    const ModelPartition& partition = model_.at(place);
    int64_t& position = reader->positions[place];
    position = std::max(position, partition.log_start);
    for (const RecordView& record : span) {
      Require(record.offset() == position && position < partition.end(),
              fmt::format("offset {} instead of {}", record.offset(), position));
      const auto at = static_cast<std::size_t>(position - partition.log_start);
      Require(Same(record.ToOwned(), partition.records[at]), "another record than was appended");
      ++position;
    }
  }
  bool caught_up = true;
  for (auto& [place, position] : reader->positions) {
    const auto stands = reader->consumer.Position({place.first, place.second});
    if (!Acknowledged(stands.status())) return;
    const int64_t log_start = model_.at(place).log_start;
    if (position < log_start && *stands == log_start) position = log_start;
    Require(*stands == position, fmt::format("it stands at {} instead of {}", *stands, position));
    caught_up = caught_up && (reader->paused.contains(place) || position >= model_.at(place).end());
  }
  Require(reader->records.caught_up() == caught_up, "caught_up is wrong");
  Require(caught_up || !reader->records.empty(), "nothing was handed out, and something is there");
}

void LogSession::Commit() {
  Reader* const reader = AnyReader();
  if (reader == nullptr) return;
  if (reader->group.empty()) {
    return RequireReason(reader->consumer.Commit(), ErrorReason::kNoGroup);
  }
  Change change = {.group = reader->group, .with_epochs = true};
  for (const auto& [place, position] : reader->positions) change.commits[place] = position;
  model_.Begin(std::move(change));
  if (Acknowledged(reader->consumer.Commit())) model_.End({});
}

void LogSession::CommitSome() {
  Reader* const reader = AnyReader();
  const Place place = AnyPlace();
  const int64_t offset = Byte();
  if (reader == nullptr || reader->group.empty() || place.first.empty()) return;
  model_.Begin({.group = reader->group, .commits = {{place, offset}}});
  const absl::Status status = reader->consumer.Commit(
      {{.topic = place.first, .partition = place.second, .offset = offset}});
  if (Acknowledged(status)) model_.End({});
}

OffsetSpec LogSession::SpecOf(unsigned kind, int64_t value) {
  switch (kind) {
    case kEarliest:
      return OffsetSpec::Earliest();
    case kLatest:
      return OffsetSpec::Latest();
    case kAt:
      return OffsetSpec::At(value);
    case kLast:
      return OffsetSpec::Last(value);
    case kForTimestamp:
      return OffsetSpec::ForTimestamp(TimeOf(value));
    default:
      return OffsetSpec::Committed();
  }
}

std::optional<int64_t> LogSession::Resolve(const Place& place, unsigned kind, int64_t value,
                                           const std::string& group) const {
  const ModelPartition& partition = model_.at(place);
  switch (kind) {
    case kEarliest:
      return partition.log_start;
    case kLatest:
      return partition.end();
    case kAt:
      if (value < partition.log_start || value > partition.end()) return std::nullopt;
      return value;
    case kLast:
      return std::max(partition.log_start, partition.end() - value);
    case kForTimestamp: {
      const auto found = std::find_if(
          partition.records.begin(), partition.records.end(),
          [&](const ModelRecord& record) { return *record.timestamp >= TimeOf(value); });
      return partition.log_start + (found - partition.records.begin());
    }
    default: {
      const auto committed = model_.Committed(group, place);
      if (group.empty() || committed.value_or(0) > partition.end()) return std::nullopt;
      return std::max(committed.value_or(0), partition.log_start);
    }
  }
}

// In one partition, or in all of them and then in all or none.
void LogSession::Seek() {
  Reader* const reader = AnyReader();
  const unsigned how = Byte();
  const int64_t value = Byte();
  if (reader == nullptr) return;
  const unsigned kind = how % kKinds;
  std::map<Place, int64_t> positions;
  bool possible = true;
  bool stale = false;
  std::size_t i = 0;
  for (const auto& [place, position] : reader->positions) {
    if ((how & 0x80) != 0 && i++ != how / kKinds % reader->positions.size()) continue;
    const auto to = Resolve(place, kind, value, reader->group);
    possible = possible && to.has_value();
    stale = stale || model_.IsStale(reader->group, place);
    positions[place] = to.value_or(0);
  }
  if (kind == kCommitted && stale) return;  // where that leads depends on what was lost
  const Place only = positions.begin()->first;
  const OffsetSpec spec = SpecOf(kind, value);
  const absl::Status status = (how & 0x80) != 0
                                  ? reader->consumer.Seek({only.first, only.second}, spec)
                                  : reader->consumer.Seek(spec);
  if (possible) {
    if (!Acknowledged(status)) return;
    for (const auto& [place, position] : positions) reader->positions[place] = position;
  } else if (!crashed_) {
    Require(kind == kCommitted && reader->group.empty() ? ReasonOf(status) == ErrorReason::kNoGroup
                                                        : absl::IsOutOfRange(status),
            fmt::format("seek: {}", status.ToString()));
  }
}

void LogSession::Pause() {
  Reader* const reader = AnyReader();
  const Place place = AnyPlace();
  if (reader == nullptr) return;
  if (!reader->positions.contains(place)) {
    return RequireReason(reader->consumer.Pause(AsTopicPartitions({place})),
                         ErrorReason::kUnknownPartition);
  }
  if (reader->paused.erase(place) == 1) {
    static_cast<void>(Acknowledged(reader->consumer.Resume(AsTopicPartitions({place}))));
  } else {
    reader->paused.insert(place);
    static_cast<void>(Acknowledged(reader->consumer.Pause(AsTopicPartitions({place}))));
  }
}

void LogSession::CloseReader() {
  Reader* const reader = AnyReader();
  if (reader == nullptr) return;
  static_cast<void>(Acknowledged(reader->consumer.Close()));
  readers_.erase(readers_.begin() + (reader - readers_.data()));
}

// What anybody may ask.
void LogSession::CheckOffsets() {
  const unsigned kind = Below(kCommitted);
  const int64_t value = Byte();
  for (const auto& [name, topic] : model_.topics()) {
    const auto offsets = topics_.at(name).ListOffsets(SpecOf(kind, value));
    std::vector<std::optional<int64_t>> expected;
    for (int32_t i = 0; i < std::ssize(topic.partitions); ++i) {
      expected.push_back(Resolve({name, i}, kind, value, ""));
    }
    if (std::find(expected.begin(), expected.end(), std::nullopt) != expected.end()) {
      Require(crashed_ || absl::IsOutOfRange(offsets.status()), "an offset outside of the log");
      continue;
    }
    if (!Acknowledged(offsets.status())) return;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      Require((*offsets)[i].offset == *expected[i],
              fmt::format("{}-{}: offset {} instead of {}", name, i, (*offsets)[i].offset,
                          *expected[i]));
    }
  }
  for (const Reader& reader : readers_) {
    int64_t expected = 0;
    for (const auto& [place, position] : reader.positions) {
      expected += std::max<int64_t>(model_.at(place).end() - position, 0);
    }
    const auto lag = reader.consumer.Lag();
    if (!Acknowledged(lag.status())) return;
    Require(*lag == expected, fmt::format("the lag is {} instead of {}", *lag, expected));
  }
}

// Who reads a topic that is deleted is told, after what there was to read of others.
void LogSession::EndReadersOf(const std::string& topic) {
  std::erase_if(readers_, [&](Reader& reader) {
    if (std::find(reader.topics.begin(), reader.topics.end(), topic) == reader.topics.end()) {
      return false;
    }
    const bool paused = std::any_of(reader.paused.begin(), reader.paused.end(),
                                    [&](const Place& place) { return place.first == topic; });
    absl::Status status;
    while (status.ok() && !paused) {
      status = reader.consumer.Poll(absl::ZeroDuration(), &reader.records);
      Require(!status.ok() || !reader.records.empty() || crashed_, "a deletion is not told");
    }
    if (!paused) RequireReason(status, ErrorReason::kUnknownTopic);
    return true;
  });
}

}  // namespace eventlog::test
