#include "client/sender.h"

#include <algorithm>
#include <utility>

#include "client/log_core.h"

namespace eventlog::inline v1::internal {

void Sender::OnQueued(SendQueue* queue, const SendQueue::Queued& queued) {
  bool is_due = queued.is_due;
  if (queued.is_unlisted) {
    {
      MutexLock lock(&mutex_);
      queues_.push_back(queue->shared_from_this());
    }
    // The task did not see what others queued, or dropped, meanwhile.
    is_due = is_due || queue->LookAgain();
  }
  if (is_due) {
    ScheduleNow();
  } else if (queued.is_first) {
    core_->ScheduleSends(queued.linger);
  }
}

void Sender::ScheduleAll() {
  all_due_.store(true);
  ScheduleNow();
}

// Whoever queued a record before the task looked at its queue is seen by it. Whoever did so after
// that sees the flag cleared: the queue's lock orders the two. Nor is a set all_due_ missed: it and
// the flag are sequentially consistent.
void Sender::ScheduleNow() {
  if (scheduled_.load() || scheduled_.exchange(true)) return;
  core_->ScheduleSends(absl::ZeroDuration());
}

void Sender::Run() {
  scheduled_.store(false);
  const bool all = all_due_.exchange(false);
  const absl::Duration now = core_->clock()->Monotonic();
  const auto queues = Queues();
  std::vector<StagedAppend> due;
  for (const auto& queue : queues) queue->Collect(now, all, &due);
  const absl::Status resolved = AwaitResolved(core_->journal(), due);
  if (!resolved.ok()) FailAll(resolved);
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& queue : queues) next = std::min(next, queue->FinishRound(now));
  WriteClosedBatches(due);
  DelistEmpty();
  if (next == SendQueue::kDueNow) {
    ScheduleNow();
  } else if (next != absl::InfiniteDuration()) {
    core_->ScheduleSends(std::max(absl::ZeroDuration(), next - core_->clock()->Monotonic()));
  }
}

void Sender::RunToEnd() {
  while (!Queues().empty()) {
    all_due_.store(true);
    Run();
  }
}

void Sender::FailAll(const absl::Status& why) {
  for (const auto& queue : Queues()) queue->Fail(why);
  DelistEmpty();
}

void Sender::SettleDropped() {
  const uint64_t drops = core_->health().drops();
  if (drops_settled_.load(std::memory_order_relaxed) == drops) return;
  drops_settled_.store(drops, std::memory_order_relaxed);
  for (const auto& queue : Queues()) queue->Settle();
  ScheduleAll();  // their callbacks, and what they wait for behind records that were not dropped
}

void Sender::Disown(const SendSink* sink, const absl::Status& why) {
  for (const auto& queue : Queues()) queue->Disown(sink, why);
}

std::vector<std::shared_ptr<SendQueue>> Sender::Queues() {
  MutexLock lock(&mutex_);
  return queues_;
}

void Sender::DelistEmpty() {
  MutexLock lock(&mutex_);
  const auto kept = std::remove_if(queues_.begin(), queues_.end(),
                                   [](const auto& queue) { return queue->Delist(); });
  queues_.erase(kept, queues_.end());
}

void Sender::AddReady(std::shared_ptr<SendSink> sink) {
  MutexLock lock(&ready_mutex_);
  ready_.push_back(std::move(sink));
}

void Sender::Deliver() {
  for (;;) {
    std::shared_ptr<SendSink> sink;
    {
      MutexLock lock(&ready_mutex_);
      if (ready_.empty()) return;
      sink = std::move(ready_.front());
      ready_.pop_front();
      ++delivering_;
    }
    sink->Deliver();
    MutexLock lock(&ready_mutex_);
    if (--delivering_ == 0) delivered_.NotifyAll();
  }
}

void Sender::DeliverAll() {
  Deliver();
  MutexLock lock(&ready_mutex_);
  while (delivering_ > 0) delivered_.Wait(&ready_mutex_);
}

}  // namespace eventlog::inline v1::internal
