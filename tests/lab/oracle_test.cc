// The oracle finds what is wrong: each test tells it something else than what is in the log.
#include "lab/oracle.h"

#include <catch2/catch.hpp>
#include <string>

#include "eventlog/testing/manual_clock.h"
#include "lab/labelled_record.h"

namespace eventlog::test {
namespace {

const TopicPartition kPlace = {"t", 0};
const absl::Duration kNow = absl::Hours(1);

// A log with the records "0", "1", "2" in t-0, and an oracle that knows about them.
struct World {
  World() {
    log = *Log::Open({.memory = true});
    topic = *log.CreateTopic("t");
    oracle.Learn({.kind = Fact::Kind::kTopicTried, .disk = true, .place = kPlace, .number = 1});
    oracle.Learn({.kind = Fact::Kind::kTopicMade, .place = kPlace});
    for (const char* value : {"0", "1", "2"}) Append(value);
  }
  void Append(const std::string& value) {
    Try(value);
    const auto at = topic.Append({.value = value});
    REQUIRE(at.ok());
    Acknowledge(value, at->offset);
  }
  void Try(const std::string& value, int64_t write = 0) {
    oracle.Learn(
        {.kind = Fact::Kind::kAppendTried, .place = kPlace, .value = value, .number = write});
  }
  void Acknowledge(const std::string& value, int64_t offset) {
    oracle.Learn({.kind = Fact::Kind::kAppended,
                  .place = kPlace,
                  .value = value,
                  .offset = offset,
                  .at = kNow});
  }
  void Learn(Fact::Kind kind, int64_t offset) {
    oracle.Learn({.kind = kind, .place = kPlace, .offset = offset});
  }
  void Commit(int64_t offset, bool disk, int64_t write = 0) {
    oracle.Learn({.kind = Fact::Kind::kCommitTried,
                  .disk = disk,
                  .place = kPlace,
                  .group = "g",
                  .offset = offset,
                  .number = write});
    oracle.Learn({.kind = Fact::Kind::kCommitted, .place = kPlace, .group = "g", .offset = offset});
  }
  std::string Judge(Crash crash = Crash::kPowerCut) { return oracle.Judge(&log, crash, kNow); }

  Log log;
  Topic topic;
  Oracle oracle;
};

using Catch::Contains;

TEST_CASE("the oracle is content with what it was told", "[lab]") {
  World world;
  CHECK(world.Judge().empty());
  world.Append("3");
  CHECK(world.Judge(Crash::kNone).empty());
  CHECK(world.oracle.records_judged() == 7);
}

TEST_CASE("the oracle misses what was acknowledged or read", "[lab]") {
  World world;
  world.Try("3");
  const bool read = GENERATE(false, true);
  world.oracle.Learn({.kind = read ? Fact::Kind::kRead : Fact::Kind::kAppended,
                      .place = kPlace,
                      .value = "3",
                      .offset = 3});
  CHECK_THAT(world.Judge(), Contains("lost: 3 of offset 3"));
}

TEST_CASE("the oracle forgives the loss of what was not acknowledged", "[lab]") {
  World world;
  world.Try("3");
  CHECK(world.Judge().empty());
}

TEST_CASE("the oracle knows nothing of a record that nobody tried", "[lab]") {
  World world;
  REQUIRE(world.topic.Append({.value = "nobody's"}).ok());
  CHECK_THAT(world.Judge(), Contains("nobody's at offset 3 is invented or doubled"));
}

TEST_CASE("the oracle sees another key, timestamp or header than the label says", "[lab]") {
  const std::string value = LabelledValue(5, absl::FromUnixSeconds(1), 0);
  const LabelledRecord labelled(value, 0);
  ProducerRecord record = labelled.view();
  const auto judge = [&] {
    World world;
    world.Try(value);
    REQUIRE(world.topic.Append(record).ok());
    return world.Judge();
  };
  REQUIRE(judge().empty());
  SECTION("key") {
    record.key = "another";
    CHECK_THAT(judge(), Contains("0000000000005 has the key 'another' instead of 'key 005'"));
    record.key = {};
    CHECK_THAT(judge(), Contains("has the key '' instead of"));
  }
  SECTION("timestamp") {
    record.timestamp = absl::FromUnixSeconds(2);
    CHECK_THAT(judge(), Contains("has the timestamp"));
  }
  SECTION("headers") {
    record.headers = {};
    CHECK_THAT(judge(), Contains("has other headers"));
  }
}

TEST_CASE("the oracle sees a record twice", "[lab]") {
  World world;
  REQUIRE(world.topic.Append({.value = "2"}).ok());
  CHECK_THAT(world.Judge(), Contains("invented or doubled"));
}

TEST_CASE("the oracle sees records change places", "[lab]") {
  World world;
  world.Try("3");
  world.Try("4");
  REQUIRE(world.topic.Append({.value = "4"}).ok());
  REQUIRE(world.topic.Append({.value = "3"}).ok());
  CHECK_THAT(world.Judge(), Contains("4 at offset 3, before 3"));
}

TEST_CASE("the oracle wants a prefix of what was not acknowledged", "[lab]") {
  World world;
  world.Try("3");
  world.Try("4");
  REQUIRE(world.topic.Append({.value = "4"}).ok());
  CHECK_THAT(world.Judge(), Contains("before 3"));
}

TEST_CASE("the oracle lets what was refused be missing or there", "[lab]") {
  World world;
  const bool there = GENERATE(false, true);
  world.Try("refused");
  world.Learn(Fact::Kind::kRefused, -1);
  if (there) REQUIRE(world.topic.Append({.value = "refused"}).ok());
  world.Append("3");
  CHECK(world.Judge().empty());
}

TEST_CASE("the oracle wants nothing of what was undone", "[lab]") {
  World world;
  world.Try("undone");
  world.Learn(Fact::Kind::kUndone, -1);
  REQUIRE(world.topic.Append({.value = "undone"}).ok());
  CHECK_THAT(world.Judge(), Contains("invented or doubled"));
}

TEST_CASE("the oracle sees an offset with another record", "[lab]") {
  World world;
  world.Try("3");
  REQUIRE(world.topic.Append({.value = "3"}).ok());
  world.Acknowledge("3", 4);
  CHECK_THAT(world.Judge(), Contains("3 at offset 3 was at 4"));
}

TEST_CASE("the oracle sees half an atomic write", "[lab]") {
  World world;
  world.Try("half", /*write=*/1);
  world.Try("other half", /*write=*/1);
  REQUIRE(world.topic.Append({.value = "half"}).ok());
  CHECK_THAT(world.Judge(), Contains("of an atomic write 1 records are there and 1 are not"));
}

TEST_CASE("the oracle sees a high watermark that ran ahead of what survives", "[lab]") {
  World world;
  world.Try("3");
  world.Learn(Fact::Kind::kSeen, 3);
  CHECK(world.Judge().empty());
  world.Learn(Fact::Kind::kSeen, 4);
  const Crash crash = GENERATE(Crash::kNone, Crash::kKill, Crash::kPowerCut);
  CHECK_THAT(world.Judge(crash), Contains("the high watermark 4 was seen, the log ends at 3"));
}

TEST_CASE("the oracle forgives a power cut a high watermark of records that were not to be durable",
          "[lab]") {
  World world;
  world.oracle.Learn({.kind = Fact::Kind::kTopicTried, .place = kPlace, .number = 1});
  world.Learn(Fact::Kind::kSeen, 4);
  const Crash crash = GENERATE(Crash::kKill, Crash::kPowerCut);
  CHECK(world.Judge(crash).empty() == (crash == Crash::kPowerCut));
}

TEST_CASE("the oracle sees an offset without its atomic write and the reverse", "[lab]") {
  World world;
  const bool records = GENERATE(false, true);
  world.Try("with an offset", /*write=*/1);
  world.oracle.Learn({.kind = Fact::Kind::kCommitTried,
                      .disk = true,
                      .place = kPlace,
                      .group = "g",
                      .offset = 2,
                      .number = 1});
  if (records) {
    REQUIRE(world.topic.Append({.value = "with an offset"}).ok());
    CHECK_THAT(world.Judge(), Contains("records of an atomic write without its offset 2"));
  } else {
    REQUIRE(world.log.AlterOffsets("g", {{.topic = "t", .partition = 0, .offset = 2}}).ok());
    CHECK_THAT(world.Judge(), Contains("the offset 2 of an atomic write without its records"));
  }
}

TEST_CASE("the oracle sees deleted records back and others deleted", "[lab]") {
  World world;
  const bool back = GENERATE(false, true);
  if (back) {
    world.Learn(Fact::Kind::kDeleted, 2);
    CHECK_THAT(world.Judge(), Contains("the log start 0 was 2 before"));
  } else {
    world.Learn(Fact::Kind::kDeleteTried, 1);
    REQUIRE(world.topic.DeleteRecords(0, 2).ok());
    CHECK_THAT(world.Judge(), Contains("the log start 2 is beyond 1"));
  }
}

TEST_CASE("the oracle sees an acknowledged offset go", "[lab]") {
  World world;
  world.Commit(2, /*disk=*/true);
  CHECK_THAT(world.Judge(), Contains("the offset -1, although 2 was acknowledged"));
}

TEST_CASE("the oracle forgives a power cut the offsets that were not to be durable", "[lab]") {
  World world;
  const Crash crash = GENERATE(Crash::kKill, Crash::kPowerCut);
  world.Commit(2, /*disk=*/false);
  CHECK(world.Judge(crash).empty() == (crash == Crash::kPowerCut));
}

TEST_CASE("the oracle sees an offset that nobody committed", "[lab]") {
  World world;
  world.Commit(2, /*disk=*/true);
  REQUIRE(world.log.AlterOffsets("g", {{.topic = "t", .partition = 0, .offset = 1}}).ok());
  CHECK_THAT(world.Judge(), Contains("the offset 1 was never committed"));
}

TEST_CASE("the oracle knows nothing of a group that nobody told of", "[lab]") {
  World world;
  WriteBatch batch;
  batch.CommitOffsets({.group = "stranger"}, {{.topic = "t", .offset = 1}});
  REQUIRE(world.log.Write(batch).ok());
  CHECK_THAT(world.Judge(), Contains("group stranger of t-0: nobody committed there"));
}

TEST_CASE("the oracle sees a group that is silently ahead of its log", "[lab]") {
  World world;
  world.Commit(5, /*disk=*/true);
  // Without the epoch by which a consumer would be told once the log is as long again.
  REQUIRE(world.log.AlterOffsets("g", {{.topic = "t", .partition = 0, .offset = 5}}).ok());
  CHECK(world.Judge().empty());
  for (const char* value : {"3", "4", "5"}) world.Append(value);
  const bool deleted = GENERATE(false, true);
  if (deleted) {
    world.Learn(Fact::Kind::kDeleteTried, 5);
    REQUIRE(world.topic.DeleteRecords(0, 5).ok());
    CHECK(world.Judge().empty());  // nothing is left of what it has missed
  } else {
    CHECK_THAT(world.Judge(),
               Contains("the offset 5 is ahead, and a consumer that goes on there is told"));
  }
}

TEST_CASE("the oracle misses topics and sees those that nobody made", "[lab]") {
  World world;
  const bool missing = GENERATE(false, true);
  if (missing) {
    REQUIRE(world.log.DeleteTopic("t").ok());
    CHECK_THAT(world.Judge(), Contains("no topic t"));
  } else {
    REQUIRE(world.log.CreateTopic("nobodys").ok());
    CHECK_THAT(world.Judge(), Contains("nobodys was never made"));
  }
}

TEST_CASE("the oracle takes a topic under way as made or not and as deleted or not", "[lab]") {
  World world;
  const bool deleted = GENERATE(false, true);
  world.oracle.Learn({.kind = Fact::Kind::kTopicDoomed, .place = kPlace});
  if (deleted) REQUIRE(world.log.DeleteTopic("t").ok());
  world.oracle.Learn(
      {.kind = Fact::Kind::kTopicTried, .disk = true, .place = {"new"}, .number = 2});
  const bool made = GENERATE(false, true);
  if (made) REQUIRE(world.log.CreateTopic("new", {.partitions = 2}).ok());
  CHECK(world.Judge().empty());
}

TEST_CASE("the oracle sees retention delete early", "[lab]") {
  World world;
  world.oracle.Learn({.kind = Fact::Kind::kTopicTried,
                      .disk = true,
                      .place = kPlace,
                      .number = 1,
                      .retention = absl::Minutes(1)});
  REQUIRE(world.topic.DeleteRecords(0, 2).ok());
  CHECK_THAT(world.Judge(), Contains("offset 0 was deleted early"));
}

}  // namespace
}  // namespace eventlog::test
