// Log: every method is one Call on the log, then LogState's.
#include "eventlog/log.h"

#include <utility>

#include "base/callback_scope.h"
#include "base/error.h"
#include "client/consumer_state.h"
#include "client/handle_access.h"
#include "client/producer_state.h"
#include "client/write_batch_state.h"
#include "log/destroy.h"
#include "log/log_options.h"
#include "log/log_state.h"

namespace eventlog::inline v1 {

using internal::Call;
using internal::HandleAccess;

absl::StatusOr<Log> Log::Open(LogOptions options) {
  EVENTLOG_RETURN_IF_ERROR(internal::ResolveOptions(&options));
  auto state = std::make_shared<internal::LogState>(std::move(options));
  absl::Status opened = state->Open();
  state->TellObserver();
  if (!opened.ok()) {
    state->Abandon();
    return opened;
  }
  return HandleAccess::Make<Log>(std::move(state));
}

absl::Status Log::Destroy(std::string_view directory) {
  return internal::DestroyLog(FileSystem::Posix(), std::string(directory));
}

Log::Log() = default;

Log::~Log() {
  if (state_ == nullptr) return;
  if (state_->fork_guard().Forked()) {
    // The threads and files are the parent's: nothing here may be joined, written or closed.
    new std::shared_ptr<internal::LogState>(std::move(state_));
    return;
  }
  static_cast<void>(state_->Close(absl::InfiniteDuration()));
}

Log::Log(Log&&) noexcept = default;

Log& Log::operator=(Log&& other) noexcept {
  Log old(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

absl::StatusOr<Topic> Log::OpenTopic(std::string_view name, const TopicOptions& options) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto topic, state_->OpenTopic(name, options));
  return HandleAccess::Make<Topic>(std::move(topic));
}

absl::StatusOr<Topic> Log::CreateTopic(std::string_view name, const TopicOptions& options) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto topic, state_->OpenTopic(name, options, /*must_be_new=*/true));
  return HandleAccess::Make<Topic>(std::move(topic));
}

absl::Status Log::AlterTopic(std::string_view name, const TopicOptions& options) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->AlterTopic(name, options);
}

absl::Status Log::DeleteTopic(std::string_view name) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->DeleteTopic(name);
}

absl::StatusOr<TopicDescription> Log::DescribeTopic(std::string_view name) const {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->DescribeTopic(name);
}

absl::StatusOr<std::vector<std::string>> Log::ListTopics() const {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->ListTopics();
}

absl::StatusOr<Producer> Log::NewProducer(ProducerOptions options) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto producer,
                            internal::ProducerState::Create(state_, std::move(options)));
  return HandleAccess::Make<Producer>(std::move(producer));
}

absl::StatusOr<Consumer> Log::NewConsumer(ConsumerOptions options) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            internal::ConsumerState::Create(state_, std::move(options)));
  return HandleAccess::Make<Consumer>(std::move(consumer));
}

absl::Status Log::Write(const WriteBatch& batch, std::vector<RecordMetadata>* metadata) {
  if (metadata != nullptr) metadata->clear();
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  const auto& contents = HandleAccess::State(batch);
  return contents == nullptr ? absl::OkStatus() : state_->Write(*contents, metadata);
}

absl::StatusOr<std::vector<std::string>> Log::ListGroups() const {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->offsets()->Groups();
}

absl::StatusOr<std::vector<TopicPartitionOffset>> Log::CommittedOffsets(
    std::string_view group) const {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->offsets()->Committed(group);
}

absl::Status Log::AlterOffsets(std::string_view group,
                               absl::Span<const TopicPartitionOffset> offsets) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->AlterOffsets(group, offsets);
}

absl::Status Log::DeleteGroup(std::string_view group) {
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->DeleteGroup(group);
}

absl::Status Log::RunMaintenance(absl::Duration budget) {
  EVENTLOG_RETURN_IF_ERROR(internal::CheckNotInCallback("Log::RunMaintenance"));
  const Call call(state_.get());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return state_->RunMaintenance(budget);
}

absl::Duration Log::UntilMaintenance() const {
  const Call call(state_.get());
  return call.status().ok() ? state_->UntilDue() : absl::InfiniteDuration();
}

RecoveryReport Log::recovery_report() const {
  const Call call(state_.get());
  return call.status().ok() ? state_->recovery_report() : RecoveryReport();
}

absl::Status Log::Reopen() {
  if (state_ == nullptr || state_->fork_guard().Forked()) return Call(state_.get()).status();
  const absl::Status reopened = state_->Reopen();
  state_->TellObserver();
  return reopened;
}

absl::Status Log::Close(absl::Duration timeout) {
  if (state_ == nullptr) return absl::OkStatus();
  if (state_->fork_guard().Forked()) return Call(state_.get()).status();
  const absl::Status closed = state_->Close(timeout);
  state_->TellObserver();
  return closed;
}

}  // namespace eventlog::inline v1
