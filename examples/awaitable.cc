// Appends that a C++20 coroutine waits for: `co_await Send(producer, topic, record)` gives the
// place of the record, or the error, without a thread that waits.
//
//   awaitable DIRECTORY
//
// A coroutine goes on where its callback runs: on the log's thread, or in the Flush or Close of the
// producer. There, as in every callback, it must not block; a program with an executor posts the
// handle to that instead of resuming it.
#include <atomic>
#include <coroutine>
#include <exception>
#include <iostream>
#include <memory>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

using Sent = absl::StatusOr<eventlog::RecordMetadata>;

// A record on its way. Send has copied it, so that whatever it was made of may be gone before this
// is awaited. Callback and awaiter share the outcome: it is safe to never await it.
class [[nodiscard]] Sending {
 public:
  Sending(eventlog::Producer& producer, const eventlog::Topic& topic,
          const eventlog::ProducerRecord& record) {
    const absl::Status accepted =
        producer.Send(topic, record, [outcome = outcome_](const Sent& sent) {
          outcome->sent = sent;
          void* const waiter = outcome->waiter.exchange(outcome.get(), std::memory_order_acq_rel);
          if (waiter != nullptr) std::coroutine_handle<>::from_address(waiter).resume();
        });
    if (accepted.ok()) return;
    outcome_->sent = accepted;  // the callback never runs
    outcome_->waiter = outcome_.get();
  }

  bool await_ready() const {
    return outcome_->waiter.load(std::memory_order_acquire) == outcome_.get();
  }
  // False, which means go on at once, when the callback was quicker.
  bool await_suspend(std::coroutine_handle<> coroutine) const {
    void* nobody = nullptr;
    return outcome_->waiter.compare_exchange_strong(nobody, coroutine.address(),
                                                    std::memory_order_acq_rel);
  }
  const Sent& await_resume() const { return outcome_->sent; }

 private:
  struct Outcome {
    Sent sent;
    std::atomic<void*> waiter =
        nullptr;  // then the coroutine; this Outcome itself: `sent` is there
  };
  std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
};

Sending Send(eventlog::Producer& producer, const eventlog::Topic& topic,
             const eventlog::ProducerRecord& record) {
  return Sending(producer, topic, record);
}

// The least that can be a coroutine's result: it starts at once, Wait blocks until it is through.
// Its coroutine must be through before the Task is destroyed, which therefore waits, too.
class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct promise_type {
    absl::Status status;
    std::shared_ptr<std::binary_semaphore> through = std::make_shared<std::binary_semaphore>(0);

    // The coroutine is suspended by now, and may be destroyed by another thread as soon as the
    // semaphore is up; hence the copy.
    struct Finish {
      bool await_ready() noexcept { return false; }
      void await_suspend(Handle coroutine) noexcept {
        const auto copy = coroutine.promise().through;
        copy->release();
      }
      void await_resume() noexcept {}
    };
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    Finish final_suspend() noexcept { return {}; }
    void return_value(absl::Status result) { status = std::move(result); }
    void unhandled_exception() { std::terminate(); }
  };

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  ~Task() {
    if (coroutine_ != nullptr) Wait().IgnoreError();
  }

  absl::Status Wait() {
    coroutine_.promise().through->acquire();
    absl::Status status = std::move(coroutine_.promise().status);
    std::exchange(coroutine_, nullptr).destroy();
    return status;
  }

 private:
  explicit Task(Handle coroutine) : coroutine_(coroutine) {}
  Handle coroutine_;
};

// A customer's journey: each step is on disk before the next one begins, and no thread waits.
// Parameters by value: they live in the coroutine. What is referred to must outlive it.
Task Order(eventlog::Producer& producer, eventlog::Topic orders, std::string id) {
  const Sent placed = co_await Send(producer, orders, {.key = id, .value = "placed"});
  if (!placed.ok()) co_return placed.status();
  const Sent paid = co_await Send(producer, orders, {.key = id, .value = "paid"});
  if (!paid.ok()) co_return paid.status();
  if (paid->offset <= placed->offset) co_return absl::InternalError("paid before it was placed");
  co_return absl::OkStatus();
}

absl::Status Run(const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders", {.partitions = 4}));
  EVENTLOG_ASSIGN_OR_RETURN(auto producer, log.NewProducer());
  std::vector<Task> tasks;  // all under way at once: they share the syncs
  for (int i = 0; i < 100; ++i) tasks.push_back(Order(producer, orders, std::to_string(i)));
  for (Task& task : tasks) EVENTLOG_RETURN_IF_ERROR(task.Wait());
  std::cout << tasks.size() << " orders placed and paid\n";

  const std::string large(2 << 20, 'x');  // refused: a record is at most 1 MiB
  const absl::Status refused = Order(producer, orders, large).Wait();
  std::cout << "too large: " << eventlog::ErrorReasonName(eventlog::ReasonOf(refused)) << "\n";
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 2 ? Run(argv[1]) : absl::InvalidArgumentError("usage: awaitable DIRECTORY");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
