// error: narrow
#include "eventlog/eventlog.h"

absl::Status Run(const eventlog::Topic& topic, std::size_t index) {
  return topic.Append({.value = "x", .partition = index}).status();
}
