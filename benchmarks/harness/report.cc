#include "harness/report.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/measure.h"

namespace eventlog::bench {
namespace {

// Digits that a person can compare.
std::string Rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
  return text;
}

double RatioOf(const Question& question, double ours, double theirs) {
  if (question.versus.empty()) return ours;
  return question.ratio == Ratio::kOursByTheirs ? ours / theirs : theirs / ours;
}

std::optional<bool> IsMet(const Bar& bar, double figure) {
  if (bar.bar == 0 && bar.stretch == 0 && bar.side == Bar::Side::kAtLeast) return std::nullopt;
  return bar.side == Bar::Side::kAtLeast ? figure >= bar.bar : figure <= bar.bar;
}

std::string BarText(const Bar& bar) {
  return (bar.side == Bar::Side::kAtLeast ? "at least " : "at most ") + Rounded(bar.bar);
}

}  // namespace

Report::Report(Settings settings) : settings_(std::move(settings)) {
  if (settings_.compare.empty()) return;
  const auto rows = nlohmann::json::parse(std::ifstream(settings_.compare), nullptr, false);
  Check(rows.is_array(), "what is to be compared with is no report");
  for (const auto& row : rows) {
    before_[row.value("name", "")] = {.low = row.value("low", 0.0), .high = row.value("high", 0.0)};
  }
}

void Report::Ask(const Question& question) {
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (int i = 0; i <= settings_.repetitions; ++i) {
    const Figures figures = question.measure();
    if (i == 0) continue;
    ours.push_back(figures.ours);
    theirs.push_back(figures.theirs);
    ratios.push_back(RatioOf(question, figures.ours, figures.theirs));
  }
  Row row = {.value = Median(ours), .versus_value = Median(theirs)};
  row.ratio = RatioOf(question, row.value, row.versus_value);
  row.low = *std::min_element(ratios.begin(), ratios.end());
  row.high = *std::max_element(ratios.begin(), ratios.end());
  answers_.push_back({question, row, IsMet(question.bar, row.ratio)});
  Print(answers_.back());
}

void Report::Print(const Answer& answer) {
  const auto& [question, row, met] = answer;
  std::printf("%s\n  %s %s", question.name.c_str(), Rounded(row.value).c_str(),
              question.unit.c_str());
  if (!question.versus.empty()) {
    std::printf(", %s %s: ratio %s", question.versus.c_str(), Rounded(row.versus_value).c_str(),
                Rounded(row.ratio).c_str());
  }
  std::printf(" (%s to %s)", Rounded(row.low).c_str(), Rounded(row.high).c_str());
  if (met.has_value()) {
    std::printf(", %s: %s", BarText(question.bar).c_str(), *met ? "met" : "MISSED");
  }
  if (HasMoved(answer)) {
    const Row& before = before_.at(question.name);
    std::printf(", MOVED from %s to %s", Rounded(before.low).c_str(), Rounded(before.high).c_str());
  }
  std::printf("\n");
  if (!question.remark.empty()) std::printf("  %s\n", question.remark.c_str());
  std::fflush(stdout);
}

bool Report::HasMoved(const Answer& answer) const {
  const auto before = before_.find(answer.question.name);
  if (before == before_.end()) return false;
  return answer.row.low > before->second.high || answer.row.high < before->second.low;
}

void Report::WriteJson() const {
  if (settings_.json.empty()) return;
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& [question, row, met] : answers_) {
    const bool alone = question.versus.empty();
    nlohmann::ordered_json out = {{"name", question.name},   {"value", row.value},
                                  {"unit", question.unit},   {"versus", nullptr},
                                  {"versus_value", nullptr}, {"ratio", nullptr},
                                  {"low", row.low},          {"high", row.high},
                                  {"bar", nullptr},          {"met", nullptr}};
    if (!alone) {
      out["versus"] = question.versus;
      out["versus_value"] = row.versus_value;
      out["ratio"] = row.ratio;
    }
    if (met.has_value()) {
      out["bar"] = question.bar.bar;
      out["met"] = *met;
    }
    rows.push_back(std::move(out));
  }
  std::ofstream file(settings_.json);
  file << rows.dump(1) << "\n";
  file.close();
  Check(static_cast<bool>(file), "cannot write the rows");
}

void Report::PrintSummary() const {
  std::size_t with_bar = 0;
  std::string missed;
  std::string moved;
  for (const Answer& answer : answers_) {
    with_bar += answer.met.has_value() ? 1 : 0;
    if (!answer.met.value_or(true)) missed += " " + answer.question.name;
    if (HasMoved(answer)) moved += " " + answer.question.name;
  }
  std::printf("\n%zu rows, %zu with a bar; missed:%s\n", answers_.size(), with_bar,
              missed.empty() ? " none" : missed.c_str());
  if (!settings_.compare.empty()) {
    std::printf("moved beyond the spread since %s:%s\n", settings_.compare.c_str(),
                moved.empty() ? " none" : moved.c_str());
  }
}

}  // namespace eventlog::bench
