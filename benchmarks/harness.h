// Measures contenders side by side and says what came out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace eventlog::bench {

// One way to do the work. `run` does all of it anew and answers what it measured.
struct Contender {
  std::string name;
  std::function<double()> run;
};

enum class Better { kMore, kLess };

struct Question {
  std::string name;
  std::string unit;
  Better better = Better::kMore;
  std::vector<Contender> contenders;  // the first is eventlog
  std::string remark;                 // what each side does and does not do
};

struct Settings {
  bool quick = false;
  int repetitions = 7;    // besides the first, which is thrown away
  std::string directory;  // where scratch directories go
  std::string json;       // empty: no file
};

// Reads --quick, --json FILE and --directory DIR; ends the process on anything else.
Settings ParseArguments(int argc, char** argv);

// Machine, file system and build, in a few lines.
void PrintHardware(const Settings& settings);

// Runs the contenders in turn, again and again, prints medians with the lowest and highest, and
// keeps the rows for WriteJson.
class Report {
 public:
  explicit Report(const Settings& settings) : settings_(settings) {}
  void Ask(const Question& question);
  // [{"name", "value", "unit", "versus", "versus_value", "ratio"}, ...]; a ratio above 1 says that
  // eventlog is that many times as good.
  absl::Status WriteJson() const;

 private:
  struct Row {
    std::string name, unit, versus;
    double value, versus_value, ratio;
  };
  Settings settings_;
  std::vector<Row> rows_;
};

// A directory of its own, removed at the end.
class Scratch {
 public:
  explicit Scratch(const Settings& settings);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double SecondsOf(const std::function<void()>& work);
// The value that this part of `values` is not above; `part` within 0 and 1.
double Percentile(std::vector<double> values, double part);

// Ends the process with a message unless OK: a figure of failed work says nothing.
void Check(const absl::Status& status);
void Check(bool ok, const char* what);
template <typename T>
T Value(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

}  // namespace eventlog::bench
