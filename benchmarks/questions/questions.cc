#include "questions/questions.h"

#include <iterator>
#include <utility>

namespace eventlog::bench {

Questions AllQuestions(const Settings& settings) {
  Questions all;
  for (const auto some : {ProcessQuestions, BulkQuestions, DiskQuestions, PollQuestions,
                          WakeUpQuestions, OpenQuestions, ScaleQuestions, FootprintQuestions}) {
    Questions asked = some(settings);
    std::move(asked.begin(), asked.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace eventlog::bench
