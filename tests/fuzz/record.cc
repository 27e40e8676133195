// The input: a records section.
#include "fuzz/allocations.h"
#include "fuzz/records.h"
#include "fuzz/target.h"

namespace eventlog::test {

FUZZ_TARGET(record) {
  std::string_view rest = input;
  internal::EncodedRecord record;
  WithBudget(0, [&] { return internal::DecodeRecord(&rest, &record).ok(); });
  return CheckRecords(input) > 0 ? Outcome::kDecoded : Outcome::kRefused;
}

}  // namespace eventlog::test
