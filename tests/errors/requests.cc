// What is asked for wrongly: names, options, records, groups.
#include <catch2/catch.hpp>
#include <limits>

#include "errors/answers.h"
#include "errors/handles.h"
#include "support/worlds.h"

namespace eventlog::test {

void ExpectOfNames(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kDirectory}) {
    Place place(world);
    Log log = OpenLog(place.options());
    const std::string bad = "a b";
    const std::string reserved = "__mine";
    const std::string none = "none";
    using Reason = ErrorReason;
    answers->Expect("Log::OpenTopic", Reason::kInvalidTopicName, log.OpenTopic(bad).status());
    answers->Expect("Log::CreateTopic", Reason::kInvalidTopicName, log.CreateTopic(bad).status());
    answers->Expect("Log::AlterTopic", Reason::kInvalidTopicName, log.AlterTopic(bad, {}));
    answers->Expect("Log::DeleteTopic", Reason::kInvalidTopicName, log.DeleteTopic(bad));
    answers->Expect("Log::DescribeTopic", Reason::kInvalidTopicName,
                    log.DescribeTopic(bad).status());
    answers->Expect("Log::OpenTopic", Reason::kReservedTopic, log.OpenTopic(reserved).status());
    answers->Expect("Log::CreateTopic", Reason::kReservedTopic, log.CreateTopic(reserved).status());
    answers->Expect("Log::AlterTopic", Reason::kReservedTopic, log.AlterTopic(reserved, {}));
    answers->Expect("Log::DeleteTopic", Reason::kReservedTopic, log.DeleteTopic(reserved));
    answers->Expect("Log::AlterTopic", Reason::kUnknownTopic, log.AlterTopic(none, {}));
    answers->Expect("Log::DeleteTopic", Reason::kUnknownTopic, log.DeleteTopic(none));
    answers->Expect("Log::DescribeTopic", Reason::kUnknownTopic, log.DescribeTopic(none).status());
    answers->Expect("Log::NewConsumer", Reason::kUnknownTopic,
                    log.NewConsumer({.topics = {none}}).status());
    REQUIRE(log.CreateTopic("t").ok());
    answers->Expect("Log::CreateTopic", Reason::kTopicExists, log.CreateTopic("t").status());
    answers->Expect("Log::NewConsumer", Reason::kUnknownPartition,
                    log.NewConsumer({.assignment = {{"t", 1}}}).status());
  }
}

void ExpectOfOptions(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kDirectory}) {
    Place place(world);
    Log log = OpenLog(place.options());
    const TopicOptions wrong = {.segment_bytes = 1};
    const ErrorReason invalid = ErrorReason::kInvalidOption;
    answers->Expect("Log::OpenTopic", invalid, log.OpenTopic("t", wrong).status());
    answers->Expect("Log::CreateTopic", invalid, log.CreateTopic("t", wrong).status());
    REQUIRE(log.CreateTopic("t", {.partitions = 2}).ok());
    answers->Expect("Log::AlterTopic", invalid, log.AlterTopic("t", wrong));
    answers->Expect("Log::AlterTopic", invalid, log.AlterTopic("t", {.partitions = 1}));
    answers->Expect("Log::OpenTopic", ErrorReason::kConfigMismatch,
                    log.OpenTopic("t", {.partitions = 3}).status());
    answers->Expect("Log::NewConsumer", invalid,
                    log.NewConsumer({.topics = {"t"}, .max_poll_records = 0}).status());
    answers->Expect("Log::NewProducer", invalid, log.NewProducer({.buffer_bytes = 1}).status());
    TopicOptions options;
    answers->Expect("SetConfig", invalid, SetConfig(&options, "retention.hours", "1"));
  }
}

void ExpectOfRecords(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kDirectory}) {
    Place place(world);
    LogOptions options = place.options();
    options.max_record_bytes = 1024;
    options.max_write_bytes = 64 << 10;
    Log log = OpenLog(std::move(options));
    Log other = OpenLog({.memory = true});
    const Topic topic = *log.OpenTopic("t");
    const Topic foreign = *other.OpenTopic("t");
    const Topic deleted = *log.OpenTopic("deleted");
    REQUIRE(log.DeleteTopic("deleted").ok());
    auto producer = log.NewProducer();
    const std::string large(1025, 'x');
    const ProducerRecord too_large = {.value = large};
    const ProducerRecord too_early = {.value = "v", .timestamp = absl::FromUnixMillis(-1)};
    const ProducerRecord nowhere = {.value = "v", .partition = 9};
    const ProducerRecord good = {.value = "v"};
    using Call =
        std::pair<std::string, std::function<absl::Status(const Topic&, const ProducerRecord&)>>;
    const std::vector<Call> calls = {
        {"Topic::Append",
         [](const Topic& to, const ProducerRecord& record) { return to.Append(record).status(); }},
        {"Topic::AppendAll",
         [](const Topic& to, const ProducerRecord& record) {
           return to.AppendAll({&record, 1});
         }},
        {"Log::Write",
         [&](const Topic& to, const ProducerRecord& record) {
           return log.Write(WriteBatch().Append(to, record));
         }},
        {"Producer::Send", [&](const Topic& to, const ProducerRecord& record) {
           return producer->Send(to, record);
         }}};
    for (const auto& [method, call] : calls) {
      answers->Expect(method, ErrorReason::kRecordTooLarge, call(topic, too_large));
      answers->Expect(method, ErrorReason::kInvalidOption, call(topic, too_early));
      answers->Expect(method, ErrorReason::kUnknownPartition, call(topic, nowhere));
      answers->Expect(method, ErrorReason::kUnknownTopic, call(deleted, good));
    }
    answers->Expect("Log::Write", ErrorReason::kWrongLog, calls[2].second(foreign, good));
    answers->Expect("Producer::Send", ErrorReason::kWrongLog, calls[3].second(foreign, good));
    answers->Expect("Log::Write", ErrorReason::kInvalidOption,
                    log.Write(WriteBatch().CommitOffsets({}, {{"t", 0, 1}})));
    answers->Expect("Topic::GetWatermarks", ErrorReason::kUnknownPartition,
                    topic.GetWatermarks(1).status());
    answers->Expect("Topic::GetWatermarks", ErrorReason::kUnknownTopic,
                    deleted.GetWatermarks(0).status());
    answers->Expect("Topic::ListOffsets", ErrorReason::kUnknownTopic,
                    deleted.ListOffsets(OffsetSpec::Latest()).status());
    answers->Expect("Topic::DeleteRecords", ErrorReason::kUnknownTopic,
                    deleted.DeleteRecords(0, 0));
    answers->Expect("Topic::DeleteRecords", ErrorReason::kUnknownPartition,
                    topic.DeleteRecords(1, 0));
  }
}

void ExpectOfGroups(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kDirectory}) {
    Place place(world);
    Log log = OpenLog(place.options());
    REQUIRE(log.CreateTopic("t").ok());
    auto loner = log.NewConsumer({.topics = {"t"}});
    const std::vector<TopicPartitionOffset> offsets = {{"t", 0, 0}};
    const OffsetSpec committed = OffsetSpec::Committed();
    using Reason = ErrorReason;
    answers->Expect("Consumer::Commit", Reason::kNoGroup, loner->Commit());
    answers->Expect("Consumer::Commit", Reason::kNoGroup, loner->Commit(offsets));
    answers->Expect("Consumer::Committed", Reason::kNoGroup, loner->Committed().status());
    answers->Expect("Consumer::Seek", Reason::kNoGroup, loner->Seek(committed));
    answers->Expect("Consumer::Seek", Reason::kNoGroup, loner->Seek({"t", 0}, committed));
    answers->Expect("Consumer::ListOffsets", Reason::kNoGroup,
                    loner->ListOffsets(committed).status());
    answers->Expect("Topic::ListOffsets", Reason::kNoGroup,
                    log.OpenTopic("t")->ListOffsets(committed).status());

    auto member = log.NewConsumer({.group = "g", .topics = {"t"}});
    const auto commit = [&](TopicPartitionOffset offset) {
      return member->Commit(std::vector<TopicPartitionOffset>{std::move(offset)});
    };
    answers->Expect("Consumer::Commit", Reason::kBelowLogStart, commit({"t", 0, -1}));
    answers->Expect("Consumer::Commit", Reason::kUnknownTopic, commit({"none", 0, 1}));
    answers->Expect("Consumer::Commit", Reason::kUnknownPartition, commit({"t", 1, 1}));
    answers->Expect("Log::NewConsumer", Reason::kGroupActive,
                    log.NewConsumer({.group = "g", .topics = {"t"}}).status());
    const auto alter = [&](const char* group, TopicPartitionOffset offset) {
      return log.AlterOffsets(group, std::vector<TopicPartitionOffset>{std::move(offset)});
    };
    answers->Expect("Log::AlterOffsets", Reason::kGroupActive, alter("g", {"t", 0, 0}));
    answers->Expect("Log::DeleteGroup", Reason::kGroupActive, log.DeleteGroup("g"));
    answers->Expect("Log::DeleteGroup", Reason::kUnknownGroup, log.DeleteGroup("none"));
    answers->Expect("Log::AlterOffsets", Reason::kInvalidOption, alter("", {"t", 0, 0}));
    answers->Expect("Log::AlterOffsets", Reason::kUnknownTopic, alter("h", {"none", 0, 0}));
    answers->Expect("Log::AlterOffsets", Reason::kUnknownPartition, alter("h", {"t", 1, 0}));
    answers->Expect("Log::AlterOffsets", Reason::kBelowLogStart, alter("h", {"t", 0, -1}));
    answers->Expect("Log::Write", Reason::kBelowLogStart,
                    log.Write(WriteBatch().CommitOffsets({.group = "h"}, {{"t", 0, -1}})));

    REQUIRE(alter("h", {"t", 0, 0}).ok());  // makes the log's own topic of offsets
    const TopicPartitionOffset own = {"__consumer_offsets", 0, 1};
    const TopicPartitionOffset large = {"t", 0, 1, -1, std::string(2 << 20, 'm')};
    answers->Expect("Consumer::Commit", Reason::kReservedTopic, commit(own));
    answers->Expect("Consumer::Commit", Reason::kRecordTooLarge, commit(large));
    answers->Expect("Log::AlterOffsets", Reason::kReservedTopic, alter("h", own));
    answers->Expect("Log::AlterOffsets", Reason::kRecordTooLarge, alter("h", large));
    answers->Expect("Log::Write", Reason::kReservedTopic,
                    log.Write(WriteBatch().CommitOffsets({.group = "h"}, {own})));
  }
}

}  // namespace eventlog::test
