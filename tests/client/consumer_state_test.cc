#include "client/consumer_state.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"
#include "log/log_state.h"
#include "support/child_process.h"

namespace eventlog::internal {
namespace {

struct OpenLog {
  OpenLog() {
    log = *Log::Open({.memory = true});
    topic = *log.OpenTopic("t", {.partitions = 3});
    core = HandleAccess::State(log);
  }
  absl::StatusOr<std::unique_ptr<ConsumerState>> Make(ConsumerOptions options) {
    return ConsumerState::Create(core, std::move(options));
  }
  Log log;
  Topic topic;
  std::shared_ptr<LogCore> core;
};

TEST_CASE("options of a consumer are accepted up to their bounds", "[client]") {
  OpenLog opened;
  for (const int32_t records : {1, 1'000'000})
    CHECK(opened.Make({.max_poll_records = records}).ok());
  for (const int32_t records : {0, -1, 1'000'001}) {
    CHECK(ReasonOf(opened.Make({.max_poll_records = records}).status()) ==
          ErrorReason::kInvalidOption);
  }
  for (const int64_t bytes : {int64_t{1} << 10, int64_t{64} << 20}) {
    CHECK(opened.Make({.tuning = {bytes}}).ok());
  }
  for (const int64_t bytes : {(int64_t{1} << 10) - 1, (int64_t{64} << 20) + 1}) {
    CHECK(ReasonOf(opened.Make({.tuning = {bytes}}).status()) == ErrorReason::kInvalidOption);
  }
  CHECK(ReasonOf(opened.Make({.from = OffsetSpec::Committed()}).status()) ==
        ErrorReason::kInvalidOption);
  CHECK(ReasonOf(opened.Make({.topics = {"t", "t"}}).status()) == ErrorReason::kInvalidOption);
  const auto make_committing = [&](absl::Duration interval) {
    return opened.Make({.group = "g", .topics = {"t"}, .auto_commit_interval = interval}).status();
  };
  for (const absl::Duration interval :
       {absl::Milliseconds(1), absl::Hours(1000), absl::InfiniteDuration()}) {
    CHECK(make_committing(interval).ok());
  }
  for (const absl::Duration interval :
       {absl::Microseconds(999), absl::ZeroDuration(), -absl::InfiniteDuration()}) {
    CHECK(ReasonOf(make_committing(interval)) == ErrorReason::kInvalidOption);
  }
}

TEST_CASE("options of a consumer that do not go together are all named", "[client]") {
  OpenLog opened;
  const std::string wrong(ToStd(opened
                                    .Make({.group = "g",
                                           .from = OffsetSpec::Latest(),
                                           .until = OffsetSpec::Committed(),
                                           .auto_commit_interval = absl::ZeroDuration(),
                                           .max_poll_records = 0})
                                    .status()
                                    .message()));
  for (const char* const named :
       {"from with a group", "until with a group", "until cannot be Committed",
        "auto_commit_interval must be 1 ms", "max_poll_records must be 1 to"}) {
    INFO(named);
    CHECK(wrong.find(named) != std::string::npos);
  }
  CHECK(ReasonOf(opened.Make({.auto_commit_interval = absl::Seconds(1)}).status()) ==
        ErrorReason::kInvalidOption);
  CHECK(ReasonOf(opened.Make({.until = OffsetSpec::Committed()}).status()) ==
        ErrorReason::kInvalidOption);
  CHECK(opened.Make({.topics = {"t"}, .from = OffsetSpec::Last(3), .until = OffsetSpec::Latest()})
            .ok());
}

TEST_CASE("a topic means all its partitions", "[client]") {
  OpenLog opened;
  auto state = opened.Make({.topics = {"t"}});
  REQUIRE(state.ok());
  CHECK((*state)->Assignment() == std::vector<TopicPartition>{{"t", 0}, {"t", 1}, {"t", 2}});
  CHECK((*state)->subscribed());
}

TEST_CASE("a consumer that cannot start where it was told leaves its group", "[client]") {
  OpenLog opened;
  CHECK_FALSE(opened.Make({.group = "g", .topics = {"t", "none"}}).ok());
  auto state = opened.Make({.group = "g", .topics = {"t"}});
  REQUIRE(state.ok());
  CHECK(ReasonOf(opened.Make({.group = "g", .topics = {"t"}}).status()) ==
        ErrorReason::kGroupActive);
  CHECK((*state)->Close().ok());
  CHECK((*state)->Close().ok());
  CHECK((*state)->closed());
  CHECK((*state)->Assignment().empty());
  CHECK(opened.Make({.group = "g", .topics = {"t"}}).ok());
}

TEST_CASE("a forked child that destroys a consumer waits for nobody", "[client]") {
  OpenLog opened;
  auto state = *opened.Make({.topics = {"t"}});
  REQUIRE(state->ReadyFd().ok());
  std::atomic<bool> stop{false};
  std::thread notifier([&] {  // a fork may find it holding a lock, which the child has for ever
    while (!stop) opened.core->sleepers()->Notify();
  });
  int wrong = 0;
  for (int i = 0; i < 50 && wrong == 0; ++i) {
    wrong = test::RunInChild([&] {
      alarm(20);
      state.reset();
      return 0;
    });
  }
  stop = true;
  notifier.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace eventlog::internal
