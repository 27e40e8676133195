#include "fuzz/target.h"

namespace eventlog::test {

std::map<std::string, FuzzTarget>& FuzzTargets() {
  static std::map<std::string, FuzzTarget> targets;  // made before whoever registers first
  return targets;
}

}  // namespace eventlog::test
