// Does one thing many times, to be counted from outside: budget_operations OPERATION TIMES
// DIRECTORY. What is not that thing is the same however many times.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace eventlog::test {
namespace {

constexpr int64_t kPolledRecords = 5000;  // by each poll to the end

// Stands still, so that it does not depend on the speed of the machine how often it is asked.
class StandingClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'700'000'000); }
  absl::Duration Monotonic() override { return absl::Hours(1); }
};

absl::Status Append(const Topic& topic, int64_t times) {
  const std::string value(100, 'v');
  for (int64_t i = 0; i < times; ++i) {
    const std::string_view key(reinterpret_cast<const char*>(&i), sizeof i);
    EVENTLOG_RETURN_IF_ERROR(topic.Append({.key = key, .value = value}).status());
  }
  return absl::OkStatus();
}

absl::Status Poll(Log* log, int64_t times) {
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log->NewConsumer({.topics = {"records"}}));
  ConsumerRecords records;
  for (int64_t i = 0; i < times; ++i) {
    EVENTLOG_RETURN_IF_ERROR(consumer.Seek(OffsetSpec::Earliest()));
    do {
      EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    } while (!records.caught_up());
  }
  return absl::OkStatus();
}

absl::Status Run(std::string_view operation, int64_t times, const std::string& directory) {
  const bool durable = operation == "append_disk";
  LogOptions options;
  if (operation == "append_memory") {
    options.memory = true;
  } else {
    options.directory = directory;
  }
  StandingClock clock;
  options.clock = &clock;
  options.background_thread = false;  // its share would depend on time
  EVENTLOG_ASSIGN_OR_RETURN(auto log, Log::Open(options));
  EVENTLOG_ASSIGN_OR_RETURN(
      const auto topic,
      log.OpenTopic("records", {.durability = durable ? Durability::kDisk : Durability::kProcess}));
  if (operation != "poll") return Append(topic, times);
  EVENTLOG_RETURN_IF_ERROR(Append(topic, kPolledRecords));
  EVENTLOG_RETURN_IF_ERROR(log.Close());
  EVENTLOG_ASSIGN_OR_RETURN(log, Log::Open(options));
  return Poll(&log, times / kPolledRecords);
}

}  // namespace
}  // namespace eventlog::test

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const absl::Status status = eventlog::test::Run(argv[1], std::atoll(argv[2]), argv[3]);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
