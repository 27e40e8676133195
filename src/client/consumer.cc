// Consumer: every method is one Call on the log, then ConsumerState's.
#include "eventlog/consumer.h"

#include <utility>

#include "base/error.h"
#include "client/consumer_state.h"
#include "client/log_core.h"

namespace eventlog::inline v1 {
namespace {

internal::LogCore* CoreOf(const std::unique_ptr<internal::ConsumerState>& state) {
  return state == nullptr || state->closed() ? nullptr : state->core();
}

}  // namespace

Consumer::Consumer() = default;
Consumer::~Consumer() = default;
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;

absl::Status Consumer::Poll(absl::Duration timeout, ConsumerRecords* records) {
  if (CoreOf(state_) == nullptr) {
    records->Clear();
    return internal::ClosedError("the consumer");
  }
  return state_->Poll(timeout, records);
}

void Consumer::Wakeup() {
  if (state_ != nullptr) state_->Wakeup();
}

absl::StatusOr<int> Consumer::ReadyFd() {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->ReadyFd();
}

absl::Status Consumer::Commit() {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->CommitPositions();
}

absl::Status Consumer::Commit(const RecordView& record) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->Commit({{std::string(record.topic()), record.partition(), record.offset() + 1,
                          record.leader_epoch(), ""}});
}

absl::Status Consumer::Commit(absl::Span<const TopicPartitionOffset> offsets) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->Commit({offsets.begin(), offsets.end()});
}

absl::StatusOr<std::vector<TopicPartitionOffset>> Consumer::Committed() const {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->Committed();
}

ConsumerGroupMetadata Consumer::GroupMetadata() const {
  return {state_ == nullptr ? std::string() : state_->group(), -1, ""};
}

absl::Status Consumer::Seek(OffsetSpec to) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->SeekAll(to);
}

absl::Status Consumer::Seek(const TopicPartition& partition, OffsetSpec to) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto* fetcher, state_->Find(partition));
  return state_->Seek(fetcher, to);
}

absl::Status Consumer::Seek(absl::Span<const TopicPartitionOffset> offsets) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->SeekTo(offsets);
}

absl::StatusOr<int64_t> Consumer::Position(const TopicPartition& partition) const {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto* fetcher, state_->Find(partition));
  return state_->Position(fetcher);
}

absl::StatusOr<std::vector<TopicPartitionOffset>> Consumer::ListOffsets(
    const OffsetSpec& spec) const {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->ListOffsets(spec);
}

absl::StatusOr<int64_t> Consumer::Lag() const {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->Lag();
}

absl::Status Consumer::Assign(std::vector<TopicPartition> partitions) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  if (state_->subscribed()) {
    return internal::MakeError(absl::StatusCode::kFailedPrecondition,
                               "the consumer was made for whole topics: it cannot be assigned");
  }
  return state_->Assign(partitions);
}

std::vector<TopicPartition> Consumer::Assignment() const {
  if (CoreOf(state_) == nullptr) return {};
  return state_->Assignment();
}

absl::Status Consumer::Pause(absl::Span<const TopicPartition> partitions) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->SetPaused(partitions, true);
}

absl::Status Consumer::Resume(absl::Span<const TopicPartition> partitions) {
  const internal::Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->SetPaused(partitions, false);
}

absl::Status Consumer::Close() {
  if (state_ == nullptr) return absl::OkStatus();
  if (state_->core()->fork_guard().Forked()) return internal::Call(state_->core()).status();
  return state_->Close();
}

}  // namespace eventlog::inline v1
