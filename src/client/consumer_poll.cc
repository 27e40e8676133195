// Polling, and waiting: the waiter registers with every partition, looks once more, and sleeps
// until one of them shows a record or the log closes. The descriptor of ReadyFd is a waiter that
// stays registered.
#include <algorithm>

#include "base/error.h"
#include "client/consumer_state.h"

namespace eventlog::inline v1::internal {

absl::Status ConsumerState::Poll(absl::Duration timeout, ConsumerRecords* records) {
  records->Clear();
  if (core_->fork_guard().Forked()) return Call(core_.get()).status();
  const bool waits = timeout > absl::ZeroDuration();
  if (!waits && !has_to_commit() && !has_news()) {
    // What a reader that spins does most. It neither asks the clock nor goes through the gate,
    // which would take the gate's count from those who append.
    ConsumerRecordsAccess::Finish(records, caught_up());
    UpdateReadiness();
    return absl::OkStatus();
  }
  absl::Status status =
      PollUntil(waits ? core_->clock()->Monotonic() + timeout : -absl::InfiniteDuration(), records);
  if (!status.ok()) records->Clear();  // an earlier look of this call may have been caught up
  UpdateReadiness();
  return status;
}

absl::Status ConsumerState::PollUntil(absl::Duration deadline, ConsumerRecords* records) {
  for (;;) {
    {
      const Call call(core_.get());
      EVENTLOG_RETURN_IF_ERROR(call.status());
      if (woken_up_.exchange(false)) {
        return MakeError(ErrorReason::kWokenUp, "the consumer was woken up");
      }
      EVENTLOG_RETURN_IF_ERROR(CommitWhenDue());
      bool moved = false;
      EVENTLOG_RETURN_IF_ERROR(PollOnce(records, &moved));
      if (moved || at_until()) return absl::OkStatus();
    }
    if (deadline == -absl::InfiniteDuration()) return absl::OkStatus();
    const absl::Duration now = core_->clock()->Monotonic();
    if (deadline <= now) return absl::OkStatus();
    const absl::Duration next = uncommitted_ ? std::min(deadline, next_commit_) : deadline;
    if (core_->clock()->IsManual()) {
      WaitOnManualClock(next);
    } else {
      WaitForNews(next - now);
    }
  }
}

absl::Status ConsumerState::PollOnce(ConsumerRecords* records, bool* moved) {
  AssignNewPartitions();
  std::vector<RecordView>* const views = ConsumerRecordsAccess::records(records);
  RecordPins* const pins = ConsumerRecordsAccess::pins(records);
  const auto most = static_cast<std::size_t>(options_.max_poll_records);
  absl::Status status;
  for (std::size_t turn = 0; turn < fetchers_.size() && views->size() < most; ++turn) {
    PartitionFetcher* const fetcher = fetchers_[next_].get();
    next_ = (next_ + 1) % fetchers_.size();  // one that fails does not keep the others waiting
    if (fetcher->paused()) continue;
    const auto fetched = FetchFrom(fetcher, most - views->size(), views, pins);
    status = fetched.status();
    if (!status.ok()) break;
    *moved = *moved || *fetched;
  }
  // What was read before the error is handed out; the error comes again.
  if (!*moved && !status.ok()) {
    records->Clear();
    return status;
  }
  uncommitted_ = uncommitted_ || *moved;
  ConsumerRecordsAccess::Finish(records, status.ok() && caught_up());
  return absl::OkStatus();
}

absl::StatusOr<bool> ConsumerState::FetchFrom(PartitionFetcher* fetcher, std::size_t max_records,
                                              std::vector<RecordView>* records, RecordPins* pins) {
  EVENTLOG_RETURN_IF_ERROR(Position(fetcher));
  const FetchLimits limits{max_records, options_.tuning.fetch_bytes,
                           options_.filter ? &options_.filter : nullptr};
  for (;;) {
    auto fetched = fetcher->Fetch(limits, records, pins);
    if (ReasonOf(fetched.status()) != ErrorReason::kBelowLogStart) return fetched;
    // Retention went past this consumer, and may do so again meanwhile.
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t start, ResetPosition(*fetcher, fetched.status()));
    fetcher->SetPosition(start);
  }
}

// Nothing will ever come that could be waited for.
bool ConsumerState::at_until() const {
  return options_.until.has_value() && !fetchers_.empty() && caught_up();
}

bool ConsumerState::caught_up() const {
  return std::all_of(fetchers_.begin(), fetchers_.end(),
                     [](const auto& fetcher) { return fetcher->paused() || fetcher->caught_up(); });
}

// Anything that a poll has to say.
bool ConsumerState::has_news() const {
  return woken_up_.load() || !core_->gate()->is_open() || has_new_partitions() ||
         std::any_of(fetchers_.begin(), fetchers_.end(),
                     [](const auto& fetcher) { return !fetcher->paused() && fetcher->has_news(); });
}

// Who tells of news: a log that shuts its gate or adds partitions the sleepers, a topic that is
// deleted its waiters.
std::vector<WaitSet*> ConsumerState::WaitSets() {
  std::vector<WaitSet*> sets = {core_->sleepers(), &wakeups_};
  for (const auto& fetcher : fetchers_) {
    if (!fetcher->paused()) sets.push_back(fetcher->partition()->waiters());
  }
  return sets;
}

bool ConsumerState::SpinForNews(absl::Duration timeout) const {
  constexpr int kLooksAtOnce = 64;  // between two at the clock, which takes longer than one
  const absl::Duration window = std::min(timeout, options_.tuning.spin);
  if (window <= absl::ZeroDuration()) return false;
  const absl::Duration end = core_->clock()->Monotonic() + window;
  do {
    for (int look = 0; look < kLooksAtOnce; ++look) {
      if (has_news()) return true;
    }
  } while (core_->clock()->Monotonic() < end);
  return false;
}

void ConsumerState::WaitForNews(absl::Duration timeout) {
  if (SpinForNews(timeout)) return;
  Event event;
  const WaitRegistration registration(&event, WaitSets());
  if (!has_news()) event.Wait(timeout);
}

// A blocked call on a manual clock runs what is due and moves the clock to the next due time, at
// most to its own timeout.
void ConsumerState::WaitOnManualClock(absl::Duration deadline) {
  core_->RunDue();
  if (has_news()) return;  // what a producer had sent, for instance
  const absl::Duration now = core_->clock()->Monotonic();
  const absl::Duration next = std::min(deadline, now + core_->UntilDue());
  if (next != absl::InfiniteDuration()) {
    core_->clock()->AdvanceTo(next);
  } else {
    WaitForNews(absl::InfiniteDuration());
  }
}

void ConsumerState::Wakeup() {
  if (core_->fork_guard().Forked()) return;
  woken_up_.store(true);
  wakeups_.Notify();
}

absl::StatusOr<int> ConsumerState::ReadyFd() {
  if (readiness_ == nullptr) {
    EVENTLOG_ASSIGN_OR_RETURN(auto fd, EventFd::Create());
    readiness_ = std::make_unique<Readiness>(std::move(fd));
    Watch();
  }
  return readiness_->fd;
}

void ConsumerState::Watch() {
  if (readiness_ == nullptr) return;
  readiness_->registration.emplace(&readiness_->event, WaitSets());
  UpdateReadiness();
}

void ConsumerState::UpdateReadiness() {
  if (readiness_ == nullptr) return;
  if (!has_news()) readiness_->event.Clear();  // what happens from here on sets it again ...
  if (has_news()) readiness_->event.Set();     // ... and what had happened is seen
}

}  // namespace eventlog::inline v1::internal
