#include "group/offset_store.h"

#include <catch2/catch.hpp>

#include "base/error.h"

namespace eventlog::internal {
namespace {

OffsetCommitValue At(int64_t offset) { return {offset, 7, 1000, "note"}; }

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
  CHECK(store.Groups() == std::vector<std::string>{"audit", "billing"});
}

TEST_CASE("the newest record speaks whatever the order in which they are applied", "[group]") {
  OffsetStore store;
  const OffsetCommitKey key{"billing", "orders", 0};
  store.Apply(key, At(30), 3);
  store.Apply(key, At(20), 2);
  CHECK(store.Committed(key)->offset == 30);
  store.Apply(key, At(5), 4);  // a commit may go back
  CHECK(store.Committed(key)->offset == 5);
}

TEST_CASE("a deleted entry is gone and an older record does not bring it back", "[group]") {
  OffsetStore store;
  const OffsetCommitKey key{"billing", "orders", 0};
  store.Apply(key, At(30), 3);
  store.Apply(key, std::nullopt, 5);
  store.Apply(key, At(40), 4);
  CHECK_FALSE(store.Committed(key).has_value());
  CHECK(store.Committed("billing").empty());
  CHECK(store.Groups().empty());
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
  store.Clear();  // a recovery: the members are still there
  CHECK_FALSE(store.Join("billing").ok());
  store.Leave("billing");
  store.Leave("billing");
  CHECK(store.Join("billing").ok());
}

}  // namespace
}  // namespace eventlog::internal
