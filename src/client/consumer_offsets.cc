// Where a consumer stands: positions, seeks, commits.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "client/consumer_state.h"
#include "client/offset_spec.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {

absl::StatusOr<int64_t> ConsumerState::ResetPosition(const PartitionFetcher& fetcher,
                                                     const absl::Status& why) const {
  switch (options_.auto_offset_reset) {
    case AutoOffsetReset::kEarliest:
      return fetcher.Resolve(OffsetSpec::Earliest());
    case AutoOffsetReset::kLatest:
      return fetcher.Resolve(OffsetSpec::Latest());
    case AutoOffsetReset::kNone:
      break;
  }
  return why;
}

absl::StatusOr<std::optional<int64_t>> ConsumerState::CommittedPosition(
    const PartitionFetcher& fetcher) const {
  if (options_.group.empty()) return std::nullopt;
  const auto committed =
      core_->offsets()->Committed({options_.group, *fetcher.topic()->name(), fetcher.number()});
  if (!committed.has_value()) return std::nullopt;
  // Where records that were processed are gone, resuming silently would skip what took their place.
  EVENTLOG_RETURN_IF_ERROR(fetcher.CheckNotTruncated(committed->offset, committed->leader_epoch));
  return committed->offset;
}

absl::StatusOr<int64_t> ConsumerState::CommittedOrReset(const PartitionFetcher& fetcher) const {
  const int64_t start = fetcher.partition()->log_start_offset();
  EVENTLOG_ASSIGN_OR_RETURN(const auto committed, CommittedPosition(fetcher));
  if (committed.has_value() && *committed >= start) return *committed;
  const std::string found = committed.has_value()
                                ? fmt::format("the committed offset {} is", *committed)
                                : std::string("no committed offset to start from, nor");
  return ResetPosition(
      fetcher, WithActualOffset(
                   MakeError(ErrorReason::kBelowLogStart,
                             fmt::format("{}-{}: {} below the log start {}",
                                         *fetcher.topic()->name(), fetcher.number(), found, start)),
                   start));
}

absl::StatusOr<int64_t> ConsumerState::Position(PartitionFetcher* fetcher) const {
  if (!fetcher->position().has_value()) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t start, options_.from.has_value()
                                                       ? fetcher->Resolve(*options_.from)
                                                       : CommittedOrReset(*fetcher));
    fetcher->SetPosition(start);
  }
  return *fetcher->position();
}

absl::StatusOr<int64_t> ConsumerState::Resolve(const PartitionFetcher& fetcher,
                                               const OffsetSpec& to) const {
  if (OffsetSpecAccess::kind(to) != OffsetSpecAccess::Kind::kCommitted) return fetcher.Resolve(to);
  if (options_.group.empty()) {
    return MakeError(ErrorReason::kNoGroup, "committed offsets are a group's");
  }
  return CommittedOrReset(fetcher);
}

absl::Status ConsumerState::Seek(PartitionFetcher* fetcher, const OffsetSpec& to) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, Resolve(*fetcher, to));
  fetcher->SetPosition(offset);
  UpdateReadiness();
  return absl::OkStatus();
}

absl::Status ConsumerState::SeekAll(const OffsetSpec& to) {
  std::vector<int64_t> offsets;
  for (const auto& fetcher : fetchers_) {
    EVENTLOG_ASSIGN_OR_RETURN(offsets.emplace_back(), Resolve(*fetcher, to));
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) fetchers_[i]->SetPosition(offsets[i]);
  UpdateReadiness();
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
  UpdateReadiness();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TopicPartitionOffset>> ConsumerState::ListOffsets(
    const OffsetSpec& spec) const {
  std::vector<TopicPartitionOffset> offsets;
  for (const auto& fetcher : fetchers_) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, Resolve(*fetcher, spec));
    EVENTLOG_ASSIGN_OR_RETURN(offsets.emplace_back(), fetcher->WithEpoch(offset));
  }
  return offsets;
}

absl::StatusOr<int64_t> ConsumerState::Lag() const {
  int64_t lag = 0;
  for (const auto& fetcher : fetchers_) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t position, Position(fetcher.get()));
    lag += std::max<int64_t>(fetcher->end() - position, 0);
  }
  return lag;
}

absl::Status ConsumerState::CommitWhenDue() {
  if (!has_to_commit()) return absl::OkStatus();
  const absl::Duration now = core_->clock()->Monotonic();
  if (now < next_commit_) return absl::OkStatus();
  next_commit_ = now + options_.auto_commit_interval;  // of one that fails too: reading goes on
  return CommitPositions();
}

absl::Status ConsumerState::CommitPositions() {
  std::vector<TopicPartitionOffset> offsets;
  for (const auto& fetcher : fetchers_) {
    if (!fetcher->position().has_value() || !fetcher->topic()->CheckNotDeleted().ok()) continue;
    offsets.push_back({*fetcher->topic()->name(), fetcher->number(), *fetcher->position(),
                       fetcher->position_epoch(), ""});
  }
  EVENTLOG_RETURN_IF_ERROR(Commit(std::move(offsets)));
  uncommitted_ = false;
  return absl::OkStatus();
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
