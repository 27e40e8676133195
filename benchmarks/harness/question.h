// One row of the report: a figure of eventlog's, mostly beside that of a peer or of a limit which
// was taken in the same repetition.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/settings.h"

namespace eventlog::bench {

struct Figures {
  double ours = 0;
  double theirs = 0;  // of whoever the question compares with
};

// What a row is held to: its ratio, or without one its value.
struct Bar {
  enum class Side { kAtLeast, kAtMost };
  Side side = Side::kAtLeast;
  double bar = 0;
  double stretch = 0;
};
constexpr Bar AtLeast(double bar, double stretch) { return {Bar::Side::kAtLeast, bar, stretch}; }
constexpr Bar AtMost(double bar, double stretch) { return {Bar::Side::kAtMost, bar, stretch}; }

enum class Ratio {
  kOursByTheirs,
  kTheirsByOurs,  // how many times faster, of what is better when it is less
};

struct Question {
  std::string name;
  std::string unit;
  std::string versus = {};  // empty: the figure stands alone
  Ratio ratio = Ratio::kOursByTheirs;
  Bar bar = {};  // 0: none, the row informs
  // One repetition of everything, from a fresh start.
  std::function<Figures()> measure;
  std::string remark = {};  // what each side does and does not do
};

using Questions = std::vector<Question>;

}  // namespace eventlog::bench
