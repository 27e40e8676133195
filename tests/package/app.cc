// A user's program: appends to a log on disk, and polls.
#include <filesystem>
#include <iostream>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

#ifdef FMT_HEADER_ONLY
#error "a private dependency of the library shows in the host"
#endif

namespace {

absl::Status Run(const std::filesystem::path& directory) {
  std::filesystem::remove_all(directory);
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory.string()}));
  EVENTLOG_ASSIGN_OR_RETURN(
      auto orders, log.OpenTopic("orders", {.compression_type = eventlog::CompressionType::kLz4}));
  EVENTLOG_RETURN_IF_ERROR(orders.Append({.key = "order-1", .value = "placed"}));
  EVENTLOG_ASSIGN_OR_RETURN(auto billing, log.NewConsumer({.topics = {"orders"}}));
  eventlog::ConsumerRecords records;
  EVENTLOG_RETURN_IF_ERROR(billing.Poll(absl::Seconds(10), &records));
  if (records.size() != 1 || records[0].value() != "placed") {
    return absl::InternalError("polled something else");
  }
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status = Run(argc > 1 ? argv[1] : "app-log");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
