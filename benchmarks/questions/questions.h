// All questions, by what they are about. Each function's file says how they are measured.
#pragma once

#include "harness/question.h"

namespace eventlog::bench {

Questions ProcessQuestions(const Settings& settings);
Questions BulkQuestions(const Settings& settings);
Questions DiskQuestions(const Settings& settings);
Questions PollQuestions(const Settings& settings);
Questions WakeUpQuestions(const Settings& settings);
Questions OpenQuestions(const Settings& settings);
Questions ScaleQuestions(const Settings& settings);
Questions FootprintQuestions(const Settings& settings);

Questions AllQuestions(const Settings& settings);

}  // namespace eventlog::bench
