// error: narrow
#include "eventlog/eventlog.h"

absl::Status Run(eventlog::Log& log, std::size_t cores) {
  return log.OpenTopic("orders", {.partitions = cores}).status();
}
