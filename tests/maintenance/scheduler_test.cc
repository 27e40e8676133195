#include "maintenance/scheduler.h"

#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>

#include "eventlog/testing/manual_clock.h"
#include "support/child_process.h"

namespace eventlog::internal {
namespace {

TEST_CASE("a task runs when it is due and once for each time it is scheduled", "[maintenance]") {
  ManualClock clock;
  Scheduler scheduler(&clock, /*background=*/false);
  int runs = 0;
  const auto task = scheduler.Add([&] { ++runs; });
  CHECK(scheduler.UntilDue() == absl::InfiniteDuration());
  scheduler.Schedule(task, absl::Seconds(10));
  CHECK(scheduler.UntilDue() == absl::Seconds(10));
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(runs == 0);
  clock.Advance(absl::Seconds(12));
  CHECK(scheduler.UntilDue() == absl::ZeroDuration());
  scheduler.RunDue(absl::InfiniteDuration());
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(runs == 1);
  CHECK(scheduler.UntilDue() == absl::InfiniteDuration());
}

TEST_CASE("a signal to the process goes past the scheduler's thread", "[maintenance]") {
  Scheduler scheduler(Clock::System(), /*background=*/true);
  std::promise<bool> blocked;
  const auto task = scheduler.Add([&] {
    sigset_t signals;
    pthread_sigmask(SIG_BLOCK, nullptr, &signals);
    blocked.set_value(sigismember(&signals, SIGTERM) == 1);
  });
  scheduler.Schedule(task, absl::ZeroDuration());
  CHECK(blocked.get_future().get());
  sigset_t own;
  pthread_sigmask(SIG_BLOCK, nullptr, &own);
  CHECK(sigismember(&own, SIGTERM) == 0);
}

TEST_CASE("the earlier of two due times of a task holds", "[maintenance]") {
  ManualClock clock;
  Scheduler scheduler(&clock, /*background=*/false);
  const auto task = scheduler.Add([] {});
  scheduler.Schedule(task, absl::Seconds(5));
  scheduler.Schedule(task, absl::Seconds(9));
  CHECK(scheduler.UntilDue() == absl::Seconds(5));
  scheduler.Schedule(task, absl::Seconds(2));
  CHECK(scheduler.UntilDue() == absl::Seconds(2));
}

TEST_CASE("due tasks run in the order in which they are due", "[maintenance]") {
  ManualClock clock;
  Scheduler scheduler(&clock, /*background=*/false);
  std::string order;
  const auto late = scheduler.Add([&] { order += "late "; });
  const auto early = scheduler.Add([&] { order += "early "; });
  scheduler.Schedule(late, absl::Seconds(3));
  scheduler.Schedule(early, absl::Seconds(1));
  clock.Advance(absl::Seconds(3));
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(order == "early late ");
}

TEST_CASE("a task that asks for itself runs again until the budget is used up", "[maintenance]") {
  ManualClock clock;
  Scheduler scheduler(&clock, /*background=*/false);
  int runs = 0;
  Scheduler::TaskId task = 0;
  task = scheduler.Add([&] {
    clock.Advance(absl::Seconds(1));
    if (++runs < 100) scheduler.Schedule(task, absl::ZeroDuration());
  });
  scheduler.Schedule(task, absl::ZeroDuration());
  scheduler.RunDue(absl::Seconds(3));
  CHECK(runs == 3);
}

TEST_CASE("the background thread runs what becomes due", "[maintenance]") {
  std::atomic<int> runs{0};
  Scheduler scheduler(Clock::System(), /*background=*/true);
  const auto task = scheduler.Add([&] { ++runs; });
  scheduler.Schedule(task, absl::Hours(1));
  scheduler.Schedule(task, absl::Milliseconds(5));  // it sleeps for an hour, and is woken
  for (int i = 0; i < 2000 && runs == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(runs == 1);
}

TEST_CASE("stopping waits for the task that runs and nothing is due afterwards", "[maintenance]") {
  std::atomic<bool> started{false};
  std::atomic<bool> ended{false};
  Scheduler scheduler(Clock::System(), /*background=*/false);
  const auto task = scheduler.Add([&] {
    started = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    ended = true;
  });
  scheduler.Schedule(task, absl::ZeroDuration());
  std::thread caller([&] { scheduler.RunDue(absl::InfiniteDuration()); });
  while (!started) std::this_thread::yield();
  scheduler.Stop();
  const bool ended_first = ended;
  caller.join();
  CHECK(ended_first);
  scheduler.Schedule(task, absl::ZeroDuration());
  CHECK(scheduler.UntilDue() == absl::InfiniteDuration());
}

TEST_CASE("what follows a task may come back for others", "[maintenance]") {
  ManualClock clock;
  std::string order;
  Scheduler* self = nullptr;
  Scheduler scheduler(&clock, /*background=*/false, [&] {
    order += "after ";
    self->RunDue(absl::InfiniteDuration());  // holds nothing that this needs
    self->RunAlone([&] { order += "alone "; });
  });
  self = &scheduler;
  const auto first = scheduler.Add([&] { order += "first "; });
  const auto second = scheduler.Add([&] { order += "second "; });
  scheduler.Schedule(first, absl::ZeroDuration());
  scheduler.Schedule(second, absl::ZeroDuration());
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(order == "first after second after alone alone ");
}

TEST_CASE("a task that is asked for now runs once whether or not it is due", "[maintenance]") {
  ManualClock clock;
  int runs = 0;
  int followed = 0;
  Scheduler scheduler(&clock, /*background=*/false, [&] { ++followed; });
  const auto task = scheduler.Add([&] { ++runs; });
  scheduler.RunNow(task);
  CHECK(runs == 1);
  scheduler.Schedule(task, absl::ZeroDuration());
  scheduler.RunNow(task);
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(runs == 2);
  CHECK(followed == 2);
  scheduler.Stop();
  scheduler.RunNow(task);
  CHECK(runs == 2);
}

TEST_CASE("a forked child runs no task", "[maintenance]") {
  ManualClock clock;
  int runs = 0;
  Scheduler scheduler(&clock, /*background=*/false);
  const auto task = scheduler.Add([&] { ++runs; });
  scheduler.Schedule(task, absl::ZeroDuration());
  const int runs_in_child = test::RunInChild([&] {
    scheduler.RunDue(absl::InfiniteDuration());
    scheduler.RunNow(task);
    return runs;
  });
  CHECK(runs_in_child == 0);
  scheduler.RunDue(absl::InfiniteDuration());
  CHECK(runs == 1);
}

TEST_CASE("what runs alone runs while no task does", "[maintenance]") {
  std::atomic<bool> in_task{false};
  std::atomic<bool> stop{false};
  Scheduler scheduler(Clock::System(), /*background=*/true);
  Scheduler::TaskId task = 0;
  task = scheduler.Add([&] {
    in_task = true;
    std::this_thread::yield();
    in_task = false;
    if (!stop) scheduler.Schedule(task, absl::ZeroDuration());
  });
  scheduler.Schedule(task, absl::ZeroDuration());
  int met = 0;
  for (int i = 0; i < 100; ++i) scheduler.RunAlone([&] { met += in_task ? 1 : 0; });
  stop = true;
  CHECK(met == 0);
}

}  // namespace
}  // namespace eventlog::internal
