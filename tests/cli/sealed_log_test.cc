#include "cli/sealed_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "cli/stored_file.h"
#include "cli/tool.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "format/file_names.h"

namespace eventlog::cli {
namespace {

using test::TempDir;

// A record's value is its offset, 1000 bytes long, and its timestamp 10 ms for each.
std::string ValueOf(int64_t offset) {
  std::string value = std::to_string(offset);
  return value + std::string(1000 - value.size(), ' ');
}

// A log whose topic "t" has `count` records in several segments of several batches.
class Fixture {
 public:
  explicit Fixture(int64_t count) {
    auto opened = Log::Open({.directory = path_});
    REQUIRE(opened.ok());
    log_ = *std::move(opened);
    auto topic = log_.OpenTopic(
        "t",
        {.durability = Durability::kProcess, .segment_bytes = 64 << 10, .batch_bytes = 4 << 10});
    REQUIRE(topic.ok());
    topic_ = *topic;
    for (int64_t i = 0; i < count; ++i) {
      REQUIRE(topic_.Append({.value = ValueOf(i), .timestamp = absl::FromUnixMillis(10 * i)}).ok());
    }
  }
  const std::string& path() const { return path_; }
  std::string partition_path() const { return path_ + "/segments/1-0"; }
  Log& log() { return log_; }
  const Topic& topic() const { return topic_; }
  void Close() { REQUIRE(log_.Close().ok()); }

  SealedPartition Open() const {
    const auto sealed = SealedLog::Read(FileSystem::Posix(), path_);
    REQUIRE(sealed.ok());
    const auto topic = sealed->FindTopic("t");
    REQUIRE(topic.ok());
    auto partition = sealed->OpenPartition(**topic, 0);
    REQUIRE(partition.ok());
    return *std::move(partition);
  }

 private:
  const TempDir directory_;
  const std::string path_ = directory_ / "log";
  Log log_;
  Topic topic_;
};

// How many records there are from `offset` on; each is checked.
int64_t CountFrom(SealedPartition* partition, int64_t offset) {
  int64_t count = 0;
  std::vector<internal::StoredBatch> batches;
  for (;;) {
    REQUIRE(partition->Read(offset, &batches).ok());
    if (batches.empty()) return count;
    REQUIRE(batches.front().header.base_offset <= offset);
    for (const internal::StoredBatch& batch : batches) {
      const auto records = DecodeRecords(batch.records, batch.header.record_count);
      REQUIRE(records.ok());
      for (const internal::EncodedRecord& record : *records) {
        const int64_t at = batch.header.base_offset + record.offset_delta;
        if (at < offset) continue;
        REQUIRE(at == offset);
        REQUIRE(std::string(record.value, record.value_size) == ValueOf(at));
        ++offset;
        ++count;
      }
    }
  }
}

TEST_CASE("a closed log is read whole from any offset", "[cli]") {
  Fixture fixture(300);
  fixture.Close();
  SealedPartition partition = fixture.Open();
  CHECK(partition.topic() == "t");
  CHECK(partition.number() == 0);
  CHECK(partition.log_start_offset() == 0);
  CHECK(partition.end_offset() == 300);
  CHECK(partition.Bytes().value() > 300 * 1000);
  for (const int64_t from : {0, 1, 59, 60, 61, 255, 299, 300}) {
    CHECK(CountFrom(&partition, from) == 300 - from);
  }
}

TEST_CASE("an open log is read as far as it is sealed and its lock stays with it", "[cli]") {
  Fixture fixture(300);
  SealedPartition partition = fixture.Open();
  CHECK(partition.end_offset() > 150);
  CHECK(partition.end_offset() < 300);  // the last batches are in memory still
  CHECK(CountFrom(&partition, 0) == partition.end_offset());
  REQUIRE(fixture.topic().Append({.value = ValueOf(300)}).ok());
  fixture.Close();
}

TEST_CASE("places are looked up", "[cli]") {
  Fixture fixture(300);
  REQUIRE(fixture.topic().DeleteRecords(0, 100).ok());
  fixture.Close();
  SealedPartition partition = fixture.Open();
  const auto offset_of = [&](Place::Kind kind, int64_t value) {
    return partition.Resolve({kind, value}).value();
  };
  CHECK(offset_of(Place::Kind::kBeginning, 0) == 100);
  CHECK(offset_of(Place::Kind::kEnd, 0) == 300);
  CHECK(offset_of(Place::Kind::kOffset, 100) == 100);
  CHECK(offset_of(Place::Kind::kOffset, 300) == 300);
  CHECK(offset_of(Place::Kind::kNewest, 10) == 290);
  CHECK(offset_of(Place::Kind::kNewest, 1000) == 100);
  CHECK(offset_of(Place::Kind::kNewest, INT64_MAX) == 100);
  CHECK(offset_of(Place::Kind::kTime, 0) == 100);
  CHECK(offset_of(Place::Kind::kTime, 2000) == 200);
  CHECK(offset_of(Place::Kind::kTime, 2001) == 201);
  CHECK(offset_of(Place::Kind::kTime, 2991) == 300);
  const auto below = partition.Resolve({Place::Kind::kOffset, 99}).status();
  CHECK(ReasonOf(below) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(below) == 100);
  const auto beyond = partition.Resolve({Place::Kind::kOffset, 301}).status();
  CHECK(ReasonOf(beyond) == ErrorReason::kBeyondHighWatermark);
  CHECK(ActualOffset(beyond) == 300);
  CHECK(partition.OldestTimestampMs().value() == 1000);
  CHECK(partition.NewestTimestampMs().value() == 2990);
}

TEST_CASE("a reader whose next segment is deleted is told where the log starts now", "[cli]") {
  Fixture fixture(300);
  SealedPartition partition = fixture.Open();
  CHECK(CountFrom(&partition, 0) == partition.end_offset());
  REQUIRE(fixture.topic().DeleteRecords(0, 200).ok());
  std::vector<internal::StoredBatch> batches;
  const absl::Status read = partition.Read(0, &batches);
  CHECK(ReasonOf(read) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(read) == 200);
  CHECK(CountFrom(&partition, 200) == partition.end_offset() - 200);
}

TEST_CASE("a partition all of whose records are deleted is empty", "[cli]") {
  Fixture fixture(300);
  REQUIRE(fixture.topic().DeleteRecords(0, 300).ok());
  fixture.Close();
  SealedPartition partition = fixture.Open();
  CHECK(partition.log_start_offset() == 300);
  CHECK(partition.end_offset() == 300);
  CHECK(CountFrom(&partition, 300) == 0);
  CHECK_FALSE(partition.OldestTimestampMs().value().has_value());
  CHECK_FALSE(partition.NewestTimestampMs().value().has_value());
}

TEST_CASE("a torn last batch is the end and damage before it is an error", "[cli]") {
  Fixture fixture(300);
  fixture.Close();
  const auto bases = ListSegments(FileSystem::Posix(), fixture.partition_path());
  REQUIRE(bases.ok());
  REQUIRE(bases->size() > 3);
  const std::string last = internal::SegmentPath(fixture.partition_path(), bases->back());
  test::WriteFileText(last, test::ReadFileText(last) + "torn bytes");
  SealedPartition partition = fixture.Open();
  CHECK(partition.end_offset() == 300);
  const std::string second = internal::SegmentPath(fixture.partition_path(), (*bases)[1]);
  const std::string good = test::ReadFileText(second);
  for (const std::size_t at : {std::size_t{60}, std::size_t{200}, good.size() - 1}) {
    test::FlipByte(second, at);
    std::vector<internal::StoredBatch> batches;
    absl::Status read;
    for (int64_t offset = (*bases)[1]; read.ok() && offset < (*bases)[2];) {
      read = partition.Read(offset, &batches);
      if (read.ok()) offset = batches.back().header.next_offset();
    }
    CHECK(absl::IsDataLoss(read));
    test::WriteFileText(second, good);
  }
  std::filesystem::remove(second);
  std::vector<internal::StoredBatch> batches;
  CHECK(absl::IsDataLoss(fixture.Open().Read((*bases)[1], &batches)));
}

TEST_CASE("what is not there is said to be missing", "[cli]") {
  const TempDir directory;
  const auto reason = [](const absl::Status& status) { return ReasonOf(status); };
  CHECK(reason(SealedLog::Read(FileSystem::Posix(), directory / "none").status()) ==
        ErrorReason::kDirectoryNotFound);
  CHECK(reason(SealedLog::Read(FileSystem::Posix(), directory.path()).status()) ==
        ErrorReason::kDirectoryNotFound);
  Fixture fixture(300);
  fixture.Close();
  const auto sealed = SealedLog::Read(FileSystem::Posix(), fixture.path());
  REQUIRE(sealed.ok());
  CHECK(sealed->directory() == fixture.path());
  CHECK(sealed->Topics().size() == 1);
  CHECK(reason(sealed->FindTopic("u").status()) == ErrorReason::kUnknownTopic);
  const internal::CatalogTopic* topic = sealed->FindTopic("t").value();
  CHECK(reason(sealed->OpenPartition(*topic, 1).status()) == ErrorReason::kUnknownPartition);
  CHECK(reason(sealed->OpenPartition(*topic, -1).status()) == ErrorReason::kUnknownPartition);
  const auto bases = ListSegments(FileSystem::Posix(), fixture.partition_path());
  for (const int64_t base : {bases->front(), bases->back()}) {
    const std::string path = internal::SegmentPath(fixture.partition_path(), base);
    const std::string bytes = test::ReadFileText(path);
    std::filesystem::remove(path);
    CHECK(reason(sealed->OpenPartition(*topic, 0).status()) == ErrorReason::kDurableDataMissing);
    test::WriteFileText(path, bytes);
  }
  CHECK(sealed->OpenPartition(*topic, 0).ok());
}

TEST_CASE("a topic that is deleted meanwhile is unknown", "[cli]") {
  Fixture fixture(300);
  const auto sealed = SealedLog::Read(FileSystem::Posix(), fixture.path());
  REQUIRE(sealed.ok());
  const internal::CatalogTopic* topic = sealed->FindTopic("t").value();
  REQUIRE(fixture.log().DeleteTopic("t").ok());
  fixture.Close();
  const auto opened = sealed->OpenPartition(*topic, 0);
  CHECK((opened.ok() ? opened->end_offset() == 0
                     : ReasonOf(opened.status()) == ErrorReason::kUnknownTopic));
}

TEST_CASE("committed offsets are read as the log itself reads them", "[cli]") {
  Fixture fixture(10);
  for (int64_t offset = 1; offset <= 5; ++offset) {
    for (const char* group : {"a", "b"}) {
      const std::vector<TopicPartitionOffset> committed = {{"t", 0, offset, -1, "note"}};
      REQUIRE(fixture.log().AlterOffsets(group, committed).ok());
    }
  }
  REQUIRE(fixture.log().DeleteGroup("b").ok());
  const auto expected = fixture.log().CommittedOffsets("a");
  fixture.Close();
  const auto sealed = SealedLog::Read(FileSystem::Posix(), fixture.path());
  REQUIRE(sealed.ok());
  internal::OffsetStore offsets;
  REQUIRE(sealed->ReadOffsets(&offsets).ok());
  CHECK(offsets.Groups() == std::vector<std::string>{"a"});
  CHECK(offsets.Committed("a") == expected.value());
}

}  // namespace
}  // namespace eventlog::cli
