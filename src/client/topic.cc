// Topic: the public append path. Next hop: Partition::Stage, then AwaitAppends.
#include "eventlog/topic.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "client/log_core.h"
#include "client/offset_spec.h"
#include "client/partition_offsets.h"
#include "client/topic_state.h"
#include "fmt/format.h"
#include "format/record.h"
#include "partition/append_wait.h"

namespace eventlog::inline v1 {

using internal::Call;
using internal::Partition;
using internal::StagedAppend;

namespace {

internal::LogCore* CoreOf(const std::shared_ptr<internal::TopicState>& state) {
  return state == nullptr ? nullptr : state->core();
}

// The records of one AppendAll that go to one partition.
struct Share {
  int32_t partition = 0;
  std::vector<ProducerRecord> records;
  std::vector<std::size_t> indices;  // in the caller's order
};

// Checks every record before anything is staged.
absl::StatusOr<std::vector<Share>> RouteAll(internal::TopicState* topic,
                                            absl::Span<const ProducerRecord> records) {
  std::vector<Share> shares;
  const int64_t max_bytes = topic->core()->limits().max_write_bytes;
  int64_t bytes = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto partition = topic->Route(records[i]);
    if (!partition.ok()) return internal::WithFailedIndex(partition.status(), i);
    bytes += static_cast<int64_t>(internal::MaxEncodedRecordBytes(records[i]));
    if (bytes > max_bytes) {
      return internal::WithFailedIndex(
          internal::MakeError(
              ErrorReason::kRecordTooLarge,
              fmt::format("the records up to this one take {} bytes, max_write_bytes is {}", bytes,
                          max_bytes)),
          i);
    }
    auto share = std::find_if(shares.begin(), shares.end(), [&](const Share& candidate) {
      return candidate.partition == *partition;
    });
    if (share == shares.end()) share = shares.insert(shares.end(), Share{*partition, {}, {}});
    share->records.push_back(records[i]);
    share->indices.push_back(i);
  }
  return shares;
}

}  // namespace

std::string_view Topic::name() const {
  return state_ == nullptr ? std::string_view() : std::string_view(*state_->name());
}

int32_t Topic::partitions() const {
  return state_ == nullptr ? 0 : static_cast<int32_t>(state_->partitions().size());
}

absl::StatusOr<RecordMetadata> Topic::Append(const ProducerRecord& record) const {
  const Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(state_->CheckNotDeleted());
  EVENTLOG_ASSIGN_OR_RETURN(const int32_t number, state_->Route(record));
  EVENTLOG_RETURN_IF_ERROR(state_->core()->MakeRoom());

  const auto& partition = state_->partitions()[static_cast<std::size_t>(number)];
  const internal::AppendTime now = state_->core()->log_time().Now();
  EVENTLOG_ASSIGN_OR_RETURN(const auto ticket, partition->Stage({&record, 1}, now, nullptr));
  EVENTLOG_RETURN_IF_ERROR(internal::AwaitAppend(state_->core()->journal(), partition, ticket));
  const int64_t timestamp_ms =
      record.timestamp.has_value() ? absl::ToUnixMillis(*record.timestamp) : now.wall_ms;
  return RecordMetadata{number, ticket.first_offset, absl::FromUnixMillis(timestamp_ms)};
}

absl::Status Topic::AppendAll(absl::Span<const ProducerRecord> records,
                              std::vector<RecordMetadata>* metadata) const {
  if (metadata != nullptr) metadata->clear();
  const Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(state_->CheckNotDeleted());
  EVENTLOG_ASSIGN_OR_RETURN(const auto shares, RouteAll(state_.get(), records));
  EVENTLOG_RETURN_IF_ERROR(state_->core()->MakeRoom());

  std::vector<RecordMetadata> placed(records.size());
  std::vector<StagedAppend> staged;
  const internal::AppendTime now = state_->core()->log_time().Now();
  absl::Status status;
  for (const Share& share : shares) {
    const auto& partition = state_->partitions()[static_cast<std::size_t>(share.partition)];
    std::vector<RecordMetadata> of_share;
    auto ticket = partition->Stage(share.records, now, &of_share);
    if (!ticket.ok()) {
      status = ticket.status();
      break;
    }
    staged.push_back({partition, *ticket});
    for (std::size_t i = 0; i < of_share.size(); ++i) placed[share.indices[i]] = of_share[i];
  }
  const absl::Status acknowledged = internal::AwaitAppends(state_->core()->journal(), staged);
  EVENTLOG_RETURN_IF_ERROR(status);
  EVENTLOG_RETURN_IF_ERROR(acknowledged);
  if (metadata != nullptr) *metadata = std::move(placed);
  return absl::OkStatus();
}

absl::StatusOr<Watermarks> Topic::GetWatermarks(int32_t partition) const {
  const Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(state_->CheckNotDeleted());
  EVENTLOG_ASSIGN_OR_RETURN(const Partition* found, state_->FindPartition(partition));
  const internal::OrderedWatermarks marks = found->watermarks();
  return Watermarks{marks.log_start(), marks.last_stable(), marks.high_watermark(),
                    marks.log_end()};
}

absl::StatusOr<std::vector<TopicPartitionOffset>> Topic::ListOffsets(const OffsetSpec& spec) const {
  const Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(state_->CheckNotDeleted());
  if (internal::OffsetSpecAccess::kind(spec) == internal::OffsetSpecAccess::Kind::kCommitted) {
    return internal::MakeError(ErrorReason::kNoGroup,
                               "committed offsets are a group's: ask its consumer, or the log");
  }
  std::vector<TopicPartitionOffset> offsets;
  for (int32_t number = 0; number < partitions(); ++number) {
    const internal::PartitionOffsets partition(state_, number);
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, partition.Resolve(spec));
    EVENTLOG_ASSIGN_OR_RETURN(offsets.emplace_back(), partition.WithEpoch(offset));
  }
  return offsets;
}

absl::Status Topic::DeleteRecords(int32_t partition, int64_t offset) const {
  const Call call(CoreOf(state_));
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(state_->CheckNotDeleted());
  EVENTLOG_ASSIGN_OR_RETURN(const Partition* found, state_->FindPartition(partition));
  const int64_t high_watermark = found->high_watermark();
  if (offset < 0 || offset > high_watermark) {
    return internal::WithActualOffset(
        internal::MakeError(
            offset < 0 ? ErrorReason::kBelowLogStart : ErrorReason::kBeyondHighWatermark,
            fmt::format("{}-{}: cannot delete the records before offset {}: the "
                        "high watermark is {}",
                        *state_->name(), partition, offset, high_watermark)),
        offset < 0 ? found->log_start_offset() : high_watermark);
  }
  EVENTLOG_RETURN_IF_ERROR(state_->core()->DeleteRecords(
      state_->partitions()[static_cast<std::size_t>(partition)], offset));
  return state_->CheckNotDeleted();  // together with the topic, they are not there either
}

}  // namespace eventlog::inline v1
