#include "client/send_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

absl::StatusOr<SendQueue::Queued> SendQueue::Push(const ProducerRecord& record, Send send,
                                                  const Config& config, const LogTime& time) {
  const AppendTime now = time.Now();
  MutexLock lock(&mutex_);
  EVENTLOG_ASSIGN_OR_RETURN(const AppendTicket ticket, partition_->Stage({&record, 1}, now));
  Queued queued;
  queued.is_first = !std::exchange(is_waiting_, true);
  queued.linger = config.linger;
  config_ = config;
  waiting_bytes_ += send.bytes;
  newer_.push_back({std::move(send), ticket, TimestampMs(record, now.wall_ms)});
  if (config.linger <= absl::ZeroDuration() || waiting_bytes_ >= config.batch_bytes) {
    due_ = kDueNow;
  } else if (queued.is_first) {
    due_ = time.clock()->Monotonic() + config.linger;
  }
  queued.is_due = due_ == kDueNow;
  queued.is_unlisted = !std::exchange(listed_, true);
  return queued;
}

bool SendQueue::LookAgain() {
  MutexLock telling(&teller_mutex_);
  MutexLock lock(&mutex_);
  const auto is_dropped = [this](const Pending& p) { return partition_->IsDropped(p.ticket); };
  if (std::any_of(older_.begin(), older_.end(), is_dropped) ||
      std::any_of(newer_.begin(), newer_.end(), is_dropped)) {
    due_ = kDueNow;  // the partition takes nothing until it is told
  }
  return due_ == kDueNow;
}

void SendQueue::Collect(absl::Duration now, bool all, std::vector<StagedAppend>* due) {
  MutexLock telling(&teller_mutex_);
  SettleLocked(absl::OkStatus());
  {
    MutexLock lock(&mutex_);
    if (!all && due_ > now) return;
    MoveNewer();
  }
  if (older_.empty()) return;
  collected_end_ = older_.back().ticket.end_offset;
  // What was dropped is told in its turn, after what came before it and was not.
  const auto newest = std::find_if(older_.rbegin(), older_.rend(), [this](const Pending& p) {
    return !partition_->IsDropped(p.ticket);
  });
  if (newest != older_.rend()) due->push_back({partition_, newest->ticket});
}

absl::Duration SendQueue::FinishRound(absl::Duration now) {
  MutexLock telling(&teller_mutex_);
  SettleLocked(absl::OkStatus());
  const int64_t collected_end = std::exchange(collected_end_, -1);
  MutexLock lock(&mutex_);
  if (!is_waiting_) return absl::InfiniteDuration();
  if (collected_end >= 0) {
    // What is left came after the round began, or before something that was dropped meanwhile.
    const bool is_due = (!older_.empty() && older_.front().ticket.first_offset < collected_end) ||
                        waiting_bytes_ >= config_.batch_bytes;
    due_ = is_due || config_.linger <= absl::ZeroDuration() ? kDueNow : now + config_.linger;
  }
  return due_;
}

bool SendQueue::Delist() {
  MutexLock lock(&mutex_);
  if (is_waiting_) return false;
  listed_ = false;
  return true;
}

void SendQueue::Settle() {
  MutexLock telling(&teller_mutex_);
  SettleLocked(absl::OkStatus());
}

void SendQueue::Fail(const absl::Status& why) {
  MutexLock telling(&teller_mutex_);
  SettleLocked(why);
}

void SendQueue::Disown(const SendSink* sink, const absl::Status& why) {
  MutexLock telling(&teller_mutex_);
  SettleLocked(absl::OkStatus());
  {
    MutexLock lock(&mutex_);
    MoveNewer();
  }
  for (Pending& pending : older_) {
    if (pending.send.sink != sink) continue;
    Tell(&pending, why);
    pending.send.sink = nullptr;
  }
  HandOver();
}

void SendQueue::SettleLocked(const absl::Status& rest) {
  int64_t told_bytes = TellOlder(rest);
  // Once: who sends without end is not to keep this thread here. What comes later has its own turn.
  if (TakeNewer(rest)) told_bytes += TellOlder(rest);
  HandOver();
  MutexLock lock(&mutex_);
  waiting_bytes_ -= told_bytes;
  is_waiting_ = !older_.empty() || !newer_.empty();
}

int64_t SendQueue::TellOlder(const absl::Status& rest) {
  int64_t bytes = 0;
  int64_t tickets = 0;
  auto pending = older_.begin();
  for (; pending != older_.end(); ++pending) {
    const AppendTicket ticket = pending->ticket;
    if (partition_->IsAcknowledged(ticket)) {
      Tell(&*pending, RecordMetadata{number_, ticket.first_offset,
                                     absl::FromUnixMillis(pending->timestamp_ms)});
    } else if (partition_->IsDropped(ticket)) {
      Tell(&*pending, partition_->DropReason());
    } else if (!rest.ok()) {
      Tell(&*pending, rest);
    } else {
      break;
    }
    if (ticket.counted) ++tickets;
    bytes += pending->send.bytes;
  }
  older_.erase(older_.begin(), pending);
  if (tickets > 0) partition_->FinishCounted(tickets);
  return bytes;
}

bool SendQueue::TakeNewer(const absl::Status& rest) {
  MutexLock lock(&mutex_);
  if (!older_.empty() || newer_.empty()) return false;
  const AppendTicket& next = newer_.front().ticket;
  if (rest.ok() && !partition_->IsAcknowledged(next) && !partition_->IsDropped(next)) return false;
  MoveNewer();
  return true;
}

void SendQueue::MoveNewer() {
  if (older_.empty()) return older_.swap(newer_);
  older_.insert(older_.end(), std::make_move_iterator(newer_.begin()),
                std::make_move_iterator(newer_.end()));
  newer_.clear();
}

void SendQueue::Tell(Pending* pending, absl::StatusOr<RecordMetadata> result) {
  Send* const send = &pending->send;
  if (send->sink == nullptr) return;
  if (send->sink != results_sink_) HandOver();
  results_sink_ = send->sink;
  if (!result.ok()) result = OwnCopy(result.status());  // told on another thread
  results_.push_back({std::move(send->done), send->bytes, send->flush_epoch, std::move(result)});
}

void SendQueue::HandOver() {
  if (!results_.empty()) results_sink_->OnResolved(&results_);
}

SendQueue* SendQueues::Of(Partition* partition, int32_t number) {
  Lazy& lazy = queues_[static_cast<std::size_t>(number)];
  std::call_once(lazy.made, [&] {
    lazy.queue = std::make_shared<SendQueue>(partition->shared_from_this(), number);
  });
  return lazy.queue.get();
}

}  // namespace eventlog::inline v1::internal
