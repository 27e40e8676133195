#include "format/journal_list.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr uint64_t kSeed = 0;  // the list says whose it is

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("journal list: {}", why));
}

bool CanBe(const JournalList& list) {
  const JournalListEntry* last = nullptr;
  for (const JournalListEntry& file : list.files) {
    if (file.bytes < 0 || (last != nullptr && file.number <= last->number)) return false;
    last = &file;
  }
  return true;
}

}  // namespace

std::string EncodeJournalList(const JournalList& list) {
  EVENTLOG_ASSERT(CanBe(list));
  std::string bytes(kJournalListHeaderBytes, '\0');
  for (const JournalListEntry& file : list.files) {
    AppendLe(&bytes, file.number);
    AppendLe(&bytes, file.bytes);
  }
  char* to = bytes.data();
  std::copy(list.log_id.bytes.begin(), list.log_id.bytes.end(), to + 8);
  StoreLe(to + 24, static_cast<uint32_t>(list.files.size()));
  StoreLe(to + 32, Hash64(std::string_view(bytes).substr(kJournalListHeaderBytes), kSeed));
  FinishHeader(to, kJournalListFormat, kSeed);
  return bytes;
}

absl::StatusOr<JournalList> DecodeJournalList(std::string_view bytes) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, kJournalListFormat, kSeed));
  const char* from = bytes.data();
  const std::string_view body = bytes.substr(kJournalListHeaderBytes);
  const uint64_t count = LoadLe<uint32_t>(from + 24);
  if (body.size() != count * kJournalListEntryBytes) return Corrupt("impossible length");
  if (LoadLe<uint32_t>(from + 28) != 0) return Corrupt("impossible reserved field");
  if (Hash64(body, kSeed) != LoadLe<uint64_t>(from + 32)) {
    return Corrupt("body hash does not match");
  }
  JournalList list;
  std::copy_n(from + 8, list.log_id.bytes.size(), list.log_id.bytes.begin());
  list.files.resize(count);
  ByteReader reader(body);
  for (JournalListEntry& file : list.files) {
    file.number = reader.Read<uint64_t>();
    file.bytes = reader.Read<int64_t>();
  }
  if (!CanBe(list)) return Corrupt("impossible entries");
  return list;
}

}  // namespace eventlog::inline v1::internal
