// error: ambiguous
#include "eventlog/eventlog.h"

absl::Status Run(eventlog::Consumer& consumer) { return consumer.Seek({}); }
