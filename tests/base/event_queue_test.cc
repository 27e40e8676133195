#include "base/event_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/callback_scope.h"

namespace eventlog::internal {
namespace {

TEST_CASE("events are told when they are delivered and in their order", "[base]") {
  std::vector<std::string> told;
  EventQueue queue([&](const LogEvent& event) { told.emplace_back(event.message); });
  queue.Push({.message = "one"});
  queue.Push({.message = "two"});
  CHECK(told.empty());
  queue.Deliver();
  CHECK(told == std::vector<std::string>{"one", "two"});
  queue.Deliver();
  CHECK(told.size() == 2);
}

TEST_CASE("an event carries every field", "[base]") {
  LogEvent::Kind kind = LogEvent::Kind::kRecovered;
  std::string topic;
  int32_t partition = 0;
  int64_t bytes = 0;
  absl::Duration duration;
  EventQueue queue([&](const LogEvent& event) {
    kind = event.kind;
    topic = std::string(event.topic);
    partition = event.partition;
    bytes = event.bytes;
    duration = event.duration;
  });
  queue.Push({LogEvent::Kind::kRolled, "orders", 3, 4096, absl::Seconds(2), "rolled"});
  queue.Deliver();
  CHECK(kind == LogEvent::Kind::kRolled);
  CHECK(topic == "orders");
  CHECK(partition == 3);
  CHECK(bytes == 4096);
  CHECK(duration == absl::Seconds(2));
}

TEST_CASE("an event from inside the observer comes after it and not within it", "[base]") {
  EventQueue* pushed_to = nullptr;
  int depth = 0;
  int deepest = 0;
  int calls = 0;
  bool in_callback = false;
  EventQueue queue([&](const LogEvent&) {
    deepest = std::max(deepest, ++depth);
    in_callback = CallbackScope::Active();
    if (++calls == 1) {
      pushed_to->Push({.message = "again"});
      pushed_to->Deliver();
    }
    --depth;
  });
  pushed_to = &queue;
  queue.Push({.message = "first"});
  queue.Deliver();
  CHECK(in_callback);
  CHECK_FALSE(CallbackScope::Active());
  CHECK(calls == 2);
  CHECK(deepest == 1);
}

TEST_CASE("without an observer nothing is kept or called", "[base]") {
  EventQueue queue(nullptr);
  queue.Push({.message = "to nobody"});
  CHECK_NOTHROW(queue.Deliver());
}

}  // namespace
}  // namespace eventlog::internal
