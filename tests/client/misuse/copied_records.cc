// error: deleted
#include "eventlog/eventlog.h"

eventlog::ConsumerRecords Run(const eventlog::ConsumerRecords& records) { return records; }
