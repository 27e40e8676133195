// error: unused-result|unused-value
#include "eventlog/eventlog.h"

void Run(eventlog::Consumer& consumer, eventlog::ConsumerRecords& records) {
  consumer.Poll(absl::Seconds(1), &records);
}
