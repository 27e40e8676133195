// Polling, and waiting without a spin: the waiter registers with every partition, looks once more,
// and sleeps until one of them shows a record or the log closes.
#include <algorithm>

#include "base/error.h"
#include "client/consumer_state.h"
#include "partition/wait_set.h"

namespace eventlog::inline v1::internal {

absl::Status ConsumerState::Poll(absl::Duration timeout, ConsumerRecords* records) {
  records->Clear();
  if (core_->fork_guard().Forked()) return Call(core_.get()).status();
  const absl::Duration deadline = core_->clock()->Monotonic() + timeout;
  for (;;) {
    {
      const Call call(core_.get());
      EVENTLOG_RETURN_IF_ERROR(call.status());
      if (closed_) return ClosedError("the consumer");
      bool found = false;
      EVENTLOG_RETURN_IF_ERROR(PollOnce(records, &found));
      if (found) return absl::OkStatus();
    }
    const absl::Duration left = deadline - core_->clock()->Monotonic();
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    if (core_->clock()->IsManual()) {
      WaitOnManualClock(deadline);
    } else {
      WaitForRecords(left);
    }
  }
}

absl::Status ConsumerState::PollOnce(ConsumerRecords* records, bool* found) {
  std::vector<RecordView>* const views = ConsumerRecordsAccess::records(records);
  RecordPins* const pins = ConsumerRecordsAccess::pins(records);
  const auto most = static_cast<std::size_t>(options_.max_poll_records);
  absl::Status status;
  for (std::size_t turn = 0; turn < fetchers_.size() && views->size() < most; ++turn) {
    PartitionFetcher* const fetcher = fetchers_[next_].get();
    status = FetchFrom(fetcher, most - views->size(), views, pins);
    if (!status.ok()) break;
    next_ = (next_ + 1) % fetchers_.size();
  }
  // What was read before the error is handed out; the error comes again with the next poll.
  *found = !views->empty();
  if (!*found && !status.ok()) {
    records->Clear();
    return status;
  }
  ConsumerRecordsAccess::Finish(records, status.ok() && caught_up());
  return absl::OkStatus();
}

absl::Status ConsumerState::FetchFrom(PartitionFetcher* fetcher, std::size_t max_records,
                                      std::vector<RecordView>* records, RecordPins* pins) {
  EVENTLOG_RETURN_IF_ERROR(Position(fetcher).status());
  auto count = fetcher->Fetch(max_records, options_.tuning.fetch_bytes, records, pins);
  if (count.ok() || ReasonOf(count.status()) != ErrorReason::kBelowLogStart) {
    return count.status();
  }
  // Retention went past this consumer.
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t start, ResetPosition(fetcher, count.status()));
  fetcher->SetPosition(start);
  return fetcher->Fetch(max_records, options_.tuning.fetch_bytes, records, pins).status();
}

bool ConsumerState::has_news() const {
  return !caught_up() || std::any_of(fetchers_.begin(), fetchers_.end(), [](const auto& fetcher) {
    return !fetcher->topic()->CheckNotDeleted().ok();
  });
}

bool ConsumerState::caught_up() const {
  return std::all_of(fetchers_.begin(), fetchers_.end(),
                     [](const auto& fetcher) { return fetcher->caught_up(); });
}

void ConsumerState::WaitForRecords(absl::Duration timeout) {
  Event event;
  core_->sleepers()->Add(&event);
  for (const auto& fetcher : fetchers_) fetcher->partition()->waiters()->Add(&event);
  // A topic that is deleted notifies its waiters, and a log that shuts its gate the sleepers.
  if (!has_news() && core_->gate()->is_open()) event.Wait(timeout);
  for (const auto& fetcher : fetchers_) fetcher->partition()->waiters()->Remove(&event);
  core_->sleepers()->Remove(&event);
}

// A blocked call on a manual clock runs what is due and moves the clock to the next due time, at
// most to its own timeout.
void ConsumerState::WaitOnManualClock(absl::Duration deadline) {
  core_->RunDue();
  const absl::Duration now = core_->clock()->Monotonic();
  const absl::Duration next = std::min(deadline, now + core_->UntilDue());
  if (next != absl::InfiniteDuration()) {
    core_->clock()->AdvanceTo(next);
  } else {
    WaitForRecords(absl::InfiniteDuration());
  }
}

}  // namespace eventlog::inline v1::internal
