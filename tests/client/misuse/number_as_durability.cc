// error: cannot convert|could not convert|no viable conversion
#include "eventlog/eventlog.h"

eventlog::TopicOptions Run() { return {.durability = 1}; }
