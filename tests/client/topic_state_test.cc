#include "client/topic_state.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"

namespace eventlog::internal {
namespace {

struct OpenTopicOf {
  explicit OpenTopicOf(int32_t partitions) {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.partitions = partitions, .batch_bytes = 1024});
    state = HandleAccess::State(topic).get();
  }
  Log log;
  Topic topic;
  TopicState* state = nullptr;
};

TEST_CASE("a record goes where it says or where its key says", "[client]") {
  OpenTopicOf opened(7);
  CHECK(opened.state->Route({.key = "k", .partition = 6}) == 6);
  CHECK(opened.state->Route({.key = "k"}) == PartitionForKey("k", 7));
  CHECK(opened.state->Route({.key = ""}) == PartitionForKey("", 7));
}

TEST_CASE("records without key stay in a partition for about a batch", "[client]") {
  OpenTopicOf opened(4);
  const std::string value(300, 'x');
  const int32_t first = opened.state->Route({.value = value});
  CHECK(opened.state->Route({.value = value}) == first);
  int32_t now = first;
  int turns = 0;
  for (int i = 0; i < 40; ++i) {
    const int32_t next = opened.state->Route({.value = value});
    if (next != now) CHECK(next == (now + 1) % 4);
    turns += next != now ? 1 : 0;
    now = next;
  }
  CHECK(turns >= 8);
  CHECK(turns <= 12);
}

TEST_CASE("a batch size that was altered counts for the next records", "[client]") {
  OpenTopicOf opened(4);
  opened.state->SetBatchBytes(1);
  const int32_t first = opened.state->Route({.value = "v"});
  CHECK(opened.state->Route({.value = "v"}) == (first + 1) % 4);
}

TEST_CASE("a record says why a topic cannot take it", "[client]") {
  OpenTopicOf opened(2);
  CHECK(ReasonOf(opened.state->Check({.partition = 2})) == ErrorReason::kUnknownPartition);
  const std::string large(2 << 20, 'x');
  CHECK(ReasonOf(opened.state->Check({.value = large})) == ErrorReason::kRecordTooLarge);
}

TEST_CASE("partitions are found by number", "[client]") {
  OpenTopicOf opened(2);
  CHECK(*opened.state->FindPartition(1) == opened.state->partitions()[1].get());
  for (const int32_t number : {-1, 2}) {
    const absl::Status status = opened.state->FindPartition(number).status();
    CHECK(ReasonOf(status) == ErrorReason::kUnknownPartition);
  }
}

TEST_CASE("a deleted topic says so", "[client]") {
  OpenTopicOf opened(1);
  CHECK(opened.state->CheckNotDeleted().ok());
  REQUIRE(opened.log.DeleteTopic("t").ok());
  CHECK(ReasonOf(opened.state->CheckNotDeleted()) == ErrorReason::kUnknownTopic);
}

}  // namespace
}  // namespace eventlog::internal
