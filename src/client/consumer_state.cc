// What a consumer reads: its options, its partitions, its group.
#include "client/consumer_state.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "client/offset_spec.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

bool IsCommitted(const std::optional<OffsetSpec>& spec) {
  return spec.has_value() && OffsetSpecAccess::kind(*spec) == OffsetSpecAccess::Kind::kCommitted;
}

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
  if (!options.group.empty() && options.until.has_value()) {
    add("until with a group: what it has read would be committed as if there were no end");
  }
  if (IsCommitted(options.from)) add("from = Committed needs a group");
  if (IsCommitted(options.until)) add("until cannot be Committed");
  if (options.auto_commit_interval < absl::Milliseconds(1)) {
    add("auto_commit_interval must be 1 ms or more");
  }
  if (options.group.empty() && options.auto_commit_interval != absl::InfiniteDuration()) {
    add("auto_commit_interval needs a group");
  }
  if (options.max_poll_records < 1 || options.max_poll_records > 1'000'000) {
    add("max_poll_records must be 1 to 1000000");
  }
  if (options.tuning.fetch_bytes < 1024 || options.tuning.fetch_bytes > (int64_t{64} << 20)) {
    add("fetch_bytes must be 1024 to 67108864");
  }
  if (options.tuning.spin < absl::ZeroDuration()) add("spin must not be negative");
  if (wrong.empty()) return absl::OkStatus();
  return MakeError(ErrorReason::kInvalidOption, "ConsumerOptions: " + wrong);
}

}  // namespace

ConsumerState::ConsumerState(std::shared_ptr<LogCore> core, ConsumerOptions options)
    : core_(std::move(core)), options_(std::move(options)) {}

ConsumerState::~ConsumerState() { static_cast<void>(Close()); }

absl::StatusOr<std::unique_ptr<ConsumerState>> ConsumerState::Create(std::shared_ptr<LogCore> core,
                                                                     ConsumerOptions options) {
  EVENTLOG_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<ConsumerState> state(new ConsumerState(std::move(core), std::move(options)));
  if (!state->options_.group.empty()) {
    EVENTLOG_RETURN_IF_ERROR(state->core_->offsets()->Join(state->options_.group));
    state->joined_ = true;
  }
  state->next_commit_ = state->core_->clock()->Monotonic() + state->options_.auto_commit_interval;
  EVENTLOG_RETURN_IF_ERROR(state->Subscribe());
  return state;
}

absl::Status ConsumerState::Subscribe() {
  if (!options_.assignment.empty()) return Assign(options_.assignment);
  std::vector<TopicPartition> all;
  for (const std::string& name : options_.topics) {
    EVENTLOG_ASSIGN_OR_RETURN(auto topic, core_->FindTopic(name));
    const std::size_t partitions = topic->partitions().size();
    for (std::size_t i = 0; i < partitions; ++i) all.push_back({name, static_cast<int32_t>(i)});
    subscriptions_.push_back({std::move(topic), partitions});
  }
  return Assign(all);
}

absl::Status ConsumerState::Close() {
  if (closed_) return absl::OkStatus();
  closed_ = true;
  if (core_->fork_guard().Forked()) {
    if (readiness_ != nullptr) readiness_->registration->Abandon();
    return absl::OkStatus();
  }
  absl::Status status;
  if (has_to_commit()) {
    const Call call(core_.get());
    status = call.status().ok() ? CommitPositions() : call.status();
    if (ReasonOf(status) == ErrorReason::kClosed) status = absl::OkStatus();  // with its log
  }
  readiness_.reset();
  fetchers_.clear();
  subscriptions_.clear();
  if (joined_) core_->offsets()->Leave(options_.group);
  return status;
}

absl::Status ConsumerState::Assign(const std::vector<TopicPartition>& partitions) {
  std::vector<TopicPartition> wanted = partitions;
  std::sort(wanted.begin(), wanted.end());
  if (const auto twice = std::adjacent_find(wanted.begin(), wanted.end()); twice != wanted.end()) {
    return MakeError(ErrorReason::kInvalidOption,
                     fmt::format("{}-{} is given twice", twice->topic, twice->partition));
  }
  Fetchers assigned;
  std::vector<std::unique_ptr<PartitionFetcher>*> kept;  // each to its place in `assigned`
  for (const TopicPartition& partition : wanted) {
    EVENTLOG_ASSIGN_OR_RETURN(auto topic, core_->FindTopic(partition.topic));
    EVENTLOG_RETURN_IF_ERROR(topic->FindPartition(partition.partition).status());
    const auto old = std::find_if(fetchers_.begin(), fetchers_.end(), [&](const auto& fetcher) {
      return fetcher->topic() == topic && fetcher->number() == partition.partition;
    });
    kept.push_back(old == fetchers_.end() ? nullptr : &*old);
    if (old != fetchers_.end()) {
      assigned.push_back(nullptr);
      continue;
    }
    assigned.push_back(std::make_unique<PartitionFetcher>(std::move(topic), partition.partition));
    EVENTLOG_RETURN_IF_ERROR(Start(assigned.back().get()));
  }
  if (has_to_commit()) EVENTLOG_RETURN_IF_ERROR(CommitPositions());  // those that go, too
  // Nothing can fail any more.
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    if (kept[i] != nullptr) assigned[i] = std::move(*kept[i]);
  }
  Replace(std::move(assigned));
  return absl::OkStatus();
}

// "Latest" means as of now. What is wrong with a committed offset, or without one, is for Poll to
// say.
absl::Status ConsumerState::Start(PartitionFetcher* fetcher) const {
  if (options_.until.has_value()) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t until, fetcher->Resolve(*options_.until));
    fetcher->SetUntil(until);
  }
  const absl::Status started = Position(fetcher).status();
  return options_.from.has_value() ? started : absl::OkStatus();
}

// The wait sets of what was read before live until nobody is registered with them.
void ConsumerState::Replace(Fetchers fetchers) {
  const Fetchers before = std::exchange(fetchers_, std::move(fetchers));
  next_ = 0;
  Watch();
}

bool ConsumerState::has_new_partitions() const {
  return !options_.until.has_value() &&
         std::any_of(subscriptions_.begin(), subscriptions_.end(), [](const auto& subscription) {
           return subscription.topic->partitions().size() > subscription.assigned;
         });
}

// From their beginning, whatever auto_offset_reset says: nothing that was produced before they were
// noticed is left out.
void ConsumerState::AssignNewPartitions() {
  if (!has_new_partitions()) return;
  Fetchers all = std::move(fetchers_);
  for (Subscription& subscription : subscriptions_) {
    for (const std::size_t partitions = subscription.topic->partitions().size();
         subscription.assigned < partitions; ++subscription.assigned) {
      auto fetcher = std::make_unique<PartitionFetcher>(
          subscription.topic, static_cast<int32_t>(subscription.assigned));
      const auto committed = CommittedPosition(*fetcher);
      if (committed.ok()) {  // else Poll says so
        fetcher->SetPosition(committed->value_or(fetcher->partition()->log_start_offset()));
      }
      all.push_back(std::move(fetcher));
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::forward_as_tuple(*a->topic()->name(), a->number()) <
           std::forward_as_tuple(*b->topic()->name(), b->number());
  });
  Replace(std::move(all));
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

absl::Status ConsumerState::SetPaused(absl::Span<const TopicPartition> partitions, bool paused) {
  std::vector<PartitionFetcher*> fetchers;
  for (const TopicPartition& partition : partitions) {
    EVENTLOG_ASSIGN_OR_RETURN(fetchers.emplace_back(), Find(partition));
  }
  for (PartitionFetcher* fetcher : fetchers) fetcher->SetPaused(paused);
  Watch();
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
