// error: narrow
#include "eventlog/eventlog.h"

absl::Status Run(eventlog::Log& log, double bytes) {
  return log.CreateTopic("orders", {.segment_bytes = bytes}).status();
}
