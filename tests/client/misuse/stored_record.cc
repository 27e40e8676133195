// error (clang): dangling
#include "eventlog/eventlog.h"

std::string Make();
absl::Status Run(const eventlog::Topic& topic) {
  const eventlog::ProducerRecord record = {.key = Make(), .value = Make()};
  return topic.Append(record).status();
}
