// libFuzzer's side of a target.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const eventlog::test::FuzzTarget target = eventlog::test::FuzzTargets().begin()->second;
  target({reinterpret_cast<const char*>(data), size});
  return 0;
}
