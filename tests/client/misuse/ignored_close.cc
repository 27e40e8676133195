// error: unused-result|unused-value
#include "eventlog/eventlog.h"

void Run(eventlog::Log& log) { log.Close(); }
