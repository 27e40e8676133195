#include "cli/journal_scan.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/batch_factory.h"

namespace eventlog::cli {
namespace {

internal::Uuid LogId() {
  internal::Uuid id;
  id.bytes.fill('l');
  return id;
}

// A group of one frame, padded to where the next one may begin.
std::string Group(uint64_t generation, uint64_t sequence, uint64_t synced_upto) {
  const auto batch = test::MakeCountedBatch(test::TestIdentity(), 5, 2);
  internal::JournalFrame frame;
  frame.topic_id = 1;
  frame.batch_base_offset = 5;
  frame.base_timestamp_ms = 5;
  frame.first_offset = 5;
  frame.record_count = 2;
  frame.records = batch.records;
  internal::GroupBuilder builder;
  builder.Add(frame);
  std::string bytes(builder.Finish(generation, sequence, synced_upto, LogId()));
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return bytes;
}

TEST_CASE("groups are found behind damage and those of other generations are not", "[cli]") {
  const std::string first = Group(3, 1, 0);
  const std::string bytes = std::string(64, 'x') + first + Group(2, 9, 0) + Group(3, 2, 1);
  const auto groups = FindGroups(bytes, 3, LogId());
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].position == 64);
  CHECK(groups[0].group.sequence == 1);
  CHECK(groups[0].group.frames.size() == 1);
  CHECK(groups[1].group.sequence == 2);
  std::string damaged = bytes;
  damaged[64 + internal::kGroupHeaderBytes + 3] ^= 1;
  CHECK(FindGroups(damaged, 3, LogId()).size() == 1);
}

TEST_CASE("a group is missing when the checkpoint or a later group proves it", "[cli]") {
  internal::Checkpoint checkpoint;
  checkpoint.sequence = 5;
  CHECK(FindMissingGroup(checkpoint, {}) == 0);
  const auto group = [](uint64_t sequence, uint64_t synced_upto) {
    FoundGroup found;
    found.group.sequence = sequence;
    found.group.synced_upto = synced_upto;
    return found;
  };
  CHECK(FindMissingGroup(checkpoint, {group(5, 4), group(7, 5)}) == 0);
  CHECK(FindMissingGroup(checkpoint, {group(5, 4), group(7, 6)}) == 6);
  CHECK(FindMissingGroup(checkpoint, {group(4, 3)}) == 0);
  checkpoint.synced_upto = 5;
  CHECK(FindMissingGroup(checkpoint, {}) == 5);
}

}  // namespace
}  // namespace eventlog::cli
