// Twenty-odd short ways to use a log, each of which reaches one part of the storage protocol. They
// are run with a crash or a fault at every call that they make.
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lab/application.h"

namespace eventlog::test {

struct Scenario {
  const char* name;
  // On a log that is open and new. Stops at the first error.
  absl::Status (*run)(Application* application);
};

// All of them; never destroyed.
absl::Span<const Scenario> Scenarios();

}  // namespace eventlog::test
