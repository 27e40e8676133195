// error (clang): dangling
#include "eventlog/eventlog.h"

absl::Status Run(const eventlog::Topic& topic) {
  const eventlog::HeadersView headers = {{"type", "placed"}};
  return topic.Append({.value = "x", .headers = headers}).status();
}
