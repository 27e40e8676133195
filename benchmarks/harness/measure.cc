#include "harness/measure.h"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>

namespace eventlog::bench {

double SecondsOf(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Percentile(std::vector<double> values, double part) {
  const double rank = std::ceil(part * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

std::vector<std::vector<double>> SecondsInTurn(int64_t count, const std::vector<Work>& works) {
  std::vector<std::vector<double>> seconds(works.size());
  for (int64_t i = 0; i < count; ++i) {
    for (std::size_t w = 0; w < works.size(); ++w) seconds[w].push_back(SecondsOf(works[w]));
  }
  return seconds;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

void Check(bool ok, const char* what) {
  if (ok) return;
  std::cerr << what << "\n";
  std::exit(1);
}

Scratch::Scratch(const std::string& parent)
    : path_((std::filesystem::path(parent) / "eventlog_bench.XXXXXX").string()) {
  Check(mkdtemp(path_.data()) != nullptr, "no scratch directory");
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace eventlog::bench
