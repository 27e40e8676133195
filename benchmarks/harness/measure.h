// What a measurement is made of.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace eventlog::bench {

using Work = std::function<void()>;

double SecondsOf(const Work& work);

// The value that this part of `values` is not above; `part` within 0 and 1.
double Percentile(std::vector<double> values, double part);
double Median(std::vector<double> values);

// The seconds of each call of each work, one call of the first, one of the second and so on,
// `count` times: what disturbs one of them disturbs the others as well.
std::vector<std::vector<double>> SecondsInTurn(int64_t count, const std::vector<Work>& works);

// Ends the process with a message unless OK: a figure of failed work says nothing.
void Check(const absl::Status& status);
void Check(bool ok, const char* what);
template <typename T>
T Value(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

// A directory of its own, removed at the end.
class Scratch {
 public:
  explicit Scratch(const std::string& parent);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace eventlog::bench
