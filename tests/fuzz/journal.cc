// The input: where the checkpoint says that the journal goes on (sequence u8, file u8, block u8,
// the last synced sequence u8), then pieces, which are laid into journal files: where (u8), length
// (u16), bytes. Of a piece's first byte the lowest bit asks for good lengths and hashes, the next
// two give the file, the other five the place: in units of 256 bytes, and 31 right behind the piece
// before it.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/journal_group.h"
#include "format/journal_list.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/records.h"
#include "fuzz/target.h"
#include "journal/journal_reader.h"

namespace eventlog::test {
namespace {

using internal::JournalContents;
using internal::JournalFrame;

constexpr uint64_t kGeneration = 7;
constexpr std::size_t kFiles = 3;
constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kUnitBytes = 256;
constexpr unsigned kBehind = 31;
constexpr char kDirectory[] = "/log";

internal::Uuid LogId() {
  internal::Uuid id;
  id.bytes.fill('l');
  return id;
}

uint64_t GroupSeed() {
  std::string bytes(LogId().view());
  internal::AppendLe(&bytes, kGeneration);
  return internal::Hash64(bytes);
}

void MakeGood(std::string* group) {
  static const uint64_t seed = GroupSeed();
  if (group->size() < internal::kGroupHeaderBytes) return;
  const std::size_t body_bytes = group->size() - internal::kGroupHeaderBytes;
  internal::StoreLe(group->data() + 8, kGeneration);
  internal::StoreLe(group->data() + 32, static_cast<uint32_t>(body_bytes));
  MakeHashesGood(group, internal::kJournalGroupFormat, seed, 40);
}

using Files = std::array<std::string, kFiles>;

Files TakeFiles(std::string_view* input) {
  Files files;
  std::array<std::size_t, kFiles> ends = {};
  while (!input->empty()) {
    const unsigned where = Take<uint8_t>(input);
    const auto length = Take<uint16_t>(input);
    std::string piece(TakeBytes(input, length));
    if ((where & 1) != 0) MakeGood(&piece);
    const std::size_t number = (where >> 1) % 4 % kFiles;
    std::string& file = files[number];
    const unsigned unit = where >> 3;
    const std::size_t at = unit == kBehind ? (ends[number] + 7) / 8 * 8 : unit * kUnitBytes;
    if (file.size() < at + piece.size()) {
      file.resize((at + piece.size() + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
    }
    file.replace(at, piece.size(), piece);
    ends[number] = at + piece.size();
  }
  return files;
}

void CheckGroup(const internal::JournalGroup& group, std::string_view bytes) {
  internal::GroupBuilder builder;
  for (const JournalFrame& frame : group.frames) {
    const char* const records = frame.records.data();
    EVENTLOG_ASSERT(Within(bytes, records, records + frame.records.size()));
    EVENTLOG_ASSERT(CheckRecords(frame.records) == frame.record_count);
    builder.Add(frame);
  }
  EVENTLOG_ASSERT(builder.Finish(group.generation, group.sequence, group.synced_upto, LogId()) ==
                  bytes.substr(0, builder.bytes()));
}

// The highest bit of the file's byte leaves the list of files out, the next one has it name a file
// that is not there.
void PutFiles(MemoryFileSystem* disk, const Files& files, unsigned how) {
  const auto put = [disk](const std::string& path, std::string_view bytes) {
    auto file = disk->OpenFile(path, FileSystem::Open::kCreateNew);
    EVENTLOG_ASSERT(file.ok() && (*file)->WriteAt(0, {bytes}).ok());
  };
  EVENTLOG_ASSERT(disk->CreateDirectory(kDirectory).ok());
  EVENTLOG_ASSERT(disk->CreateDirectory(internal::JournalDirectory(kDirectory)).ok());
  internal::JournalList list = {LogId(), {}};
  for (std::size_t i = 0; i < kFiles; ++i) {
    if (files[i].empty()) continue;
    list.files.push_back({i, std::ssize(files[i])});
    put(internal::JournalPath(kDirectory, i), files[i]);
  }
  if ((how & 0x40) != 0) list.files.push_back({kFiles, kBlockBytes});
  if ((how & 0x80) == 0) put(internal::JournalListPath(kDirectory), EncodeJournalList(list));
}

// A journal may lack files, too.
bool IsJournalRefusal(const absl::Status& status) {
  return IsRefusal(status) ||
         (absl::IsDataLoss(status) && ReasonOf(status) == ErrorReason::kDurableDataMissing);
}

bool Same(const JournalFrame& a, const JournalFrame& b) {
  return a.topic_id == b.topic_id && a.partition == b.partition &&
         a.first_offset == b.first_offset && a.record_count == b.record_count &&
         a.records == b.records;
}

bool BeginsWith(const JournalContents& all, const JournalContents& first) {
  return first.groups <= all.groups && first.frames.size() <= all.frames.size() &&
         std::equal(first.frames.begin(), first.frames.end(), all.frames.begin(), Same);
}

}  // namespace

FUZZ_TARGET(journal) {
  internal::Checkpoint start;
  start.log_id = LogId();
  start.generation = kGeneration;
  start.sequence = Take<uint8_t>(&input);
  const unsigned how = Take<uint8_t>(&input);
  start.journal_file = how & 0x3f;
  start.journal_position = Take<uint8_t>(&input) * kBlockBytes;
  start.synced_upto = Take<uint8_t>(&input);

  const Files files = TakeFiles(&input);
  MemoryFileSystem disk;
  PutFiles(&disk, files, how);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kFiles; ++i) {
    if (files[i].empty()) continue;
    bytes += files[i].size();
    for (std::size_t at = 0; at < files[i].size(); at += kUnitBytes) {
      const std::string_view here = std::string_view(files[i]).substr(at);
      const auto group = WithBudget(
          2 * here.size(), [&] { return internal::DecodeGroup(here, kGeneration, LogId()); });
      EVENTLOG_ASSERT(group.ok() || IsRefusal(group.status()));
      if (group.ok()) CheckGroup(*group, here);
    }
  }

  const auto read = [&](RecoveryMode mode) {
    return WithBudget(100 * bytes, [&] { return ReadJournal(&disk, kDirectory, start, mode); });
  };
  const auto strict = read(RecoveryMode::kRefuse);
  const auto cut = read(RecoveryMode::kTruncate);
  const auto skipped = read(RecoveryMode::kSkipDamaged);
  for (const auto* contents : {&strict, &cut, &skipped}) {
    EVENTLOG_ASSERT(contents->ok() || IsJournalRefusal(contents->status()));
  }
  if (strict.ok()) {  // then there is nothing to go past
    EVENTLOG_ASSERT(strict->damage.empty() && cut.ok() && skipped.ok());
    EVENTLOG_ASSERT(BeginsWith(*cut, *strict) && BeginsWith(*strict, *cut));
    EVENTLOG_ASSERT(BeginsWith(*skipped, *strict) && BeginsWith(*strict, *skipped));
    return strict->groups > 0 ? Outcome::kDecoded : Outcome::kRefused;
  }
  if (cut.ok()) EVENTLOG_ASSERT(absl::IsDataLoss(strict.status()) && !cut->damage.empty());
  if (cut.ok() && skipped.ok()) EVENTLOG_ASSERT(BeginsWith(*skipped, *cut));
  return Outcome::kRefused;
}

}  // namespace eventlog::test
