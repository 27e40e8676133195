// compiles
#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

absl::Status Relay(eventlog::Log& log, eventlog::Consumer& consumer, const eventlog::Topic& topic,
                   const std::vector<eventlog::Record>& kept,
                   const eventlog::ConsumerRecords& records) {
  EVENTLOG_RETURN_IF_ERROR(consumer.Assign({{"orders", 0}, {"orders", 1}}));
  EVENTLOG_RETURN_IF_ERROR(consumer.Seek({"orders", 0}, eventlog::OffsetSpec::At(3)));
  EVENTLOG_RETURN_IF_ERROR(consumer.Seek(eventlog::OffsetSpec::Last(10)));
  EVENTLOG_RETURN_IF_ERROR(consumer.Commit({{"orders", 0, 7}}));
  EVENTLOG_RETURN_IF_ERROR(topic.Append(kept[0]));
  EVENTLOG_RETURN_IF_ERROR(
      topic.AppendAll(std::vector<eventlog::ProducerRecord>(kept.begin(), kept.end())));
  EVENTLOG_RETURN_IF_ERROR(
      topic.AppendAll(std::vector<eventlog::ProducerRecord>(records.begin(), records.end())));
  eventlog::WriteBatch batch;
  for (const auto& partition : records.partitions()) {
    for (const auto& record : partition) batch.Append(topic, record);
  }
  batch.CommitOffsets({.group = "relay"}, records.NextOffsets());
  EVENTLOG_RETURN_IF_ERROR(consumer.Seek(records.NextOffsets()));
  return log.Write(batch);
}

absl::StatusOr<eventlog::Consumer> Open(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(auto topic,
                            log.OpenTopic("orders", {.durability = eventlog::Durability::kProcess,
                                                     .configs = {{"segment.ms", "1000"}}}));
  return log.NewConsumer({.group = "billing",
                          .topics = {std::string(topic.name())},
                          .from = eventlog::OffsetSpec::Committed(),
                          .tuning = {.fetch_bytes = 1 << 20}});
}

absl::StatusOr<eventlog::Log> OpenInMemory() {
  return eventlog::Log::Open({.memory = true, .tuning = {.batch_age = absl::Milliseconds(5)}});
}
