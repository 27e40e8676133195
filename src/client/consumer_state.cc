#include "client/consumer_state.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "client/offset_spec.h"
#include "fmt/format.h"
#include "partition/wait_set.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status CheckOptions(const ConsumerOptions& options) {
  std::string wrong;
  const auto add = [&wrong](std::string_view text) {
    if (!wrong.empty()) wrong += "; ";
    wrong += text;
  };
  if (!options.topics.empty() && !options.assignment.empty()) add("both topics and assignment");
  if (!options.group.empty() && options.from.has_value()) {
    add("from with a group: a group starts at its committed offsets, use Seek");
  }
  if (options.from.has_value() &&
      OffsetSpecAccess::kind(*options.from) == OffsetSpecAccess::Kind::kCommitted) {
    add("from = Committed needs a group");
  }
  if (options.max_poll_records < 1 || options.max_poll_records > 1'000'000) {
    add("max_poll_records must be 1 to 1000000");
  }
  if (options.tuning.fetch_bytes < 1024 || options.tuning.fetch_bytes > (int64_t{64} << 20)) {
    add("fetch_bytes must be 1024 to 67108864");
  }
  if (wrong.empty()) return absl::OkStatus();
  return MakeError(ErrorReason::kInvalidOption, "ConsumerOptions: " + wrong);
}

}  // namespace

ConsumerState::ConsumerState(std::shared_ptr<LogCore> core, ConsumerOptions options)
    : core_(std::move(core)), options_(std::move(options)) {}

ConsumerState::~ConsumerState() { Close(); }

absl::StatusOr<std::unique_ptr<ConsumerState>> ConsumerState::Create(std::shared_ptr<LogCore> core,
                                                                     ConsumerOptions options) {
  EVENTLOG_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<ConsumerState> state(new ConsumerState(std::move(core), std::move(options)));
  EVENTLOG_RETURN_IF_ERROR(state->Subscribe());
  if (!state->options_.group.empty()) {
    EVENTLOG_RETURN_IF_ERROR(state->core_->offsets()->Join(state->options_.group));
    state->joined_ = true;
  }
  for (const auto& fetcher : state->fetchers_) {  // "latest" means as of now
    const absl::Status started = state->Position(fetcher.get()).status();
    if (state->options_.from.has_value()) EVENTLOG_RETURN_IF_ERROR(started);
  }
  return state;
}

absl::Status ConsumerState::Subscribe() {
  if (!options_.assignment.empty()) return Assign(options_.assignment);
  std::vector<TopicPartition> all;
  for (const std::string& name : options_.topics) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto topic, core_->FindTopic(name));
    for (std::size_t i = 0; i < topic->partitions().size(); ++i) {
      all.push_back({name, static_cast<int32_t>(i)});
    }
  }
  return Assign(all);
}

void ConsumerState::Close() {
  if (closed_) return;
  closed_ = true;
  fetchers_.clear();
  if (joined_ && !core_->fork_guard().Forked()) core_->offsets()->Leave(options_.group);
}

absl::Status ConsumerState::Assign(const std::vector<TopicPartition>& partitions) {
  std::vector<TopicPartition> wanted = partitions;
  std::sort(wanted.begin(), wanted.end());
  if (const auto twice = std::adjacent_find(wanted.begin(), wanted.end()); twice != wanted.end()) {
    return MakeError(ErrorReason::kInvalidOption,
                     fmt::format("{}-{} is given twice", twice->topic, twice->partition));
  }
  std::vector<std::unique_ptr<PartitionFetcher>> assigned;
  for (const TopicPartition& partition : wanted) {
    EVENTLOG_ASSIGN_OR_RETURN(auto topic, core_->FindTopic(partition.topic));
    EVENTLOG_RETURN_IF_ERROR(topic->FindPartition(partition.partition).status());
    assigned.push_back(std::make_unique<PartitionFetcher>(std::move(topic), partition.partition));
  }
  // Nothing can fail any more.
  for (auto& fetcher : assigned) {
    auto kept = std::find_if(fetchers_.begin(), fetchers_.end(), [&](const auto& old) {
      return old != nullptr && old->topic() == fetcher->topic() &&
             old->number() == fetcher->number();
    });
    if (kept != fetchers_.end()) fetcher = std::move(*kept);
  }
  fetchers_ = std::move(assigned);
  next_ = 0;
  return absl::OkStatus();
}

std::vector<TopicPartition> ConsumerState::Assignment() const {
  std::vector<TopicPartition> assignment;
  for (const auto& fetcher : fetchers_) {
    assignment.push_back({*fetcher->topic()->name(), fetcher->number()});
  }
  return assignment;
}

absl::StatusOr<PartitionFetcher*> ConsumerState::Find(const TopicPartition& partition) {
  for (const auto& fetcher : fetchers_) {
    if (fetcher->number() == partition.partition && *fetcher->topic()->name() == partition.topic) {
      return fetcher.get();
    }
  }
  return MakeError(
      ErrorReason::kUnknownPartition,
      fmt::format("{}-{} is not assigned to this consumer", partition.topic, partition.partition));
}

absl::StatusOr<int64_t> ConsumerState::ResetPosition(PartitionFetcher* fetcher,
                                                     const absl::Status& why) const {
  switch (options_.auto_offset_reset) {
    case AutoOffsetReset::kEarliest:
      return fetcher->Resolve(OffsetSpec::Earliest());
    case AutoOffsetReset::kLatest:
      return fetcher->Resolve(OffsetSpec::Latest());
    case AutoOffsetReset::kNone:
      break;
  }
  return why;
}

absl::StatusOr<int64_t> ConsumerState::CommittedOrReset(PartitionFetcher* fetcher) const {
  const std::string& topic = *fetcher->topic()->name();
  const int64_t start = fetcher->partition()->log_start_offset();
  if (!options_.group.empty()) {
    const auto committed = core_->offsets()->Committed({options_.group, topic, fetcher->number()});
    if (committed.has_value()) {
      // Where records that were processed are gone, resuming silently would skip what took their
      // place.
      EVENTLOG_RETURN_IF_ERROR(
          fetcher->CheckNotTruncated(committed->offset, committed->leader_epoch));
      return committed->offset;
    }
  }
  return ResetPosition(
      fetcher, WithActualOffset(MakeError(ErrorReason::kBelowLogStart,
                                          fmt::format("{}-{}: no committed offset to start from",
                                                      topic, fetcher->number())),
                                start));
}

absl::StatusOr<int64_t> ConsumerState::Position(PartitionFetcher* fetcher) {
  if (!fetcher->position().has_value()) {
    auto start =
        options_.from.has_value() ? fetcher->Resolve(*options_.from) : CommittedOrReset(fetcher);
    if (!start.ok()) return start.status();
    fetcher->SetPosition(*start);
  }
  return *fetcher->position();
}

absl::StatusOr<int64_t> ConsumerState::Resolve(PartitionFetcher* fetcher,
                                               const OffsetSpec& to) const {
  if (OffsetSpecAccess::kind(to) != OffsetSpecAccess::Kind::kCommitted) return fetcher->Resolve(to);
  if (options_.group.empty()) {
    return MakeError(ErrorReason::kNoGroup, "committed offsets are a group's");
  }
  return CommittedOrReset(fetcher);
}

absl::Status ConsumerState::Seek(PartitionFetcher* fetcher, const OffsetSpec& to) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, Resolve(fetcher, to));
  fetcher->SetPosition(offset);
  return absl::OkStatus();
}

absl::Status ConsumerState::SeekAll(const OffsetSpec& to) {
  std::vector<int64_t> offsets;
  for (const auto& fetcher : fetchers_) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, Resolve(fetcher.get(), to));
    offsets.push_back(offset);
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) fetchers_[i]->SetPosition(offsets[i]);
  return absl::OkStatus();
}

absl::Status ConsumerState::SeekTo(absl::Span<const TopicPartitionOffset> offsets) {
  std::vector<PartitionFetcher*> fetchers;
  for (const TopicPartitionOffset& offset : offsets) {
    EVENTLOG_ASSIGN_OR_RETURN(auto* fetcher, Find({offset.topic, offset.partition}));
    if (offset.leader_epoch >= 0) {
      EVENTLOG_RETURN_IF_ERROR(fetcher->CheckNotTruncated(offset.offset, offset.leader_epoch));
    }
    EVENTLOG_RETURN_IF_ERROR(fetcher->Resolve(OffsetSpec::At(offset.offset)).status());
    fetchers.push_back(fetcher);
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) fetchers[i]->SetPosition(offsets[i].offset);
  return absl::OkStatus();
}

absl::Status ConsumerState::CommitPositions() {
  std::vector<TopicPartitionOffset> offsets;
  for (const auto& fetcher : fetchers_) {
    if (!fetcher->position().has_value() || !fetcher->topic()->CheckNotDeleted().ok()) continue;
    offsets.push_back({*fetcher->topic()->name(), fetcher->number(), *fetcher->position(),
                       fetcher->partition()->leader_epoch(), ""});
  }
  return Commit(std::move(offsets));
}

absl::Status ConsumerState::Commit(std::vector<TopicPartitionOffset> offsets) {
  if (options_.group.empty()) {
    return MakeError(ErrorReason::kNoGroup, "committing needs a consumer with a group");
  }
  if (offsets.empty()) return absl::OkStatus();
  for (const TopicPartitionOffset& offset : offsets) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto topic, core_->FindTopic(offset.topic));
    EVENTLOG_RETURN_IF_ERROR(topic->FindPartition(offset.partition).status());
  }
  return core_->CommitOffsets({options_.group, std::move(offsets)});
}

absl::StatusOr<std::vector<TopicPartitionOffset>> ConsumerState::Committed() const {
  if (options_.group.empty()) {
    return MakeError(ErrorReason::kNoGroup, "a consumer without a group has committed nothing");
  }
  std::vector<TopicPartitionOffset> assigned;
  for (TopicPartitionOffset& offset : core_->offsets()->Committed(options_.group)) {
    const bool ours = std::any_of(fetchers_.begin(), fetchers_.end(), [&](const auto& fetcher) {
      return fetcher->number() == offset.partition && *fetcher->topic()->name() == offset.topic;
    });
    if (ours) assigned.push_back(std::move(offset));
  }
  return assigned;
}

}  // namespace eventlog::inline v1::internal
