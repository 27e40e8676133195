#include "client/producer_state.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/callback_scope.h"
#include "base/error.h"
#include "client/record_check.h"
#include "client/topic_state.h"
#include "fmt/format.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

// What a record takes besides its bytes while it is under way, about.
constexpr int64_t kOverheadBytes = 100;

absl::Status CheckOptions(const ProducerOptions& options) {
  std::string wrong;
  if (options.buffer_bytes < 1024 || options.buffer_bytes > (int64_t{1} << 30)) {
    wrong = fmt::format("buffer_bytes must be 1024 to 1073741824, not {}", options.buffer_bytes);
  }
  if (options.max_block < absl::ZeroDuration()) {
    wrong += wrong.empty() ? "" : "; ";
    wrong += "max_block must not be negative";
  }
  if (wrong.empty()) return absl::OkStatus();
  return MakeError(ErrorReason::kInvalidOption, "ProducerOptions: " + wrong);
}

absl::Status TimedOut(std::string_view what) { return MakeError(ErrorReason::kTimedOut, what); }

}  // namespace

absl::StatusOr<std::shared_ptr<ProducerState>> ProducerState::Create(std::shared_ptr<LogCore> core,
                                                                     ProducerOptions options) {
  EVENTLOG_RETURN_IF_ERROR(CheckOptions(options));
  return std::shared_ptr<ProducerState>(new ProducerState(std::move(core), std::move(options)));
}

absl::StatusOr<int32_t> ProducerState::Route(TopicState* topic,
                                             const ProducerRecord& record) const {
  if (topic == nullptr || topic->core() != core_.get()) {
    return MakeError(ErrorReason::kWrongLog, "the topic is not of this producer's log");
  }
  EVENTLOG_RETURN_IF_ERROR(topic->CheckNotDeleted());
  EVENTLOG_RETURN_IF_ERROR(topic->Check(record));
  if (record.partition != kAnyPartition || !options_.partitioner) return topic->Route(record);
  const auto partitions = static_cast<int32_t>(topic->partitions().size());
  const CallbackScope scope;
  const int32_t chosen = options_.partitioner(*topic->name(), record, partitions);
  if (chosen >= 0 && chosen < partitions) return chosen;
  return MakeError(ErrorReason::kUnknownPartition,
                   fmt::format("the partitioner chose {} for topic {}, which has {} partitions",
                               chosen, *topic->name(), partitions));
}

absl::Status ProducerState::Send(TopicState* topic, const ProducerRecord& record,
                                 SendCallback done) {
  Waiting waiting;
  waiting.bytes = static_cast<int64_t>(MaxEncodedRecordBytes(record)) + kOverheadBytes;
  absl::Status status;
  int32_t partition = kAnyPartition;
  for (bool full = true; full && status.ok();) {
    {
      const Call call(core_.get());
      if (!call.status().ok()) {
        status = call.status();
        break;
      }
      if (partition == kAnyPartition) {
        const auto chosen = Route(topic, record);
        if (!chosen.ok()) return chosen.status();
        partition = *chosen;
      }
      status = SendInside(topic, partition, record, &done, &waiting, &full);
    }
    if (full && status.ok()) status = AwaitSpace(&waiting);
  }
  GiveUpClaim(waiting);
  return status;
}

absl::Status ProducerState::SendInside(TopicState* topic, int32_t partition,
                                       const ProducerRecord& record, SendCallback* done,
                                       Waiting* waiting, bool* full) {
  if (waiting->bytes > options_.buffer_bytes) {
    return MakeError(ErrorReason::kRecordTooLarge,
                     fmt::format("the record takes up to {} bytes, buffer_bytes is {}",
                                 waiting->bytes, options_.buffer_bytes));
  }
  EVENTLOG_RETURN_IF_ERROR(core_->MakeRoom());
  EVENTLOG_RETURN_IF_ERROR(gate_.Enter());
  absl::Status accepted = Accept(topic, partition, record, done, waiting, full);
  gate_.Leave();
  return accepted;
}

absl::Status ProducerState::Accept(TopicState* topic, int32_t partition,
                                   const ProducerRecord& record, SendCallback* done,
                                   Waiting* waiting, bool* full) {
  uint64_t flush_epoch = 0;
  *full = !Reserve(waiting, &flush_epoch);
  if (*full) return absl::OkStatus();
  SendQueue* const queue = topic->send_queue(partition);
  const auto queued = queue->Push(record, {this, std::move(*done), waiting->bytes, flush_epoch},
                                  {topic->linger(), topic->batch_bytes()}, core_->log_time());
  if (!queued.ok()) {
    Unreserve(waiting->bytes, flush_epoch);
    return queued.status();
  }
  core_->sender()->OnQueued(queue, *queued);
  if (!space_waiters_.empty()) {
    core_->sender()->ScheduleAll();               // nothing that is waited for lingers
    if (sends_itself()) space_waiters_.Notify();  // one of them can send it
  }
  if (flushing_upto_.load() > flush_epoch) {  // a Flush waits for it, and may have looked before
    core_->sender()->ScheduleAll();
    MutexLock lock(&mutex_);
    sent_while_flushing_ = true;
    changed_.NotifyAll();
  }
  return absl::OkStatus();
}

// --- The buffer.

bool ProducerState::HasSpaceLocked(const Waiting& waiting) const {
  const int64_t of_others = waiting.has_claim ? 0 : claimed_bytes_;
  return buffered_bytes_ + waiting.bytes + of_others <= options_.buffer_bytes;
}

bool ProducerState::HasSpace(const Waiting& waiting) const {
  MutexLock lock(&mutex_);
  return HasSpaceLocked(waiting);
}

bool ProducerState::Reserve(Waiting* waiting, uint64_t* flush_epoch) {
  MutexLock lock(&mutex_);
  if (!HasSpaceLocked(*waiting)) {
    // Smaller records must not take for ever what a large one has waited for.
    if (waiting->has_deadline && claimed_bytes_ == 0) {
      claimed_bytes_ = waiting->bytes;
      waiting->has_claim = true;
    }
    return false;
  }
  buffered_bytes_ += waiting->bytes;
  ++under_way_.back();
  *flush_epoch = first_epoch_ + under_way_.size() - 1;
  return true;
}

void ProducerState::Unreserve(int64_t bytes, uint64_t flush_epoch) {
  {
    MutexLock lock(&mutex_);
    buffered_bytes_ -= bytes;
    LeaveEpoch({flush_epoch, 1});
    changed_.NotifyAll();
  }
  space_waiters_.Notify();
}

void ProducerState::GiveUpClaim(const Waiting& waiting) {
  if (!waiting.has_claim) return;
  {
    MutexLock lock(&mutex_);
    claimed_bytes_ = 0;
  }
  space_waiters_.Notify();
}

absl::Status ProducerState::AwaitSpace(Waiting* waiting) {
  if (options_.max_block == absl::ZeroDuration() || CallbackScope::Active()) {
    return MakeError(ErrorReason::kBufferFull,
                     fmt::format("the record takes up to {} bytes, and less is left of {} until "
                                 "others are acknowledged",
                                 waiting->bytes, options_.buffer_bytes));
  }
  Clock* const clock = core_->clock();
  if (!std::exchange(waiting->has_deadline, true)) {
    waiting->deadline = clock->Monotonic() + options_.max_block;
  }
  if (clock->Monotonic() >= waiting->deadline) {
    return TimedOut("no space in the producer's buffer within max_block");
  }
  Event event;
  const WaitRegistration registration(&event, {core_->sleepers(), &space_waiters_});
  core_->sender()->ScheduleAll();  // nothing that is waited for lingers; see Accept
  if (sends_itself()) core_->RunSends();
  // Whoever gives space, closes the producer or shuts the log's gate notifies.
  if (HasSpace(*waiting) || !gate_.is_open() || !core_->gate()->is_open()) return absl::OkStatus();
  if (has_to_send()) return absl::OkStatus();
  if (clock->IsManual()) {
    core_->RunDue();
    const absl::Duration next = std::min(waiting->deadline, clock->Monotonic() + core_->UntilDue());
    if (next != absl::InfiniteDuration()) {
      clock->AdvanceTo(next);
      return absl::OkStatus();
    }
  }
  event.Wait(waiting->deadline - clock->Monotonic());
  return absl::OkStatus();
}

// --- Flush and Close.

void ProducerState::LeaveEpoch(const EpochShare& share) {
  under_way_[share.flush_epoch - first_epoch_] -= share.records;
  while (under_way_.size() > 1 && under_way_.front() == 0) {
    under_way_.pop_front();
    ++first_epoch_;
  }
}

bool ProducerState::idle() const { return under_way_.size() == 1 && under_way_.front() == 0; }

absl::Status ProducerState::TakeFailure() {
  MutexLock lock(&mutex_);
  return std::exchange(failure_, absl::OkStatus());
}

absl::Status ProducerState::AwaitAccepted(absl::Duration timeout) {
  uint64_t upto = 0;
  {
    MutexLock lock(&mutex_);
    if (idle()) return absl::OkStatus();
    under_way_.push_back(0);
    upto = first_epoch_ + under_way_.size() - 1;
    flushing_upto_.store(upto);
  }
  Clock* const clock = Clock::System();
  const absl::Duration deadline = clock->Monotonic() + timeout;
  core_->sender()->ScheduleAll();
  for (;;) {
    if (sends_itself()) core_->RunSends();
    MutexLock lock(&mutex_);
    while (first_epoch_ < upto) {
      const absl::Duration left = deadline - clock->Monotonic();
      if (left <= absl::ZeroDuration()) return TimedOut("records are still under way");
      if (std::exchange(sent_while_flushing_, false) || has_to_send()) break;
      changed_.WaitFor(&mutex_, left);
    }
    if (first_epoch_ >= upto) return absl::OkStatus();
  }
}

absl::Status ProducerState::Flush(absl::Duration timeout) {
  if (core_->fork_guard().Forked()) return Call(core_.get()).status();
  EVENTLOG_RETURN_IF_ERROR(CheckNotInCallback("Producer::Flush"));
  absl::Status open = Call(core_.get()).status();
  if (open.ok() && !gate_.is_open()) open = ClosedError("the producer");
  // A log that is closed, or is closing, has completed everything or is about to.
  EVENTLOG_RETURN_IF_ERROR(AwaitAccepted(timeout));
  EVENTLOG_RETURN_IF_ERROR(TakeFailure());
  return ReasonOf(open) == ErrorReason::kClosed ? open : absl::OkStatus();
}

absl::Status ProducerState::Close(absl::Duration timeout) {
  if (core_->fork_guard().Forked()) return Call(core_.get()).status();
  EVENTLOG_RETURN_IF_ERROR(CheckNotInCallback("Producer::Close"));
  gate_.Shut(ClosedError("the producer"), absl::InfiniteDuration());
  space_waiters_.Notify();
  const absl::Status awaited = AwaitAccepted(timeout);
  core_->sender()->Disown(this, TimedOut("the producer was closed before this was acknowledged"));
  Deliver();
  {
    MutexLock lock(&mutex_);
    while (!idle()) changed_.Wait(&mutex_);
  }
  const absl::Status failure = TakeFailure();
  return awaited.ok() ? failure : awaited;
}

void ProducerState::Abandon() {
  gate_.Shut(ClosedError("the producer"), absl::InfiniteDuration());
  space_waiters_.Notify();
  {
    MutexLock lock(&mutex_);
    if (idle()) return;
    self_ = shared_from_this();
  }
  core_->sender()->ScheduleAll();
}

// --- Callbacks.

void ProducerState::OnResolved(std::vector<SendResult>* results) {
  int64_t bytes = 0;
  for (const SendResult& result : *results) bytes += result.bytes;
  MutexLock lock(&mutex_);
  completed_bytes_ += bytes;
  if (completed_.empty()) completed_.swap(*results);
  for (SendResult& result : *results) completed_.push_back(std::move(result));
  results->clear();
  if (std::exchange(is_ready_, true)) return;
  // Under the lock: whoever delivers meanwhile may be the last to hold this.
  core_->sender()->AddReady(shared_from_this());
}

void ProducerState::Deliver() noexcept {
  std::shared_ptr<ProducerState> self;
  MutexLock lock(&mutex_);
  is_ready_ = false;
  if (delivering_) return;  // whoever does looks again
  delivering_ = true;
  while (!completed_.empty() && !core_->fork_guard().Forked()) RunCompleted();
  delivering_ = false;
  if (idle()) self = std::move(self_);
}

ProducerState::EpochShares ProducerState::SharesOf(const std::vector<SendResult>& results) {
  EpochShares shares;
  for (const SendResult& result : results) {
    if (shares.empty() || shares.back().flush_epoch != result.flush_epoch) {
      shares.push_back({result.flush_epoch, 0});
    }
    ++shares.back().records;
  }
  return shares;
}

void ProducerState::RunCompleted() {
  delivered_.swap(completed_);
  buffered_bytes_ -= std::exchange(completed_bytes_, 0);
  mutex_.Unlock();
  space_waiters_.Notify();
  absl::Status failure;
  {
    const CallbackScope scope;
    for (SendResult& result : delivered_) {
      if (core_->fork_guard().Forked()) break;  // the one before has forked, and this is the child
      if (result.done) {
        std::move(result.done)(result.result);
        result.done = nullptr;  // what it holds ends inside the scope, too
      } else {
        failure.Update(std::move(result.result).status());
      }
    }
  }
  const EpochShares shares = SharesOf(delivered_);
  delivered_.clear();
  mutex_.Lock();
  failure_.Update(failure);
  for (const EpochShare& share : shares) LeaveEpoch(share);
  changed_.NotifyAll();
}

}  // namespace eventlog::inline v1::internal
