#include "base/event_queue.h"

#include "base/callback_scope.h"

namespace eventlog::inline v1::internal {

namespace {
// This thread tells an observer: what happens meanwhile is told after that.
thread_local bool delivering = false;
}  // namespace

void EventQueue::Push(Event event) {
  if (!observer_) return;
  MutexLock lock(&mutex_);
  events_.push_back(std::move(event));
  waiting_.store(true, std::memory_order_release);
}

void EventQueue::DeliverAll() {
  if (delivering) return;
  // Looked at again after the lock is free: what came meanwhile is nobody else's then.
  while (waiting_.load(std::memory_order_acquire)) {
    if (!delivery_mutex_.TryLock()) return;
    DeliverWaiting();
    delivery_mutex_.Unlock();
  }
}

void EventQueue::DeliverWaiting() {
  std::vector<Event> events;
  {
    MutexLock lock(&mutex_);
    events.swap(events_);
    waiting_.store(false, std::memory_order_release);
  }
  const CallbackScope scope;
  delivering = true;
  for (const Event& event : events) {
    observer_(
        {event.kind, event.topic, event.partition, event.bytes, event.duration, event.message});
  }
  delivering = false;
}

}  // namespace eventlog::inline v1::internal
