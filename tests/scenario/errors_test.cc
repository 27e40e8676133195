// Errors that a user can run into: what they say, and that nothing is changed by what is refused.
// That each that is documented happens is shown in tests/errors.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/child_process.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

bool Mentions(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

TEST_CASE("a second opener is told who has the log", "[scenario]") {
  Place place(World::kDirectory);
  Log log = OpenLog(place.options());
  const absl::Status here = Log::Open(place.options()).status();
  CHECK(absl::IsFailedPrecondition(here));
  CHECK(ReasonOf(here) == ErrorReason::kLocked);
  CHECK(Mentions(here, std::to_string(getpid())));
  const int there = RunInChild([&] {
    const absl::Status status = Log::Open(place.options()).status();
    const bool told =
        ReasonOf(status) == ErrorReason::kLocked && Mentions(status, std::to_string(getppid()));
    return told ? 1 : 0;
  });
  CHECK(there == 1);
  CHECK(ReasonOf(Log::Destroy(place.directory())) == ErrorReason::kLocked);
  REQUIRE(log.Close().ok());
  CHECK(Log::Open(place.options()).ok());
}

TEST_CASE("a directory that cannot hold a log is refused", "[scenario]") {
  TempDir temp;
  const std::string file = temp / "file";
  std::ofstream(file) << "not a directory";
  CHECK(absl::IsFailedPrecondition(Log::Open({.directory = file}).status()));
  CHECK(absl::IsFailedPrecondition(Log::Destroy(file)));

  const std::string open_to_all = temp / "open";
  REQUIRE(mkdir(open_to_all.c_str(), 0777) == 0);
  REQUIRE(chmod(open_to_all.c_str(), 0777) == 0);
  CHECK(absl::IsPermissionDenied(Log::Open({.directory = open_to_all}).status()));

  const std::string missing = temp / "missing";
  const absl::Status status =
      Log::Open({.directory = missing, .open_mode = OpenMode::kExisting}).status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == ErrorReason::kDirectoryNotFound);
  CHECK_FALSE(std::filesystem::exists(missing));
  CHECK(ReasonOf(Log::Destroy(missing)) == ErrorReason::kDirectoryNotFound);

  const std::string empty = temp / "empty";
  REQUIRE(mkdir(empty.c_str(), 0700) == 0);
  CHECK(absl::IsFailedPrecondition(Log::Destroy(empty)));
  CHECK(ReasonOf(Log::Open({.directory = empty, .open_mode = OpenMode::kExisting}).status()) ==
        ErrorReason::kDirectoryNotFound);
  CHECK(Log::Open({.directory = empty}).ok());
  CHECK(Log::Open({.directory = empty, .open_mode = OpenMode::kExisting}).ok());
}

TEST_CASE("a directory that may not be written is refused", "[scenario]") {
  TempDir temp;
  const std::string closed = temp / "closed";
  REQUIRE(mkdir(closed.c_str(), 0500) == 0);
  const int answer = RunInChild([&] {  // root may write everywhere: be somebody else
    if (geteuid() == 0 && (chown(closed.c_str(), 65534, 65534) != 0 ||
                           chmod(temp.path().c_str(), 0755) != 0 || seteuid(65534) != 0)) {
      return 2;
    }
    return absl::IsPermissionDenied(Log::Open({.directory = closed}).status()) ? 1 : 0;
  });
  CHECK(answer == 1);
}

TEST_CASE("everything wrong with options is named at once", "[scenario]") {
  LogOptions options;
  options.max_record_bytes = 5;
  options.tuning.max_open_files = 1;
  const absl::Status opened = Log::Open(options).status();
  CHECK(ReasonOf(opened) == ErrorReason::kInvalidOption);
  for (const char* name : {"directory", "max_record_bytes", "max_open_files"}) {
    CHECK(Mentions(opened, name));
  }
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  const absl::Status created = log.CreateTopic("t", {.partitions = -1,
                                                     .segment_bytes = 1,
                                                     .batch_bytes = 1,
                                                     .configs = {{"segment.hours", "1"}}})
                                   .status();
  CHECK(ReasonOf(created) == ErrorReason::kInvalidOption);
  for (const char* name : {"partitions", "segment.bytes", "batch.bytes", "segment.hours"}) {
    INFO(name << " in " << created);
    CHECK(Mentions(created, name));
  }
  const absl::Status consumer = log.NewConsumer({.group = "g",
                                                 .topics = {"t"},
                                                 .assignment = {{"t", 0}},
                                                 .from = OffsetSpec::Latest(),
                                                 .max_poll_records = 1'000'001,
                                                 .tuning = {1, -absl::Seconds(1)}})
                                    .status();
  CHECK(ReasonOf(consumer) == ErrorReason::kInvalidOption);
  for (const char* name :
       {"topics", "assignment", "from", "max_poll_records", "fetch_bytes", "spin"}) {
    INFO(name << " in " << consumer);
    CHECK(Mentions(consumer, name));
  }
}

TEST_CASE("names of topics are checked wherever one is taken", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("a/b"),
        std::string("\0", 1), std::string(250, 'a')}) {
    for (const absl::Status& status :
         {log.OpenTopic(name).status(), log.CreateTopic(name).status(), log.AlterTopic(name, {}),
          log.DeleteTopic(name), log.DescribeTopic(name).status()}) {
      INFO(name << ": " << status);
      CHECK(absl::IsInvalidArgument(status));
      CHECK(ReasonOf(status) == ErrorReason::kInvalidTopicName);
    }
  }
  for (const absl::Status& status :
       {log.OpenTopic("__mine").status(), log.CreateTopic("__mine").status(),
        log.AlterTopic("__mine", {}), log.DeleteTopic("__consumer_offsets")}) {
    CHECK(absl::IsPermissionDenied(status));
    CHECK(ReasonOf(status) == ErrorReason::kReservedTopic);
  }
  for (const absl::Status& status :
       {log.AlterTopic("none", {}), log.DeleteTopic("none"), log.DescribeTopic("none").status(),
        log.NewConsumer({.topics = {"none"}}).status()}) {
    CHECK(absl::IsNotFound(status));
    CHECK(ReasonOf(status) == ErrorReason::kUnknownTopic);
  }
  CHECK(log.OpenTopic(std::string(249, 'a')).ok());
}

TEST_CASE("a topic that is not as asked for is refused", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.CreateTopic("t", {.partitions = 2}).ok());
  CHECK(log.OpenTopic("t").ok());
  CHECK(log.OpenTopic("t", {.partitions = 2}).ok());
  const absl::Status mismatch =
      log.OpenTopic("t", {.partitions = 3, .durability = Durability::kProcess}).status();
  CHECK(absl::IsFailedPrecondition(mismatch));
  CHECK(ReasonOf(mismatch) == ErrorReason::kConfigMismatch);
  CHECK(Mentions(mismatch, "partitions"));
  CHECK(Mentions(mismatch, "durability"));
  const absl::Status exists = log.CreateTopic("t").status();
  CHECK(absl::IsAlreadyExists(exists));
  CHECK(ReasonOf(exists) == ErrorReason::kTopicExists);
  CHECK(ReasonOf(log.AlterTopic("t", {.partitions = 1})) == ErrorReason::kInvalidOption);
  CHECK(ReasonOf(log.AlterTopic("t", {.segment_bytes = 1})) == ErrorReason::kInvalidOption);
  CHECK(log.AlterTopic("t", {.partitions = 2}).ok());
}

TEST_CASE("records that cannot be appended are refused by their index", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.max_record_bytes = 1024;
  options.max_write_bytes = 64 << 10;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.partitions = 2});
  const std::string large(1025, 'x');
  const auto large_record = topic->Append({.value = large});
  CHECK(absl::IsInvalidArgument(large_record.status()));
  CHECK(ReasonOf(large_record.status()) == ErrorReason::kRecordTooLarge);
  const auto no_partition = topic->Append({.value = "v", .partition = 2});
  CHECK(absl::IsNotFound(no_partition.status()));
  CHECK(ReasonOf(no_partition.status()) == ErrorReason::kUnknownPartition);
  CHECK(ReasonOf(topic->GetWatermarks(-1).status()) == ErrorReason::kUnknownPartition);
  CHECK(ReasonOf(topic->Append({.value = "v", .timestamp = absl::FromUnixMillis(-1)}).status()) ==
        ErrorReason::kInvalidOption);

  std::vector<RecordMetadata> metadata(3);
  const absl::Status all = topic->AppendAll(
      {{.value = "a"}, {.value = large}, {.value = "b", .partition = 9}}, &metadata);
  CHECK(ReasonOf(all) == ErrorReason::kRecordTooLarge);
  CHECK(FailedIndex(all) == 1u);
  CHECK(metadata.empty());
  const std::string kilobyte(1000, 'k');
  const std::vector<ProducerRecord> many(70, ProducerRecord{.value = kilobyte});
  const absl::Status too_many = topic->AppendAll(many);
  CHECK(ReasonOf(too_many) == ErrorReason::kRecordTooLarge);
  CHECK(FailedIndex(too_many).has_value());
  CHECK(topic->GetWatermarks(0)->log_end_offset + topic->GetWatermarks(1)->log_end_offset == 0);
}

TEST_CASE("a write that cannot be is refused by its index and changes nothing", "[scenario]") {
  Place place(AnyWorld());
  Place elsewhere(World::kMemoryLog);
  LogOptions options = place.options();
  options.max_record_bytes = 1024;
  options.max_write_bytes = 64 << 10;
  Log log = OpenLog(std::move(options));
  Log other = OpenLog(elsewhere.options());
  auto topic = log.OpenTopic("t");
  auto foreign = other.OpenTopic("t");
  const auto refused = [&](const WriteBatch& batch, ErrorReason reason, std::size_t index) {
    const absl::Status status = log.Write(batch);
    INFO(status);
    CHECK(ReasonOf(status) == reason);
    CHECK(FailedIndex(status) == index);
  };
  WriteBatch wrong_log;
  wrong_log.Append(*topic, {.value = "v"}).Append(*foreign, {.value = "v"});
  refused(wrong_log, ErrorReason::kWrongLog, 1);
  WriteBatch no_topic;
  no_topic.Append(Topic(), {.value = "v"});
  refused(no_topic, ErrorReason::kWrongLog, 0);
  WriteBatch no_group;
  no_group.Append(*topic, {.value = "v"}).CommitOffsets({}, {{"t", 0, 1}});
  refused(no_group, ErrorReason::kInvalidOption, 1);
  WriteBatch negative;
  negative.CommitOffsets({.group = "g"}, {{"t", 0, 1}, {"t", 0, -1}});
  refused(negative, ErrorReason::kBelowLogStart, 1);
  WriteBatch large;
  large.Append(*topic, {.value = "v"}).Append(*topic, {.value = std::string(1025, 'x')});
  refused(large, ErrorReason::kRecordTooLarge, 1);
  WriteBatch no_partition;
  no_partition.Append(*topic, {.value = "v", .partition = 1});
  refused(no_partition, ErrorReason::kUnknownPartition, 0);
  auto deleted = log.OpenTopic("deleted");
  REQUIRE(log.DeleteTopic("deleted").ok());
  WriteBatch of_deleted;
  of_deleted.Append(*topic, {.value = "v"}).Append(*deleted, {.value = "v"});
  refused(of_deleted, ErrorReason::kUnknownTopic, 1);
  WriteBatch too_much;
  for (int i = 0; i < 70; ++i) too_much.Append(*topic, {.value = std::string(1000, 'x')});
  CHECK(ReasonOf(log.Write(too_much)) == ErrorReason::kRecordTooLarge);
  CHECK(topic->GetWatermarks(0)->log_end_offset == 0);
  CHECK(log.ListGroups()->empty());
}

TEST_CASE("a group has one open consumer at a time", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.OpenTopic("t").ok());
  auto first = log.NewConsumer({.group = "g", .topics = {"t"}});
  REQUIRE(first.ok());
  const absl::Status second = log.NewConsumer({.group = "g", .topics = {"t"}}).status();
  CHECK(absl::IsFailedPrecondition(second));
  CHECK(ReasonOf(second) == ErrorReason::kGroupActive);
  CHECK(log.NewConsumer({.group = "other", .topics = {"t"}}).ok());
  CHECK(log.NewConsumer({.topics = {"t"}}).ok());
  REQUIRE(first->Close().ok());
  {
    auto third = log.NewConsumer({.group = "g", .topics = {"t"}});
    CHECK(third.ok());
  }
  // A consumer that could not be made has not joined.
  CHECK_FALSE(log.NewConsumer({.group = "g", .topics = {"none"}}).ok());
  CHECK(log.NewConsumer({.group = "g", .topics = {"t"}}).ok());
}

TEST_CASE("committing needs a group and a place that there is", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.OpenTopic("t").ok());
  auto loner = log.NewConsumer({.topics = {"t"}});
  const std::vector<TopicPartitionOffset> offsets = {{"t", 0, 0}};
  for (const absl::Status& status :
       {loner->Commit(), loner->Commit(offsets), loner->Committed().status(),
        loner->Seek(OffsetSpec::Committed()), loner->Seek({"t", 0}, OffsetSpec::Committed())}) {
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(ReasonOf(status) == ErrorReason::kNoGroup);
  }
  auto member = log.NewConsumer({.group = "g", .topics = {"t"}});
  const auto commit = [&](TopicPartitionOffset offset) {
    return member->Commit(std::vector<TopicPartitionOffset>{std::move(offset)});
  };
  CHECK(absl::IsOutOfRange(commit({"t", 0, -1})));
  CHECK(ReasonOf(commit({"none", 0, 1})) == ErrorReason::kUnknownTopic);
  CHECK(ReasonOf(commit({"t", 1, 1})) == ErrorReason::kUnknownPartition);
  CHECK(member->Commit(std::vector<TopicPartitionOffset>{}).ok());
  CHECK(log.ListGroups()->empty());
  CHECK(log.CommittedOffsets("g")->empty());
}

TEST_CASE("an observer may call anything but what ends the log", "[scenario]") {
  Place place(AnyWorld());
  Log log;
  std::vector<ErrorReason> reasons;
  bool appended = false;
  LogOptions options = place.options();
  options.background_thread = false;
  Topic topic;
  options.observer = [&](const LogEvent& event) {
    if (event.kind != LogEvent::Kind::kRolled || !reasons.empty()) return;
    reasons = {ReasonOf(log.Close()), ReasonOf(log.Reopen())};
    appended = topic.Append({.value = "from the observer"}).ok();
  };
  log = OpenLog(std::move(options));
  topic = *log.OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 4 << 10});
  for (int i = 0; i < 200; ++i) REQUIRE(topic.Append({.value = std::string(1000, 'x')}).ok());
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0] == ErrorReason::kInCallback);
  CHECK(reasons[1] == ErrorReason::kInCallback);
  CHECK(appended);
}

}  // namespace
}  // namespace eventlog::test
