// Asks the questions, prints the answers, writes them and holds them beside those of another run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/question.h"
#include "harness/settings.h"

namespace eventlog::bench {

// The answer to one question: medians, and of the ratio (of the value, where there is none) the
// lowest and the highest as well.
struct Row {
  double value = 0;
  double versus_value = 0;
  double ratio = 0;
  double low = 0;
  double high = 0;
};

class Report {
 public:
  // Reads what is to be compared with; ends the process when that is no report.
  explicit Report(Settings settings);

  void Ask(const Question& question);
  // [{"name", "value", "unit", "versus", "versus_value", "ratio", "low", "high", "bar", "met"}, …];
  // what a row has not is null.
  void WriteJson() const;
  // What of it all matters: the bars that were missed, the rows that moved.
  void PrintSummary() const;

 private:
  struct Answer {
    Question question;
    Row row;
    std::optional<bool> met;
  };
  void Print(const Answer& answer);
  // Whether the row lies outside the spread of the other run's, and that one outside this one's.
  bool HasMoved(const Answer& answer) const;

  const Settings settings_;
  std::vector<Answer> answers_;
  std::map<std::string, Row> before_;  // by name
};

}  // namespace eventlog::bench
