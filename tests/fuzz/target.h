// A fuzz target: a function that takes any bytes, looks whether what the code makes of them is as
// it should be, and aborts when it is not. Each is built twice: as a program of its own, which
// libFuzzer drives (driver.cc, `./dev fuzz`), and into fuzz_tests, which replays the corpora.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace eventlog::test {

enum class Outcome {
  kRefused,  // the bytes say nothing
  kDecoded,  // they were understood as a whole
};
using FuzzTarget = Outcome (*)(std::string_view input);

// Those of this program, by name.
std::map<std::string, FuzzTarget>& FuzzTargets();

// FUZZ_TARGET(name) { ... } with `input`; inside of namespace eventlog::test.
#define FUZZ_TARGET(name)                                                \
  static Outcome Run_##name(std::string_view input);                     \
  [[maybe_unused]] static const bool registered_##name =                 \
      ::eventlog::test::FuzzTargets().emplace(#name, Run_##name).second; \
  static Outcome Run_##name(std::string_view input)

}  // namespace eventlog::test
