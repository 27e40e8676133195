#include "cli/offsets.h"

#include <algorithm>

#include "eventlog/errors.h"
#include "eventlog/status_macros.h"

namespace eventlog::inline v1::cli {

absl::StatusOr<std::optional<int64_t>> LogEnds::Find(const std::string& topic, int32_t partition) {
  const auto known = ends_.find({topic, partition});
  if (known != ends_.end()) return known->second;
  std::optional<int64_t> end;
  if (const auto found = log_->FindTopic(topic); found.ok()) {
    const auto opened = log_->OpenPartition(**found, partition);
    if (!opened.ok() && !absl::IsNotFound(opened.status())) return opened.status();
    if (opened.ok()) end = opened->end_offset();
  }
  ends_[{topic, partition}] = end;
  return end;
}

absl::StatusOr<std::optional<int64_t>> LogEnds::Lag(const TopicPartitionOffset& committed) {
  EVENTLOG_ASSIGN_OR_RETURN(std::optional<int64_t> lag, Find(committed.topic, committed.partition));
  // Commits may be sealed before what they cover.
  if (lag.has_value()) lag = std::max<int64_t>(0, *lag - committed.offset);
  return lag;
}

absl::StatusOr<std::vector<TopicPartitionOffset>> LookUpOffsets(Log* log, const std::string& topic,
                                                                std::optional<int32_t> partition,
                                                                const Place& place) {
  ConsumerOptions options;
  if (partition.has_value()) {
    options.assignment = {{topic, *partition}};
  } else {
    options.topics = {topic};
  }
  EVENTLOG_ASSIGN_OR_RETURN(const Consumer consumer, log->NewConsumer(std::move(options)));
  return consumer.ListOffsets(place.ToSpec());
}

}  // namespace eventlog::inline v1::cli
