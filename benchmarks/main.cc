// How fast eventlog is, beside the peers that one would take instead and beside what the machine
// can do at all:
//
//   bench [--quick] [--json FILE] [--compare FILE] [--directory DIR] [NAME…]
//
// Values of 100 bytes and keys of 8 unless a row says otherwise. docs/performance.md has the
// method.
#include <algorithm>
#include <string>

#include "harness/measure.h"
#include "harness/report.h"
#include "questions/questions.h"

namespace eventlog::bench {
namespace {

bool IsAsked(const Question& question, const Settings& settings) {
  return settings.names.empty() ||
         std::any_of(settings.names.begin(), settings.names.end(),
                     [&](const std::string& name) { return question.name.starts_with(name); });
}

void Run(const Settings& settings) {
  const Questions all = AllQuestions(settings);
  const bool any = std::any_of(all.begin(), all.end(), [&](const Question& question) {
    return IsAsked(question, settings);
  });
  Check(any, "no row has such a name");
  PrintMachine(settings);
  Report report(settings);
  for (const Question& question : all) {
    if (IsAsked(question, settings)) report.Ask(question);
  }
  report.WriteJson();
  report.PrintSummary();
}

}  // namespace
}  // namespace eventlog::bench

int main(int argc, char** argv) {
  eventlog::bench::Run(eventlog::bench::ParseArguments(argc, argv));
  return 0;
}
