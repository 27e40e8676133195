// error: ambiguous
#include "eventlog/eventlog.h"

absl::Status Run(const eventlog::Topic& topic) { return topic.Append({.value = 0}).status(); }
