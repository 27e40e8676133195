#include <iostream>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

absl::Status Run() {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = "shop"}));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders", {.partitions = 4}));
  EVENTLOG_RETURN_IF_ERROR(orders.Append({.key = "order-1", .value = "placed"}));  // now on disk

  EVENTLOG_ASSIGN_OR_RETURN(auto billing,
                            log.NewConsumer({.group = "billing", .topics = {"orders"}}));
  eventlog::ConsumerRecords records;
  EVENTLOG_RETURN_IF_ERROR(billing.Poll(absl::Seconds(1), &records));
  for (const auto& record : records) std::cout << record.key() << ": " << record.value() << "\n";
  return billing.Commit();  // the next run begins behind what this one has read
}

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
