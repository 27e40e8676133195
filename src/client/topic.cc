// Topic: the public append path. Next hop: Partition::AppendAtOnce, or Stage and then AwaitAppends.
#include "eventlog/topic.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
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

// What a call is refused for that TakesCalls says no to; OK when it says yes by now.
absl::Status CheckAtGate(internal::TopicState* topic, internal::LogCore* core) {
  const Call call(core);
  EVENTLOG_RETURN_IF_ERROR(call.status());
  return topic->CheckNotDeleted();
}

inline absl::Status CheckTakesCalls(const std::shared_ptr<internal::TopicState>& topic) {
  if (topic != nullptr && topic->TakesCalls()) [[likely]]
    return absl::OkStatus();
  return CheckAtGate(topic.get(), CoreOf(topic));
}

const std::shared_ptr<Partition>& PartitionOf(internal::TopicState* topic, int32_t number) {
  return topic->partitions()[static_cast<std::size_t>(number)];
}

// Where the records of one AppendAll go.
using Routes = absl::InlinedVector<int32_t, 64>;

// Checks every record before anything is staged.
absl::Status RouteAll(internal::TopicState* topic, absl::Span<const ProducerRecord> records,
                      Routes* routes) {
  const int64_t max_bytes = topic->core()->limits().max_write_bytes;
  int64_t bytes = 0;
  routes->reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (absl::Status refused = topic->Check(records[i]); !refused.ok()) {
      return internal::WithFailedIndex(refused, i);
    }
    routes->push_back(topic->Route(records[i]));
    bytes += static_cast<int64_t>(internal::MaxEncodedRecordBytes(records[i]));
    if (bytes > max_bytes) {
      return internal::WithFailedIndex(
          internal::MakeError(
              ErrorReason::kRecordTooLarge,
              fmt::format("the records up to this one take {} bytes, max_write_bytes is {}", bytes,
                          max_bytes)),
          i);
    }
  }
  return absl::OkStatus();
}

// The records of one AppendAll that go to one partition.
struct Share {
  int32_t partition = 0;
  absl::Span<const ProducerRecord> records;
  absl::Span<const std::size_t> indices;  // in the caller's order
};

// All of them, and what they point to.
struct Shares {
  std::vector<std::size_t> indices;  // of one partition after the other
  std::vector<ProducerRecord> records;
  std::vector<Share> each;
};

Shares SharesOf(absl::Span<const ProducerRecord> records, const Routes& routes) {
  Shares shares;
  shares.indices.resize(records.size());
  std::iota(shares.indices.begin(), shares.indices.end(), std::size_t{0});
  std::stable_sort(shares.indices.begin(), shares.indices.end(),
                   [&](std::size_t a, std::size_t b) { return routes[a] < routes[b]; });
  shares.records.reserve(records.size());
  for (const std::size_t index : shares.indices) shares.records.push_back(records[index]);
  const absl::Span<const ProducerRecord> sorted = shares.records;
  const absl::Span<const std::size_t> indices = shares.indices;
  for (std::size_t begin = 0, end = 0; begin < indices.size(); begin = end) {
    const int32_t partition = routes[indices[begin]];
    while (end < indices.size() && routes[indices[end]] == partition) ++end;
    shares.each.push_back(
        {partition, sorted.subspan(begin, end - begin), indices.subspan(begin, end - begin)});
  }
  return shares;
}

// Appends records to one partition and waits until they are acknowledged. Returns the first offset.
absl::StatusOr<int64_t> AppendAndWait(internal::TopicState* topic, int32_t number,
                                      absl::Span<const ProducerRecord> records,
                                      const internal::AppendTime& now) {
  const Call call(topic->core());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(topic->CheckNotDeleted());
  EVENTLOG_RETURN_IF_ERROR(topic->core()->MakeRoom());
  const auto& partition = PartitionOf(topic, number);
  if (partition->IsBulk(records)) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, partition->AppendBulk(records, now));
    if (offset >= 0) return offset;
  }
  EVENTLOG_ASSIGN_OR_RETURN(const auto ticket, partition->Stage(records, now));
  EVENTLOG_RETURN_IF_ERROR(internal::AwaitAppend(topic->core()->journal(), partition, ticket));
  return ticket.first_offset;
}

// Appends shares and waits until all are acknowledged. `first_offsets` gets one for each.
absl::Status AppendShares(internal::TopicState* topic, absl::Span<const Share> shares,
                          const internal::AppendTime& now, std::vector<int64_t>* first_offsets) {
  const Call call(topic->core());
  EVENTLOG_RETURN_IF_ERROR(call.status());
  EVENTLOG_RETURN_IF_ERROR(topic->CheckNotDeleted());
  EVENTLOG_RETURN_IF_ERROR(topic->core()->MakeRoom());
  std::vector<StagedAppend> staged;
  staged.reserve(shares.size());
  absl::Status status;
  for (const Share& share : shares) {
    const auto& partition = PartitionOf(topic, share.partition);
    auto ticket = partition->Stage(share.records, now);
    if (!ticket.ok()) {
      status = ticket.status();
      break;
    }
    staged.push_back({partition, *ticket});
    first_offsets->push_back(ticket->first_offset);
  }
  const absl::Status acknowledged = internal::AwaitAppends(topic->core()->journal(), staged);
  return status.ok() ? acknowledged : status;
}

inline absl::StatusOr<int64_t> AppendToPartition(internal::TopicState* topic, int32_t number,
                                                 absl::Span<const ProducerRecord> records,
                                                 const internal::AppendTime& now) {
  const int64_t offset = PartitionOf(topic, number)->AppendAtOnce(records, now);
  if (offset >= 0) [[likely]]
    return offset;
  return AppendAndWait(topic, number, records, now);
}

absl::Status AppendToOne(internal::TopicState* topic, int32_t number,
                         absl::Span<const ProducerRecord> records, const internal::AppendTime& now,
                         std::vector<RecordMetadata>* metadata) {
  EVENTLOG_ASSIGN_OR_RETURN(int64_t offset, AppendToPartition(topic, number, records, now));
  if (metadata == nullptr) return absl::OkStatus();
  for (const ProducerRecord& record : records) {
    metadata->push_back(internal::MetadataOf(record, number, offset++, now.wall_ms));
  }
  return absl::OkStatus();
}

absl::Status AppendToSeveral(internal::TopicState* topic, const Routes& routes,
                             absl::Span<const ProducerRecord> records,
                             const internal::AppendTime& now,
                             std::vector<RecordMetadata>* metadata) {
  const Shares shares = SharesOf(records, routes);
  std::vector<int64_t> first_offsets;
  EVENTLOG_RETURN_IF_ERROR(AppendShares(topic, shares.each, now, &first_offsets));
  if (metadata == nullptr) return absl::OkStatus();
  metadata->resize(records.size());
  for (std::size_t i = 0; i < shares.each.size(); ++i) {
    const Share& share = shares.each[i];
    int64_t offset = first_offsets[i];
    for (const std::size_t index : share.indices) {
      (*metadata)[index] =
          internal::MetadataOf(records[index], share.partition, offset++, now.wall_ms);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view Topic::name() const {
  return state_ == nullptr ? std::string_view() : std::string_view(*state_->name());
}

int32_t Topic::partitions() const {
  return state_ == nullptr ? 0 : static_cast<int32_t>(state_->partitions().size());
}

absl::StatusOr<RecordMetadata> Topic::Append(const ProducerRecord& record) const {
  EVENTLOG_RETURN_IF_ERROR(CheckTakesCalls(state_));
  EVENTLOG_RETURN_IF_ERROR(state_->Check(record));
  const int32_t number = state_->Route(record);
  const internal::AppendTime now = state_->core()->log_time().Now();
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset,
                            AppendToPartition(state_.get(), number, {&record, 1}, now));
  return internal::MetadataOf(record, number, offset, now.wall_ms);
}

absl::Status Topic::AppendAll(absl::Span<const ProducerRecord> records,
                              std::vector<RecordMetadata>* metadata) const {
  if (metadata != nullptr) metadata->clear();
  EVENTLOG_RETURN_IF_ERROR(CheckTakesCalls(state_));
  if (records.empty()) return absl::OkStatus();
  Routes routes;
  EVENTLOG_RETURN_IF_ERROR(RouteAll(state_.get(), records, &routes));
  const internal::AppendTime now = state_->core()->log_time().Now();
  const bool one_partition = std::all_of(routes.begin(), routes.end(),
                                         [&](int32_t partition) { return partition == routes[0]; });
  return one_partition ? AppendToOne(state_.get(), routes[0], records, now, metadata)
                       : AppendToSeveral(state_.get(), routes, records, now, metadata);
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
