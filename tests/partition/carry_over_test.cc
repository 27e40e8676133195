#include "partition/carry_over.h"

#include <catch2/catch.hpp>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::CarryOver;
using internal::GroupBuilder;

constexpr int64_t kMuch = 1 << 20;

// A partition with so many records of 100 bytes in the journal and in memory.
std::shared_ptr<internal::Partition> Loaded(PartitionFixture* fixture, int32_t number, int records,
                                            Acknowledgement kind = Acknowledgement::kDisk) {
  auto partition = fixture->Make(number, PartitionFixture::Config(kind));
  for (int i = 0; i < records; ++i) {
    EVENTLOG_ASSERT(fixture->Append(partition, Values(1, 100, i)).ok());
  }
  return partition;
}

// The records of a group, by partition.
std::map<int32_t, int> Carried(GroupBuilder* group) {
  const internal::Uuid log_id;
  std::map<int32_t, int> records;
  if (group->empty()) return records;
  const std::string bytes(group->Finish(1, 1, 0, log_id));
  const auto decoded = internal::DecodeGroup(bytes, 1, log_id);
  EVENTLOG_ASSERT(decoded.ok());
  for (const auto& frame : decoded->frames) {
    EVENTLOG_ASSERT(frame.first_offset == 0);
    records[frame.partition] += frame.record_count;
  }
  return records;
}

TEST_CASE("those that have least are carried over and the others left", "[partition]") {
  PartitionFixture fixture;
  const auto few = Loaded(&fixture, 0, 2);
  const auto most = Loaded(&fixture, 1, 8);
  const auto some = Loaded(&fixture, 2, 4);
  CarryOver carried({few, most, some}, 1000);
  CHECK(carried.bytes() <= 1000);
  GroupBuilder group;
  carried.Collect(&group, kMuch);
  CHECK(Carried(&group) == std::map<int32_t, int>{{0, 2}, {2, 4}});
  CHECK(carried.left() == std::vector<std::shared_ptr<internal::Partition>>{most});
}

TEST_CASE("what the group has no room for is left", "[partition]") {
  PartitionFixture fixture;
  const auto few = Loaded(&fixture, 0, 2);
  const auto some = Loaded(&fixture, 1, 4);
  CarryOver carried({few, some}, kMuch);
  GroupBuilder group;
  carried.Collect(&group, 600);
  CHECK(static_cast<int64_t>(group.bytes()) <= 600);
  CHECK(Carried(&group) == std::map<int32_t, int>{{0, 2}});
  CHECK(carried.left() == std::vector<std::shared_ptr<internal::Partition>>{some});
}

TEST_CASE("what came since the choice is carried over as well", "[partition]") {
  PartitionFixture fixture;
  const auto idle = Loaded(&fixture, 0, 0);
  CarryOver carried({idle}, kMuch);
  CHECK(carried.bytes() == 0);
  REQUIRE(fixture.Append(idle, Values(3)).ok());
  GroupBuilder group;
  carried.Collect(&group, kMuch);
  CHECK(Carried(&group) == std::map<int32_t, int>{{0, 3}});
  CHECK(carried.left().empty());
}

TEST_CASE("what is not journaled yet is left to the groups that follow", "[partition]") {
  PartitionFixture fixture;
  const auto partition = Loaded(&fixture, 0, 2);
  const auto staged = fixture.Stage(partition, Values(5, 100, 2));
  REQUIRE(staged.ok());
  CarryOver carried({partition}, kMuch);
  GroupBuilder group;
  carried.Collect(&group, kMuch);
  CHECK(Carried(&group) == std::map<int32_t, int>{{0, 2}});
  CHECK(fixture.Await(*staged).ok());
}

TEST_CASE("what is not durable in the journal alone is left", "[partition]") {
  PartitionFixture fixture;
  const auto process = Loaded(&fixture, 0, 2, Acknowledgement::kProcess);
  CarryOver carried({process}, kMuch);
  GroupBuilder group;
  carried.Collect(&group, kMuch);
  CHECK(group.empty());
  CHECK(carried.left().size() == 1);
}

}  // namespace
}  // namespace eventlog::test
