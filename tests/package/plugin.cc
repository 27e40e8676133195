// A shared library of the host, with the library inside.
#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

absl::Status Run() {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.memory = true}));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders"));
  EVENTLOG_RETURN_IF_ERROR(orders.Append({.value = "placed"}));
  EVENTLOG_ASSIGN_OR_RETURN(auto billing, log.NewConsumer({.topics = {"orders"}}));
  eventlog::ConsumerRecords records;
  EVENTLOG_RETURN_IF_ERROR(billing.Poll(absl::Seconds(10), &records));
  return records.size() == 1 ? log.Close() : absl::InternalError("polled something else");
}

}  // namespace

extern "C" bool PluginWorks() { return Run().ok(); }
