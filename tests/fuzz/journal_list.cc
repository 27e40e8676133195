// The input: a byte whose lowest bit asks for good hashes, then a list of journal files.
#include "format/journal_list.h"

#include <string>

#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {

FUZZ_TARGET(journal_list) {
  const auto how = Take<uint8_t>(&input);
  std::string file(input);
  if ((how & 1) != 0) MakeHashesGood(&file, internal::kJournalListFormat, 0, 32);
  const auto list = WithBudget(file.size(), [&] { return internal::DecodeJournalList(file); });
  if (!list.ok()) {
    EVENTLOG_ASSERT(IsRefusal(list.status()));
    return Outcome::kRefused;
  }
  EVENTLOG_ASSERT(EncodeJournalList(*list) == file);
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
