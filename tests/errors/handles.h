// One handle of each kind, for scenarios that ask all of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eventlog/eventlog.h"
#include "support/worlds.h"

namespace eventlog::test {

struct Handles {
  Log log;
  Topic topic;        // "t"
  Consumer consumer;  // of group "g", reads all of "t"
  Producer producer;
};

Handles MakeHandles(LogOptions options);

// By method, what it answers now.
using AnswerList = std::vector<std::pair<std::string, absl::Status>>;

// Every method of every handle that returns a Status, but those that close.
AnswerList CallEverything(Handles* handles);

}  // namespace eventlog::test
