// A user's test: a log in memory on a clock that the test moves.
#include <iostream>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"
#include "eventlog/testing/manual_clock.h"

namespace {

absl::Status Run() {
  eventlog::ManualClock clock;
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.memory = true, .clock = &clock}));
  EVENTLOG_ASSIGN_OR_RETURN(auto ticks, log.OpenTopic("ticks"));
  clock.Advance(absl::Hours(1));
  EVENTLOG_RETURN_IF_ERROR(ticks.Append({.value = "one"}));
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log.NewConsumer({.topics = {"ticks"}}));
  eventlog::ConsumerRecords records;
  EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
  if (records.size() != 1 || records[0].timestamp() != clock.Now()) {
    return absl::InternalError("polled something else");
  }
  // Nobody appends: the wait moves the clock instead of sleeping.
  const absl::Duration before = clock.Monotonic();
  EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::Hours(1), &records));
  return clock.Monotonic() - before == absl::Hours(1) ? absl::OkStatus()
                                                      : absl::InternalError("time stood still");
}

}  // namespace

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
