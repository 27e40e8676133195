// What the log does on its own: tasks with due times, run by one background thread, which sleeps
// until the next is due, or by the caller. The thread starts when a task is first scheduled.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "base/fork_guard.h"
#include "base/mutex.h"
#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

// Thread-safe. Tasks run one at a time, without locks of this class that Schedule needs; in a
// forked child none runs.
class Scheduler {
 public:
  using TaskId = std::size_t;

  // `after_task` runs on the thread that has run a task, after it and without a lock: there is the
  // place for callbacks, which may block and come back here.
  Scheduler(Clock* clock, bool background, std::function<void()> after_task = {});
  ~Scheduler();

  // A task that is due when it is scheduled. Before the first Schedule.
  TaskId Add(std::function<void()> run);
  // Makes the task due in `delay`, or leaves it where it is due earlier.
  void Schedule(TaskId task, absl::Duration delay);
  // Runs what is due now on this thread; a task that schedules itself as due at once runs again.
  // Stops after about `budget`.
  void RunDue(absl::Duration budget);
  // Runs the task on this thread, due or not, unless this is stopped; waits for a task that runs.
  void RunNow(TaskId task);
  // Until the next task is due; zero: now; infinite: none.
  absl::Duration UntilDue() const;
  // Runs `work` while no task runs.
  void RunAlone(absl::FunctionRef<void()> work);
  // Ends the thread, after the task that is running, whoever runs it, and what follows it on the
  // thread. Nothing is scheduled afterwards. Not from a task or what follows it.
  void Stop();

 private:
  struct Task {
    std::function<void()> run;
    absl::Duration due = absl::InfiniteDuration();
  };
  void ThreadMain();
  absl::Duration NextDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool RunOneDue();
  void RunAfterTask() const;

  Clock* const clock_;
  const bool background_;
  const ForkGuard fork_guard_;
  const std::function<void()> after_task_;
  Mutex run_mutex_;  // one task at a time; taken before mutex_
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal
