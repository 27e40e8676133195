// error: no matching function|cannot convert|could not convert|no viable conversion
#include "eventlog/eventlog.h"

absl::Status Run(eventlog::Consumer& consumer, eventlog::ConsumerRecords& records) {
  return consumer.Poll(1000, &records);
}
