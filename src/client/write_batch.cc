#include "client/handle_access.h"
#include "client/write_batch_state.h"
#include "eventlog/log.h"

namespace eventlog::inline v1 {

WriteBatch::WriteBatch() = default;
WriteBatch::~WriteBatch() = default;
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;

WriteBatch& WriteBatch::Append(const Topic& topic, const ProducerRecord& record) {
  if (state_ == nullptr) state_ = std::make_unique<internal::WriteBatchState>();
  state_->Append(internal::HandleAccess::State(topic), record);
  return *this;
}

WriteBatch& WriteBatch::CommitOffsets(const ConsumerGroupMetadata& group,
                                      absl::Span<const TopicPartitionOffset> offsets) {
  if (state_ == nullptr) state_ = std::make_unique<internal::WriteBatchState>();
  state_->CommitOffsets(group, offsets);
  return *this;
}

void WriteBatch::Clear() {
  if (state_ != nullptr) state_->Clear();
}

std::size_t WriteBatch::size() const { return state_ == nullptr ? 0 : state_->size(); }
std::size_t WriteBatch::bytes() const { return state_ == nullptr ? 0 : state_->bytes(); }

}  // namespace eventlog::inline v1
