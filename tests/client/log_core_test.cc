#include "client/log_core.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "client/topic_state.h"
#include "support/child_process.h"

namespace eventlog::internal {
namespace {

// A core without a log.
class BareCore final : public LogCore {
 public:
  explicit BareCore(Observer observer)
      : LogCore(Clock::System(), std::move(observer), {1024, 4096}) {}
  absl::Status MakeRoom() override { return absl::OkStatus(); }
  absl::Status DeleteRecords(const std::shared_ptr<Partition>&, int64_t) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::shared_ptr<TopicState>> FindTopic(std::string_view) override {
    return MakeError(ErrorReason::kUnknownTopic, "none");
  }
  absl::Status CommitOffsets(const OffsetCommits&) override { return absl::OkStatus(); }
  void RunDue() override {}
  absl::Duration UntilDue() const override { return absl::InfiniteDuration(); }
  bool has_background_thread() const override { return false; }
  void ScheduleSends(absl::Duration) override {}
  void RunSends() override {}

  EventQueue* events() { return &events_; }
  Health* health() { return &health_; }
};

TEST_CASE("a call without a log is closed", "[client]") {
  const Call call(nullptr);
  CHECK(ReasonOf(call.status()) == ErrorReason::kClosed);
}

TEST_CASE("a call is inside the gate while it lasts", "[client]") {
  BareCore core(nullptr);
  {
    const Call call(&core);
    CHECK(call.status().ok());
    CHECK_FALSE(core.gate()->Shut(ClosedError("the log"), absl::ZeroDuration()));
    const Call late(&core);
    CHECK(ReasonOf(late.status()) == ErrorReason::kClosed);
  }
  CHECK(core.gate()->Shut(ClosedError("the log"), absl::ZeroDuration()));
}

TEST_CASE("a call in a forked child is refused", "[client]") {
  BareCore core(nullptr);
  const int answer = test::RunInChild(
      [&] { return ReasonOf(Call(&core).status()) == ErrorReason::kForked ? 1 : 0; });
  CHECK(answer == 1);
}

TEST_CASE("what happened during a call is told when it is over", "[client]") {
  std::vector<LogEvent::Kind> told;
  BareCore core([&](const LogEvent& event) { told.push_back(event.kind); });
  {
    const Call call(&core);
    core.events()->Push({.kind = LogEvent::Kind::kRolled});
    static_cast<void>(core.health()->Poison(Health::Failure::kJournal,
                                            MakeError(absl::StatusCode::kInternal, "EIO")));
    CHECK(told.empty());
  }
  CHECK(told == std::vector<LogEvent::Kind>{LogEvent::Kind::kRolled, LogEvent::Kind::kPoisoned});
  { const Call next(&core); }
  CHECK(told.size() == 2);  // a poisoning is told once
}

}  // namespace
}  // namespace eventlog::internal
