#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "client/handle_access.h"
#include "client/write_batch_state.h"
#include "eventlog/log.h"

namespace eventlog {
namespace {

using internal::HandleAccess;

// A handle to a topic of which nothing but the address is used; `owner` counts its holders.
Topic TopicOf(const std::shared_ptr<int>& owner) {
  return HandleAccess::Make<Topic>(std::shared_ptr<internal::TopicState>(
      owner, reinterpret_cast<internal::TopicState*>(owner.get())));
}

TEST_CASE("a batch counts records and offsets", "[client]") {
  WriteBatch batch;
  CHECK(batch.size() == 0);
  CHECK(batch.bytes() == 0);
  batch.Append({}, {.value = "a"}).Append({}, {.value = "b"});
  const std::size_t bytes = batch.bytes();
  CHECK(bytes > 2);
  batch.CommitOffsets({.group = "relay"}, {{"orders", 0, 7}, {"orders", 1, 8}});
  CHECK(batch.size() == 4);
  CHECK(batch.bytes() > bytes);
}

TEST_CASE("no offsets to commit is nothing", "[client]") {
  WriteBatch batch;
  batch.CommitOffsets({.group = "relay"}, {});
  CHECK(batch.size() == 0);
}

TEST_CASE("a batch copies what it is given", "[client]") {
  WriteBatch batch;
  {
    std::string value = "before";
    batch.Append({}, {.value = value});
    value.assign("after!");
  }
  const auto& state = HandleAccess::State(batch);
  CHECK(state->View(state->records()[0]).value.view() == "before");
}

TEST_CASE("a batch keeps its topics until it is cleared", "[client]") {
  const auto owner = std::make_shared<int>(0);
  WriteBatch batch;
  batch.Append(TopicOf(owner), {.value = "a"});
  CHECK(owner.use_count() == 2);
  CHECK(HandleAccess::State(batch)->records()[0].topic.get() ==
        reinterpret_cast<internal::TopicState*>(owner.get()));
  batch.Clear();
  CHECK(owner.use_count() == 1);
  CHECK(batch.size() == 0);
}

TEST_CASE("a batch that was moved from is empty and usable", "[client]") {
  WriteBatch first;
  first.Append({}, {.value = "a"});
  WriteBatch second = std::move(first);
  CHECK(second.size() == 1);
  CHECK(first.size() == 0);  // NOLINT(bugprone-use-after-move)
  first.Clear();
  first.Append({}, {.value = "b"});
  CHECK(first.size() == 1);
}

}  // namespace
}  // namespace eventlog
