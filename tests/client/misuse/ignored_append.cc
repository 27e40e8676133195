// error: unused-result|unused-value
#include "eventlog/eventlog.h"

void Run(const eventlog::Topic& topic) { topic.Append({.value = "x"}); }
