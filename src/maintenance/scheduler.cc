#include "maintenance/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/signal_block.h"

namespace eventlog::inline v1::internal {

Scheduler::Scheduler(Clock* clock, bool background, std::function<void()> after_task)
    : clock_(clock), background_(background), after_task_(std::move(after_task)) {}

Scheduler::~Scheduler() { Stop(); }

Scheduler::TaskId Scheduler::Add(std::function<void()> run) {
  MutexLock lock(&mutex_);
  tasks_.push_back({std::move(run)});
  return tasks_.size() - 1;
}

void Scheduler::Schedule(TaskId task, absl::Duration delay) {
  const absl::Duration due = clock_->Monotonic() + delay;
  MutexLock lock(&mutex_);
  if (stopped_ || tasks_[task].due <= due) return;
  tasks_[task].due = due;
  if (!background_) return;
  if (thread_.joinable()) {
    changed_.NotifyOne();
  } else {
    const SignalBlock block;
    thread_ = std::thread([this] { ThreadMain(); });
  }
}

absl::Duration Scheduler::NextDue() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const Task& task : tasks_) next = std::min(next, task.due);
  return next;
}

absl::Duration Scheduler::UntilDue() const {
  MutexLock lock(&mutex_);
  const absl::Duration next = NextDue();
  if (next == absl::InfiniteDuration()) return next;
  return std::max(absl::ZeroDuration(), next - clock_->Monotonic());
}

bool Scheduler::RunOneDue() {
  if (fork_guard_.Forked()) return false;
  {
    MutexLock running(&run_mutex_);
    std::function<void()> run;
    {
      MutexLock lock(&mutex_);
      const absl::Duration now = clock_->Monotonic();
      auto due = std::min_element(tasks_.begin(), tasks_.end(),
                                  [](const Task& a, const Task& b) { return a.due < b.due; });
      if (stopped_ || due == tasks_.end() || due->due > now) return false;
      due->due = absl::InfiniteDuration();
      run = due->run;
    }
    run();
  }
  RunAfterTask();
  return true;
}

void Scheduler::RunNow(TaskId task) {
  if (fork_guard_.Forked()) return;
  {
    MutexLock running(&run_mutex_);
    std::function<void()> run;
    {
      MutexLock lock(&mutex_);
      if (stopped_) return;
      tasks_[task].due = absl::InfiniteDuration();
      run = tasks_[task].run;
    }
    run();
  }
  RunAfterTask();
}

void Scheduler::RunAfterTask() const {
  if (after_task_) after_task_();
}

void Scheduler::RunDue(absl::Duration budget) {
  const absl::Duration end = clock_->Monotonic() + budget;
  while (RunOneDue() && clock_->Monotonic() < end) {
  }
}

void Scheduler::ThreadMain() {
  while (!fork_guard_.Forked()) {  // a callback may fork, and its child return from it
    {
      MutexLock lock(&mutex_);
      if (stopped_) return;
      const absl::Duration wait = NextDue() - clock_->Monotonic();
      if (wait > absl::ZeroDuration()) changed_.WaitFor(&mutex_, wait);
      if (stopped_) return;
    }
    RunOneDue();
  }
}

void Scheduler::RunAlone(absl::FunctionRef<void()> work) {
  MutexLock running(&run_mutex_);
  work();
}

void Scheduler::Stop() {
  std::thread thread;
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.NotifyAll();
    thread.swap(thread_);
  }
  if (thread.joinable()) thread.join();
  MutexLock running(&run_mutex_);  // a caller may be in a task
}

}  // namespace eventlog::inline v1::internal
