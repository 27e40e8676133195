#include "client/topic_state.h"

#include "base/error.h"
#include "fmt/format.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

absl::Status TopicState::DeletedError() const {
  return MakeError(ErrorReason::kUnknownTopic, "topic " + *name_ + " is deleted");
}

int32_t TopicState::ChoosePartition(const ProducerRecord& record, int32_t partitions) {
  if (!record.key.is_null()) return PartitionForKey(record.key.view(), partitions);
  return sticky_.Next(partitions, batch_bytes_.load(std::memory_order_relaxed),
                      static_cast<int64_t>(MaxEncodedRecordBytes(record)));
}

absl::StatusOr<Partition*> TopicState::FindPartition(int32_t partition) const {
  if (partition < 0 || partition >= static_cast<int32_t>(partitions_.size())) {
    return MakeError(ErrorReason::kUnknownPartition,
                     fmt::format("topic {} has partitions 0 to {}, not {}", *name_,
                                 partitions_.size() - 1, partition));
  }
  return partitions_[static_cast<std::size_t>(partition)].get();
}

}  // namespace eventlog::inline v1::internal
