#include "client/send_queue.h"

#include <algorithm>
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
  queued.is_first = pending_.empty();
  queued.linger = config.linger;
  config_ = config;
  pending_bytes_ += send.bytes;
  pending_.push_back({std::move(send), ticket, TimestampMs(record, now.wall_ms)});
  if (config.linger <= absl::ZeroDuration() || pending_bytes_ >= config.batch_bytes) {
    due_ = kDueNow;
  } else if (queued.is_first) {
    due_ = time.clock()->Monotonic() + config.linger;
  }
  queued.is_due = due_ == kDueNow;
  queued.is_unlisted = !std::exchange(listed_, true);
  return queued;
}

bool SendQueue::LookAgain() {
  MutexLock lock(&mutex_);
  const bool dropped = std::any_of(pending_.begin(), pending_.end(), [this](const Pending& p) {
    return partition_->IsDropped(p.ticket);
  });
  if (dropped) due_ = kDueNow;  // the partition takes nothing until it is told
  return due_ == kDueNow;
}

void SendQueue::Collect(absl::Duration now, bool all, std::vector<StagedAppend>* due) {
  MutexLock lock(&mutex_);
  SettleLocked(absl::OkStatus());
  if (pending_.empty() || (!all && due_ > now)) return;
  collected_end_ = pending_.back().ticket.end_offset;
  // What was dropped is told in its turn, after what came before it and was not.
  const auto newest = std::find_if(pending_.rbegin(), pending_.rend(), [this](const Pending& p) {
    return !partition_->IsDropped(p.ticket);
  });
  if (newest != pending_.rend()) due->push_back({partition_, newest->ticket});
}

absl::Duration SendQueue::FinishRound(absl::Duration now) {
  MutexLock lock(&mutex_);
  SettleLocked(absl::OkStatus());
  const int64_t collected_end = std::exchange(collected_end_, -1);
  if (pending_.empty()) return absl::InfiniteDuration();
  if (collected_end >= 0) {
    // What is left came after the round began, or before something that was dropped meanwhile.
    const bool is_due = pending_.front().ticket.first_offset < collected_end ||
                        pending_bytes_ >= config_.batch_bytes;
    due_ = is_due || config_.linger <= absl::ZeroDuration() ? kDueNow : now + config_.linger;
  }
  return due_;
}

bool SendQueue::Delist() {
  MutexLock lock(&mutex_);
  if (!pending_.empty()) return false;
  listed_ = false;
  return true;
}

void SendQueue::Settle() {
  MutexLock lock(&mutex_);
  SettleLocked(absl::OkStatus());
}

void SendQueue::Fail(const absl::Status& why) {
  MutexLock lock(&mutex_);
  SettleLocked(why);
}

void SendQueue::Disown(const SendSink* sink, const absl::Status& why) {
  MutexLock lock(&mutex_);
  SettleLocked(absl::OkStatus());
  for (Pending& pending : pending_) {
    if (pending.send.sink != sink) continue;
    Tell(&pending, why);
    pending.send.sink = nullptr;
  }
  HandOver();
}

void SendQueue::SettleLocked(const absl::Status& rest) {
  auto pending = pending_.begin();
  for (; pending != pending_.end(); ++pending) {
    const AppendTicket ticket = pending->ticket;
    if (partition_->IsAcknowledged(ticket)) {
      Tell(&*pending, RecordMetadata{number_, pending->ticket.first_offset,
                                     absl::FromUnixMillis(pending->timestamp_ms)});
    } else if (partition_->IsDropped(ticket)) {
      Tell(&*pending, partition_->DropReason());
    } else if (!rest.ok()) {
      Tell(&*pending, rest);
    } else {
      break;
    }
    partition_->Finish(ticket);
    pending_bytes_ -= pending->send.bytes;
  }
  pending_.erase(pending_.begin(), pending);
  HandOver();
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
  if (results_.empty()) return;
  results_sink_->OnResolved(absl::MakeSpan(results_));
  results_.clear();
}

SendQueue* SendQueues::Of(Partition* partition, int32_t number) {
  const auto index = static_cast<std::size_t>(number);
  MutexLock lock(&mutex_);
  if (index >= queues_.size()) queues_.resize(index + 1);
  if (queues_[index] == nullptr) {
    queues_[index] = std::make_shared<SendQueue>(partition->shared_from_this(), number);
  }
  return queues_[index].get();
}

}  // namespace eventlog::inline v1::internal
