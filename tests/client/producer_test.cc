#include "eventlog/producer.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "eventlog/eventlog.h"
#include "support/child_process.h"

namespace eventlog::test {
namespace {

TEST_CASE("a producer without a log is closed", "[client]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t");
  Producer producer;
  CHECK(ReasonOf(producer.Send(*topic, {.value = "v"})) == ErrorReason::kClosed);
  CHECK(ReasonOf(producer.Flush()) == ErrorReason::kClosed);
  CHECK(producer.Close().ok());
}

TEST_CASE("a producer that is moved takes its records along", "[client]") {
  auto log = Log::Open({.memory = true, .background_thread = false});
  auto topic = log->OpenTopic("t");
  std::vector<int> told;
  const auto note = [&](int number) {
    return [&told, number](const absl::StatusOr<RecordMetadata>&) { told.push_back(number); };
  };
  Producer first = *log->NewProducer();
  Producer second = *log->NewProducer();
  REQUIRE(first.Send(*topic, {.value = "v"}, note(1)).ok());
  REQUIRE(second.Send(*topic, {.value = "v"}, note(2)).ok());
  Producer moved(std::move(first));
  CHECK(told.empty());
  moved = std::move(second);  // the one that is overwritten closes, and all that is due is told
  CHECK(told == std::vector<int>{1, 2});
  REQUIRE(moved.Send(*topic, {.value = "v"}, note(3)).ok());
  REQUIRE(moved.Close().ok());
  CHECK(told.back() == 3);
}

TEST_CASE("what is sent without a callback is told by the next flush once", "[client]") {
  auto log = Log::Open({.memory = true, .background_thread = false});
  auto topic = log->OpenTopic("t", {.linger = absl::Hours(1)});
  auto producer = log->NewProducer();
  REQUIRE(producer->Send(*topic, {.value = "v"}).ok());
  REQUIRE(producer->Send(*topic, {.value = "v"}, nullptr).ok());
  CHECK(producer->Flush().ok());
  REQUIRE(producer->Send(*topic, {.value = "v"}).ok());
  CHECK(ReasonOf(producer->Close(absl::ZeroDuration())) == ErrorReason::kNone);
  CHECK(ReasonOf(producer->Send(*topic, {.value = "v"})) == ErrorReason::kClosed);
  CHECK(ReasonOf(producer->Flush()) == ErrorReason::kClosed);
  CHECK(producer->Close().ok());
}

TEST_CASE("a forked child sends nothing and runs no callback", "[client]") {
  auto log = Log::Open({.memory = true, .background_thread = false});
  auto topic = log->OpenTopic("t");
  int told = 0;
  auto producer = std::make_unique<Producer>(*log->NewProducer());
  REQUIRE(
      producer->Send(*topic, {.value = "v"}, [&](const absl::StatusOr<RecordMetadata>&) { ++told; })
          .ok());
  const int in_child = RunInChild([&] {
    const bool refused = ReasonOf(producer->Send(*topic, {.value = "v"})) == ErrorReason::kForked &&
                         ReasonOf(producer->Flush()) == ErrorReason::kForked &&
                         ReasonOf(producer->Close()) == ErrorReason::kForked;
    producer.reset();
    return refused && told == 0 ? 1 : 0;
  });
  CHECK(in_child == 1);
  CHECK(producer->Flush().ok());
  CHECK(told == 1);
}

TEST_CASE("a child that a callback forks runs none of the others", "[client]") {
  auto log = Log::Open({.memory = true, .background_thread = false});
  auto topic = log->OpenTopic("t");
  auto producer = log->NewProducer();
  int told = 0;
  pid_t child = -1;
  const auto fork_at_first = [&](const absl::StatusOr<RecordMetadata>&) {
    if (++told == 1) child = fork();
  };
  for (int i = 0; i < 3; ++i) REQUIRE(producer->Send(*topic, {.value = "v"}, fork_at_first).ok());
  const absl::Status flushed = producer->Flush(absl::Seconds(10));
  if (child == 0) _exit(told);  // the child returned from it as well
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(flushed.ok());
  CHECK(told == 3);
}

}  // namespace
}  // namespace eventlog::test
