// Producer: the handle over ProducerState.
#include "eventlog/producer.h"

#include <utility>

#include "base/callback_scope.h"
#include "client/handle_access.h"
#include "client/log_core.h"
#include "client/producer_state.h"

namespace eventlog::inline v1 {

using internal::HandleAccess;

namespace {

absl::Status NoProducer() { return internal::ClosedError("the handle"); }

}  // namespace

Producer::Producer() = default;

Producer::~Producer() {
  if (state_ == nullptr) return;
  if (state_->core()->fork_guard().Forked()) {
    // Its callbacks are the parent's to run.
    new std::shared_ptr<internal::ProducerState>(std::move(state_));
  } else if (internal::CallbackScope::Active()) {
    state_->Abandon();
  } else {
    static_cast<void>(state_->Close(absl::InfiniteDuration()));
  }
}

Producer::Producer(Producer&&) noexcept = default;

Producer& Producer::operator=(Producer&& other) noexcept {
  Producer old(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

absl::Status Producer::Send(const Topic& topic, const ProducerRecord& record, SendCallback done) {
  if (state_ == nullptr) return NoProducer();
  return state_->Send(HandleAccess::State(topic).get(), record, std::move(done));
}

absl::Status Producer::Send(const Topic& topic, const ProducerRecord& record) {
  return Send(topic, record, nullptr);
}

absl::Status Producer::Flush(absl::Duration timeout) {
  return state_ == nullptr ? NoProducer() : state_->Flush(timeout);
}

absl::Status Producer::Close(absl::Duration timeout) {
  if (state_ == nullptr) return absl::OkStatus();
  return state_->Close(timeout);
}

}  // namespace eventlog::inline v1
