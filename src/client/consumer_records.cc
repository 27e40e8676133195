#include <algorithm>
#include <utility>

#include "client/record_pins.h"
#include "eventlog/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1 {

ConsumerRecords::ConsumerRecords() = default;
ConsumerRecords::~ConsumerRecords() = default;

ConsumerRecords::ConsumerRecords(ConsumerRecords&& other) noexcept { *this = std::move(other); }

// The views of the old contents end before what they point to goes, and the source is left empty.
ConsumerRecords& ConsumerRecords::operator=(ConsumerRecords&& other) noexcept {
  if (this == &other) return *this;
  records_ = std::exchange(other.records_, {});
  partitions_ = std::exchange(other.partitions_, {});
  pins_ = std::move(other.pins_);
  caught_up_ = std::exchange(other.caught_up_, false);
  return *this;
}

std::vector<TopicPartitionOffset> ConsumerRecords::NextOffsets() const {
  std::vector<TopicPartitionOffset> offsets;
  offsets.reserve(partitions_.size());
  for (const absl::Span<const RecordView> records : partitions_) {
    const RecordView& last = records.back();
    TopicPartitionOffset& next = offsets.emplace_back();
    next.topic = last.topic();
    next.partition = last.partition();
    next.offset = last.offset() + 1;
    next.leader_epoch = last.leader_epoch();
  }
  return offsets;
}

void ConsumerRecords::Clear() {
  records_.clear();
  partitions_.clear();
  if (pins_ != nullptr) pins_->Clear();
  caught_up_ = false;
}

namespace internal {
namespace {

bool SamePartition(const RecordView& a, const RecordView& b) {
  if (RecordsAccess::Source(a) == RecordsAccess::Source(b)) return true;
  return a.partition() == b.partition() && a.topic() == b.topic();
}

}  // namespace

RecordPins* ConsumerRecordsAccess::pins(ConsumerRecords* to) {
  if (to->pins_ == nullptr) to->pins_ = std::make_unique<RecordPins>();
  return to->pins_.get();
}

void ConsumerRecordsAccess::Finish(ConsumerRecords* to, bool caught_up) {
  const absl::Span<const RecordView> records = to->records_;
  to->partitions_.clear();
  for (auto begin = records.begin(); begin != records.end();) {
    const auto end = std::partition_point(begin, records.end(), [begin](const RecordView& record) {
      return SamePartition(*begin, record);
    });
    to->partitions_.emplace_back(begin, static_cast<std::size_t>(end - begin));
    begin = end;
  }
  to->caught_up_ = caught_up;
}

}  // namespace internal
}  // namespace eventlog::inline v1
