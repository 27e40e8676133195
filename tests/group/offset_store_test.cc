#include "group/offset_store.h"

#include <catch2/catch.hpp>

#include "base/error.h"

namespace eventlog::internal {
namespace {

OffsetCommitValue At(int64_t offset) { return {offset, 7, 1000, "note"}; }

using Groups = std::vector<std::string>;
using Snapshot = std::vector<CommittedOffset>;

TEST_CASE("a group finds what it committed sorted by topic and partition", "[group]") {
  OffsetStore store;
  store.Apply({"billing", "orders", 1}, At(11), 0);
  store.Apply({"billing", "orders", 0}, At(10), 1);
  store.Apply({"billing", "carts", 5}, At(5), 2);
  store.Apply({"audit", "orders", 0}, At(99), 3);
  const std::vector<TopicPartitionOffset> expected = {
      {"carts", 5, 5, 7, "note"}, {"orders", 0, 10, 7, "note"}, {"orders", 1, 11, 7, "note"}};
  CHECK(store.Committed("billing") == expected);
  CHECK(store.Committed({"audit", "orders", 0})->offset == 99);
  CHECK_FALSE(store.Committed({"audit", "orders", 1}).has_value());
  CHECK(store.Committed("nobody").empty());
  CHECK(store.Groups() == Groups{"audit", "billing"});
}

TEST_CASE("the newest record speaks whatever the order in which they are applied", "[group]") {
  OffsetStore store;
  const OffsetCommitKey key{"billing", "orders", 0};
  store.Apply(key, At(30), 3);
  store.Apply(key, At(20), 2);
  CHECK(store.Committed(key)->offset == 30);
  CHECK(store.Committed("billing").front().offset == 30);
  store.Apply(key, At(5), 4);  // a commit may go back
  CHECK(store.Committed(key)->offset == 5);
  store.Apply(key, At(10), 1);
  store.Apply(key, At(0), 0);
  CHECK(store.Committed(key)->offset == 5);
  CHECK(store.upto() == 5);
}

TEST_CASE("a deleted entry is gone and an older record does not bring it back", "[group]") {
  OffsetStore store;
  const OffsetCommitKey key{"billing", "orders", 0};
  store.Apply(key, At(30), 3);
  CHECK(store.Groups() == Groups{"billing"});
  store.Apply(key, std::nullopt, 5);
  store.Apply(key, At(40), 4);
  CHECK_FALSE(store.Committed(key).has_value());
  CHECK(store.Committed("billing").empty());
  CHECK(store.Groups().empty());
  store.SkipTo(6);
  store.Apply(key, At(40), 4);  // its writer comes late, after a replay
  CHECK_FALSE(store.Committed(key).has_value());
}

TEST_CASE("what has been said ahead is seen and is not in the snapshot", "[group]") {
  OffsetStore store;
  store.Apply({"a", "t", 0}, At(1), 0);
  store.Apply({"a", "t", 0}, std::nullopt, 2);
  store.Apply({"b", "t", 0}, At(7), 3);
  CHECK(store.Groups() == Groups{"b"});
  CHECK_FALSE(store.Committed({"a", "t", 0}).has_value());
  CHECK(store.Committed({"b", "t", 0})->offset == 7);
  Snapshot snapshot;
  CHECK(store.Snapshot(&snapshot) == 1);
  CHECK((snapshot == Snapshot{{{"a", "t", 0}, At(1)}}));
  store.Apply({"c", "t", 0}, At(8), 1);
  CHECK(store.Snapshot(&snapshot) == 4);
  CHECK((snapshot == Snapshot{{{"b", "t", 0}, At(7)}, {{"c", "t", 0}, At(8)}}));
}

TEST_CASE("offsets without a record are moved over in order", "[group]") {
  OffsetStore store;
  const OffsetCommitKey key{"a", "t", 0};
  store.Apply(key, At(30), 3);
  store.Apply(key, At(50), 5);
  store.Apply(key, At(80), 8);
  store.SkipTo(6);
  Snapshot snapshot;
  CHECK(store.Snapshot(&snapshot) == 6);
  CHECK(snapshot.front().value.offset == 50);
  store.SkipTo(8);
  CHECK(store.Snapshot(&snapshot) == 9);
  CHECK(snapshot.front().value.offset == 80);
  store.SkipTo(2);
  CHECK(store.upto() == 9);
}

TEST_CASE("a store goes on from a snapshot as from the records", "[group]") {
  OffsetStore store;
  store.Apply({"old", "t", 0}, At(1), 0);
  store.Apply({"old", "t", 0}, At(1), 5);
  store.Start({{{"a", "t", 0}, At(3)}, {{"b", "t", 1}, At(4)}}, 100);
  CHECK(store.Groups() == Groups{"a", "b"});
  store.Apply({"a", "t", 0}, At(9), 99);  // is in it
  CHECK(store.Committed({"a", "t", 0})->offset == 3);
  store.Apply({"a", "t", 0}, At(9), 100);
  CHECK(store.Committed({"a", "t", 0})->offset == 9);
  Snapshot snapshot;
  CHECK(store.Snapshot(&snapshot) == 101);
}

TEST_CASE("records are applied from their bytes", "[group]") {
  OffsetStore store;
  const std::string key = EncodeOffsetCommitKey({"billing", "orders", 2});
  CHECK(store.ApplyRecord(key, EncodeOffsetCommitValue(At(12)), 0).ok());
  CHECK(store.Committed({"billing", "orders", 2}) == At(12));
  CHECK(ReasonOf(store.ApplyRecord("?", std::nullopt, 1)) == ErrorReason::kCorruptData);
  CHECK(ReasonOf(store.ApplyRecord(key, "?", 1)) == ErrorReason::kCorruptData);
  CHECK(store.Committed({"billing", "orders", 2}) == At(12));
  CHECK(store.ApplyRecord(key, std::nullopt, 1).ok());
  CHECK(store.Groups().empty());
}

TEST_CASE("one member of a group is live at a time", "[group]") {
  OffsetStore store;
  CHECK(store.Join("billing").ok());
  CHECK(ReasonOf(store.Join("billing")) == ErrorReason::kGroupActive);
  CHECK(store.Join("audit").ok());
  store.Start({}, 0);  // a recovery: the members are still there
  CHECK_FALSE(store.Join("billing").ok());
  store.Leave("billing");
  store.Leave("billing");
  CHECK(store.Join("billing").ok());
}

TEST_CASE("a short membership keeps others out and takes nobody else's away", "[group]") {
  OffsetStore store;
  {
    const ShortMembership administrator(&store, "billing");
    CHECK(administrator.status().ok());
    CHECK(ReasonOf(store.Join("billing")) == ErrorReason::kGroupActive);
    const ShortMembership second(&store, "billing");
    CHECK(ReasonOf(second.status()) == ErrorReason::kGroupActive);
  }
  CHECK(store.Join("billing").ok());
  { const ShortMembership refused(&store, "billing"); }
  CHECK_FALSE(store.Join("billing").ok());
}

}  // namespace
}  // namespace eventlog::internal
