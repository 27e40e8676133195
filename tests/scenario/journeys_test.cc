// What a user does on an ordinary day, on each kind of log.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "eventlog/status_macros.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

absl::Status Quickstart(LogOptions options, std::vector<std::string>* seen) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, Log::Open(std::move(options)));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders", {.partitions = 4}));
  EVENTLOG_RETURN_IF_ERROR(orders.Append({.key = "order-1", .value = "placed"}));

  EVENTLOG_ASSIGN_OR_RETURN(auto billing,
                            log.NewConsumer({.group = "billing", .topics = {"orders"}}));
  ConsumerRecords records;
  EVENTLOG_RETURN_IF_ERROR(billing.Poll(absl::Seconds(1), &records));
  for (const auto& record : records) {
    seen->push_back(std::string(record.key()) + ": " + std::string(record.value()));
  }
  return billing.Commit();
}

World AnyDisk() { return GENERATE(World::kMemoryFileSystem, World::kDirectory); }

// Everything that `consumer` can read now: values, in order within each partition.
std::vector<std::string> ReadAll(Consumer* consumer) {
  std::vector<std::string> values;
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    for (const auto& record : records) values.emplace_back(record.value());
  } while (!records.caught_up());
  return values;
}

TEST_CASE("the first program of the manual works", "[scenario]") {
  Place place(AnyWorld());
  std::vector<std::string> seen;
  const absl::Status status = Quickstart(place.options(), &seen);
  INFO(status);
  REQUIRE(status.ok());
  CHECK(seen == std::vector<std::string>{"order-1: placed"});
  seen.clear();
  REQUIRE(Quickstart(place.options(), &seen).ok());
  // The second run reads what the first had not committed: its own record.
  CHECK(seen == std::vector<std::string>{"order-1: placed"});
}

TEST_CASE("records come back as they went in", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  REQUIRE(topic.ok());
  const absl::Time time = absl::FromUnixMillis(1'700'000'000'123);
  const std::string binary("\0\xff\n", 3);
  REQUIRE(topic->Append({.key = binary, .value = binary, .timestamp = time}).ok());
  REQUIRE(topic->Append({.value = "no key"}).ok());
  REQUIRE(topic->Append({.key = "k"}).ok());              // a tombstone
  REQUIRE(topic->Append({.key = "", .value = ""}).ok());  // empty is not null
  REQUIRE(topic
              ->Append({.key = "h",
                        .value = "v",
                        .headers = {{"a", "1"}, {"b", nullptr}, {"a", "2"}, {"", ""}}})
              .ok());
  auto consumer = log.NewConsumer({.topics = {"t"}});
  REQUIRE(consumer.ok());
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(records.size() == 5);
  CHECK(records[0].key() == binary);
  CHECK(records[0].value() == binary);
  CHECK(records[0].timestamp() == time);
  CHECK(records[0].headers().empty());
  CHECK_FALSE(records[1].has_key());
  CHECK(records[2].is_tombstone());
  CHECK(records[3].has_key());
  CHECK_FALSE(records[3].is_tombstone());
  CHECK(records[3].value().empty());
  const HeadersView headers = records[4].headers();
  REQUIRE(headers.size() == 4);
  CHECK(headers.Last("a") == "2");
  CHECK(headers.Last("b") == "");
  CHECK_FALSE(headers.Last("c").has_value());
  std::string keys;
  for (const Header header : headers) keys += std::string(header.key) + ",";
  CHECK(keys == "a,b,a,,");
  for (int64_t i = 0; i < 5; ++i) CHECK(records[static_cast<std::size_t>(i)].offset() == i);
}

TEST_CASE("records with a key stay together and in order", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 5});
  REQUIRE(topic.ok());
  for (int i = 0; i < 200; ++i) {
    REQUIRE(
        topic->Append({.key = "key-" + std::to_string(i % 17), .value = std::to_string(i)}).ok());
  }
  auto consumer = log.NewConsumer({.topics = {"t"}, .max_poll_records = 23});
  REQUIRE(consumer.ok());
  std::map<std::string, std::pair<int32_t, int>> last;  // by key: partition and value
  int count = 0;
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    CHECK(records.size() <= 23);
    for (const auto& record : records) {
      const int value = std::stoi(std::string(record.value()));
      const auto [at, added] =
          last.try_emplace(std::string(record.key()), record.partition(), value);
      if (!added) {
        CHECK(at->second.first == record.partition());
        CHECK(at->second.second < value);
        at->second.second = value;
      }
      ++count;
    }
  } while (!records.caught_up());
  CHECK(count == 200);
}

TEST_CASE("topics are described and listed and altered", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto orders = log.CreateTopic("orders", {.partitions = 2, .durability = Durability::kProcess});
  REQUIRE(orders.ok());
  REQUIRE(log.OpenTopic("carts").ok());
  REQUIRE(orders->Append({.value = "a", .partition = 1}).ok());
  CHECK(*log.ListTopics() == std::vector<std::string>{"carts", "orders"});
  auto described = log.DescribeTopic("orders");
  REQUIRE(described.ok());
  CHECK(described->options.partitions == 2);
  CHECK(described->options.durability == Durability::kProcess);
  CHECK(described->options.segment_bytes == 64 << 20);
  REQUIRE(described->partitions.size() == 2);
  CHECK(described->partitions[0].watermarks.high_watermark == 0);
  CHECK(described->partitions[1].watermarks.high_watermark == 1);
  REQUIRE(log.AlterTopic("orders", {.durability = Durability::kDisk,
                                    .compression_type = CompressionType::kLz4})
              .ok());
  described = log.DescribeTopic("orders");
  CHECK(described->options.durability == Durability::kDisk);
  CHECK(described->options.compression_type == CompressionType::kLz4);
  CHECK(orders->Append({.value = "b", .partition = 1}).ok());
  CHECK(ReadTopic(&log, "orders") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("topics survive a restart as they were and deleted ones stay away", "[scenario]") {
  Place place(AnyDisk());
  {
    Log log = OpenLog(place.options());
    auto kept = log.OpenTopic("kept", {.partitions = 3});
    auto renewed = log.OpenTopic("renewed");
    auto deleted = log.OpenTopic("deleted");
    REQUIRE(kept->Append({.value = "kept", .partition = 2}).ok());
    REQUIRE(renewed->Append({.value = "old"}).ok());
    REQUIRE(deleted->Append({.value = "gone"}).ok());
    REQUIRE(log.AlterTopic("kept", {.batch_bytes = 4096}).ok());
    REQUIRE(log.DeleteTopic("deleted").ok());
    REQUIRE(log.DeleteTopic("renewed").ok());
    CHECK(ReasonOf(renewed->Append({.value = "late"}).status()) == ErrorReason::kUnknownTopic);
    auto again = log.CreateTopic("renewed");
    REQUIRE(again.ok());
    CHECK(again->Append({.value = "new"})->offset == 0);
    if (GENERATE(true, false)) REQUIRE(log.Close().ok());
  }
  Log log = OpenLog(place.options());
  CHECK(*log.ListTopics() == std::vector<std::string>{"kept", "renewed"});
  CHECK(log.DescribeTopic("kept")->options.batch_bytes == 4096);
  CHECK(log.DescribeTopic("kept")->options.partitions == 3);
  CHECK(ReadTopic(&log, "kept") == std::vector<std::string>{"kept"});
  CHECK(ReadTopic(&log, "renewed") == std::vector<std::string>{"new"});
  CHECK(ReasonOf(log.DescribeTopic("deleted").status()) == ErrorReason::kUnknownTopic);
}

TEST_CASE("committed offsets survive restarts and the newest wins", "[scenario]") {
  Place place(AnyDisk());
  for (int round = 0; round < 3; ++round) {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t", {.partitions = 2});
    REQUIRE(topic.ok());
    for (int i = 0; i < 5; ++i) {
      REQUIRE(topic->Append({.value = std::to_string(round * 5 + i), .partition = 1}).ok());
    }
    auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
    REQUIRE(consumer.ok());
    const std::vector<std::string> values = ReadAll(&*consumer);
    REQUIRE(values.size() == 5);
    CHECK(values.front() == std::to_string(round * 5));
    REQUIRE(consumer->Commit().ok());
    const auto committed = log.CommittedOffsets("g");
    REQUIRE(committed.ok());
    REQUIRE(committed->size() == 2);
    CHECK((*committed)[1].offset == (round + 1) * 5);
    CHECK(*log.ListGroups() == std::vector<std::string>{"g"});
  }
}

TEST_CASE("a new topic of an old name starts without the old one's offsets", "[scenario]") {
  Place place(AnyDisk());
  {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t");
    REQUIRE(topic->Append({.value = "old"}).ok());
    auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
    CHECK(ReadAll(&*consumer).size() == 1);
    REQUIRE(consumer->Commit().ok());
    REQUIRE(log.DeleteTopic("t").ok());
    CHECK(log.CommittedOffsets("g")->empty());
  }
  Log log = OpenLog(place.options());
  CHECK(log.CommittedOffsets("g")->empty());
  auto topic = log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "new"}).ok());
  auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
  REQUIRE(consumer.ok());
  CHECK(ReadAll(&*consumer) == std::vector<std::string>{"new"});
}

TEST_CASE("a write joins records of topics and offsets of groups", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto in = log.OpenTopic("in");
  auto out = log.OpenTopic("out", {.partitions = 3});
  for (int i = 0; i < 4; ++i) REQUIRE(in->Append({.value = std::to_string(i)}).ok());
  auto consumer = log.NewConsumer({.group = "g", .topics = {"in"}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  WriteBatch batch;
  for (const auto& record : records) batch.Append(*out, record);
  batch.CommitOffsets(consumer->GroupMetadata(), records.NextOffsets());
  batch.CommitOffsets({.group = "relay"}, {{"elsewhere", 7, 42, -1, "cursor"}});
  CHECK(batch.size() == 6);
  std::vector<RecordMetadata> metadata(99);
  const absl::Status written = log.Write(batch, &metadata);
  INFO(written);
  REQUIRE(written.ok());
  CHECK(metadata.size() == 4);
  CHECK(ReadTopic(&log, "out").size() == 4);
  CHECK(log.CommittedOffsets("g")->front().offset == 4);
  const auto cursor = log.CommittedOffsets("relay");
  REQUIRE(cursor->size() == 1);
  CHECK(cursor->front() == TopicPartitionOffset{"elsewhere", 7, 42, -1, "cursor"});
  CHECK(log.Write(WriteBatch(), &metadata).ok());
  CHECK(metadata.empty());
}

TEST_CASE("a write places its records in their order whatever their partitions", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto a = log.OpenTopic("a", {.partitions = 3});
  auto b = log.OpenTopic("b", {.partitions = 2});
  WriteBatch batch;
  batch.Append(*b, {.value = "0", .partition = 1}).Append(*a, {.value = "1", .partition = 2});
  batch.Append(*a, {.value = "2", .partition = 0}).Append(*a, {.value = "3", .partition = 2});
  batch.CommitOffsets({.group = "g"}, {{"x", 0, 1}});
  std::vector<RecordMetadata> metadata;
  REQUIRE(log.Write(batch, &metadata).ok());
  std::vector<std::pair<int32_t, int64_t>> places;
  for (const RecordMetadata& at : metadata) places.emplace_back(at.partition, at.offset);
  CHECK(places == std::vector<std::pair<int32_t, int64_t>>{{1, 0}, {2, 0}, {0, 0}, {2, 1}});
  CHECK(ReadTopic(&log, "a") == std::vector<std::string>{"2", "1", "3"});
}

TEST_CASE("several records are appended at once and placed in their order", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  std::vector<RecordMetadata> metadata;
  REQUIRE(topic
              ->AppendAll({{.value = "a", .partition = 2},
                           {.value = "b", .partition = 0},
                           {.value = "c", .partition = 2}},
                          &metadata)
              .ok());
  REQUIRE(metadata.size() == 3);
  CHECK(metadata[0].partition == 2);
  CHECK(metadata[0].offset == 0);
  CHECK(metadata[1].partition == 0);
  CHECK(metadata[2].partition == 2);
  CHECK(metadata[2].offset == 1);
  CHECK(topic->AppendAll({}, &metadata).ok());
  CHECK(metadata.empty());
}

TEST_CASE("views of records outlive consumer and log and topic", "[scenario]") {
  Place place(AnyWorld());
  ConsumerRecords records;
  {
    LogOptions options = place.options();
    Log log = OpenLog(std::move(options));
    auto topic = log.OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 1024});
    for (int i = 0; i < 300; ++i) {
      REQUIRE(topic->Append({.key = std::to_string(i), .value = std::string(500, 'v')}).ok());
    }
    auto consumer = log.NewConsumer({.topics = {"t"}});
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    REQUIRE(records.size() > 50);
    REQUIRE(log.DeleteTopic("t").ok());
    CHECK(records[50].key() == "50");
    ConsumerRecords none;
    CHECK(ReasonOf(consumer->Poll(absl::ZeroDuration(), &none)) == ErrorReason::kUnknownTopic);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    const RecordView& record = records[i];
    REQUIRE(record.key() == std::to_string(i));
    REQUIRE(record.value() == std::string(500, 'v'));
    REQUIRE(record.topic() == "t");
  }
  const ConsumerRecords moved = std::move(records);
  CHECK(moved[7].key() == "7");
}

TEST_CASE("compressed records come back after a restart and take less space", "[scenario]") {
  Place place(AnyDisk());
  {
    Log log = OpenLog(place.options());
    auto plain = log.OpenTopic("plain", {.compression_type = CompressionType::kNone});
    auto lz4 = log.OpenTopic("lz4", {.compression_type = CompressionType::kLz4});
    const std::string value(1000, 'x');
    for (int i = 0; i < 500; ++i) {
      REQUIRE(plain->Append({.value = value}).ok());
      REQUIRE(lz4->Append({.value = value}).ok());
    }
  }
  Log log = OpenLog(place.options());
  CHECK(ReadTopic(&log, "lz4") == ReadTopic(&log, "plain"));
  CHECK(ReadTopic(&log, "lz4").size() == 500);
  const int64_t plain_bytes = log.DescribeTopic("plain")->partitions[0].bytes;
  CHECK(plain_bytes > 500'000);
  CHECK(log.DescribeTopic("lz4")->partitions[0].bytes < plain_bytes / 10);
}

TEST_CASE("segments roll and everything stays readable from anywhere", "[scenario]") {
  Place place(AnyWorld());
  int rolled = 0;
  LogOptions options = place.options();
  options.background_thread = false;  // the observer counts on this thread only
  options.observer = [&](const LogEvent& event) {
    rolled += event.kind == LogEvent::Kind::kRolled ? 1 : 0;
  };
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 4 << 10});
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(topic
                ->Append({.value = std::to_string(i) + std::string(500, '.'),
                          .timestamp = absl::FromUnixSeconds(1000 + i)})
                .ok());
  }
  CHECK(rolled >= 6);
  auto consumer = log.NewConsumer({.topics = {"t"}});
  REQUIRE(consumer.ok());
  CHECK(ReadAll(&*consumer).size() == 1000);
  ConsumerRecords records;
  for (const int64_t offset : {int64_t{0}, int64_t{1}, int64_t{499}, int64_t{998}, int64_t{999}}) {
    REQUIRE(consumer->Seek(OffsetSpec::At(offset)).ok());
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    CHECK(records[0].offset() == offset);
    REQUIRE(consumer->Seek(OffsetSpec::ForTimestamp(absl::FromUnixSeconds(1000 + offset))).ok());
    CHECK(*consumer->Position({"t", 0}) == offset);
  }
}

TEST_CASE("a hundred topics need no more than sixteen open files", "[scenario]") {
  // Creating a thousand directories durably takes its time on a real disk.
  const World world = AnyDisk();
  const int topics = world == World::kDirectory ? 10 : 100;
  Place place(world);
  for (int round = 0; round < 2; ++round) {
    LogOptions options = place.options();
    options.tuning.max_open_files = 16;
    Log log = OpenLog(std::move(options));
    for (int t = 0; t < topics; ++t) {
      auto topic = log.OpenTopic("topic-" + std::to_string(t),
                                 {.partitions = 10, .durability = Durability::kProcess});
      REQUIRE(topic.ok());
      std::vector<ProducerRecord> records;
      for (int p = 0; p < 10; ++p) records.push_back({.value = "v", .partition = p});
      const absl::Status appended = topic->AppendAll(records);
      INFO(appended);
      REQUIRE(appended.ok());
    }
    ConsumerOptions all;
    all.topics = *log.ListTopics();
    auto consumer = log.NewConsumer(all);
    REQUIRE(consumer.ok());
    CHECK(ReadAll(&*consumer).size() == static_cast<std::size_t>(10 * topics * (round + 1)));
    const absl::Status closed = log.Close();
    INFO(closed);
    CHECK(closed.ok());
  }
}

}  // namespace
}  // namespace eventlog::test
