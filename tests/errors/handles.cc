#include "errors/handles.h"

#include <catch2/catch.hpp>

namespace eventlog::test {

Handles MakeHandles(LogOptions options) {
  Handles made;
  made.log = OpenLog(std::move(options));
  made.topic = *made.log.OpenTopic("t");
  made.consumer = *made.log.NewConsumer({.group = "g", .assignment = {{"t", 0}}});
  made.producer = *made.log.NewProducer();
  return made;
}

AnswerList CallEverything(Handles* handles) {
  Log& log = handles->log;
  const Topic& topic = handles->topic;
  Consumer& consumer = handles->consumer;
  ConsumerRecords records;
  WriteBatch batch;
  batch.Append(topic, {.value = "v"});
  const std::vector<TopicPartition> all = {{"t", 0}};
  const std::vector<TopicPartitionOffset> offsets = {{"t", 0, 0}};
  return {{"Log::OpenTopic", log.OpenTopic("t").status()},
          {"Log::CreateTopic", log.CreateTopic("u").status()},
          {"Log::AlterTopic", log.AlterTopic("t", {})},
          {"Log::DeleteTopic", log.DeleteTopic("u")},
          {"Log::DescribeTopic", log.DescribeTopic("t").status()},
          {"Log::ListTopics", log.ListTopics().status()},
          {"Log::NewProducer", log.NewProducer().status()},
          {"Log::NewConsumer", log.NewConsumer({.topics = {"t"}}).status()},
          {"Log::Write", log.Write(batch)},
          {"Log::ListGroups", log.ListGroups().status()},
          {"Log::CommittedOffsets", log.CommittedOffsets("g").status()},
          {"Log::AlterOffsets", log.AlterOffsets("h", offsets)},
          {"Log::DeleteGroup", log.DeleteGroup("h")},
          {"Log::RunMaintenance", log.RunMaintenance()},
          {"Log::Reopen", log.Reopen()},
          {"Topic::Append", topic.Append({.value = "v"}).status()},
          {"Topic::AppendAll", topic.AppendAll({{.value = "v"}})},
          {"Topic::GetWatermarks", topic.GetWatermarks(0).status()},
          {"Topic::ListOffsets", topic.ListOffsets(OffsetSpec::Latest()).status()},
          {"Topic::DeleteRecords", topic.DeleteRecords(0, 0)},
          {"Consumer::Poll", consumer.Poll(absl::ZeroDuration(), &records)},
          {"Consumer::ReadyFd", consumer.ReadyFd().status()},
          {"Consumer::Commit", consumer.Commit()},
          {"Consumer::Commit", consumer.Commit(offsets)},
          {"Consumer::Committed", consumer.Committed().status()},
          {"Consumer::Seek", consumer.Seek(OffsetSpec::Earliest())},
          {"Consumer::Seek", consumer.Seek({"t", 0}, OffsetSpec::Latest())},
          {"Consumer::Seek", consumer.Seek(offsets)},
          {"Consumer::Position", consumer.Position({"t", 0}).status()},
          {"Consumer::ListOffsets", consumer.ListOffsets(OffsetSpec::Latest()).status()},
          {"Consumer::Lag", consumer.Lag().status()},
          {"Consumer::Assign", consumer.Assign({{"t", 0}})},
          {"Consumer::Pause", consumer.Pause(all)},
          {"Consumer::Resume", consumer.Resume(all)},
          {"Producer::Send", handles->producer.Send(topic, {.value = "v"})},
          {"Producer::Flush", handles->producer.Flush()}};
}

}  // namespace eventlog::test
