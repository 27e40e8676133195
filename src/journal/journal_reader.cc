#include "journal/journal_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "format/journal_list.h"
#include "io/durable_file.h"
#include "journal/journal_files.h"

namespace eventlog::inline v1::internal {
namespace {

// A journal file larger than this was not made by us: groups are bounded by kMaxGroupBytes.
constexpr int64_t kMaxJournalFileBytes = kMaxGroupBytes + (1 << 20);

struct LoadedFile {
  uint64_t number = 0;
  std::string_view bytes;
};

struct LaterGroup {
  uint64_t sequence = 0;
  uint64_t file = 0;
  std::size_t position = 0;
};

std::size_t RoundUp(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

class JournalReader {
 public:
  JournalReader(std::string log_directory, const Checkpoint& checkpoint, RecoveryMode mode,
                JournalContents* contents)
      : log_directory_(std::move(log_directory)),
        checkpoint_(checkpoint),
        mode_(mode),
        contents_(contents) {}

  absl::Status Load(FileSystem* file_system);
  absl::Status Replay();

 private:
  absl::Status CheckFiles(FileSystem* file_system) const;
  // The group with the next sequence at `position` of `file`, where the writer may have put it.
  absl::StatusOr<std::optional<JournalGroup>> GroupAt(const LoadedFile& file, std::size_t position);
  absl::StatusOr<std::optional<JournalGroup>> NextGroup();
  absl::StatusOr<std::vector<LaterGroup>> FindLaterGroups(uint64_t* proven_upto);
  absl::Status CheckGeneration(std::string_view bytes, uint64_t file, std::size_t position) const;
  bool IsTorn(std::string_view bytes) const;
  bool NextIsTorn() const;
  std::string Place() const;
  absl::Status Damaged() const;
  void Tell(const std::string& line) {
    contents_->damage += (contents_->damage.empty() ? "" : "\n") + line;
  }

  const std::string log_directory_;
  const Checkpoint& checkpoint_;
  const RecoveryMode mode_;
  JournalContents* const contents_;
  std::vector<LoadedFile> files_;
  uint64_t sequence_ = 1;  // the next one to replay
  uint64_t file_ = 0;      // the running place
  std::size_t position_ = 0;
};

absl::Status JournalReader::Load(FileSystem* file_system) {
  const std::string directory = JournalDirectory(log_directory_);
  EVENTLOG_RETURN_IF_ERROR(file_system->SyncDirectory(directory));
  EVENTLOG_ASSIGN_OR_RETURN(auto names, file_system->List(directory));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseJournalName(name); number.has_value()) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const uint64_t number : numbers) {
    const std::string path = JournalPath(log_directory_, number);
    EVENTLOG_ASSIGN_OR_RETURN(auto file, file_system->OpenFile(path, FileSystem::Open::kExisting));
    EVENTLOG_RETURN_IF_ERROR(file->SyncData());  // R14
    EVENTLOG_RETURN_IF_ERROR(file->DropCache());
    file.reset();
    EVENTLOG_ASSIGN_OR_RETURN(std::string bytes,
                              ReadWholeFile(file_system, path, kMaxJournalFileBytes));
    contents_->files.push_back(std::move(bytes));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    files_.push_back({numbers[i], contents_->files[i]});
  }
  const absl::Status missing = CheckFiles(file_system);
  if (!missing.ok() && (mode_ == RecoveryMode::kRefuse || !absl::IsDataLoss(missing))) {
    return missing;
  }
  if (!missing.ok()) Tell(std::string(missing.message()));
  sequence_ = checkpoint_.sequence;
  file_ = checkpoint_.journal_file;
  position_ = checkpoint_.journal_position;
  return absl::OkStatus();
}

// Against the list, which has every file before it is used.
absl::Status JournalReader::CheckFiles(FileSystem* file_system) const {
  const std::string path = JournalListPath(log_directory_);
  const auto bytes = ReadWholeFile(file_system, path, kMaxJournalListBytes);
  if (absl::IsNotFound(bytes.status())) {
    return MakeError(ErrorReason::kDurableDataMissing, path + ": the list of files is missing");
  }
  EVENTLOG_RETURN_IF_ERROR(bytes);
  const auto list = DecodeJournalList(*bytes);
  if (!list.ok()) return Annotate(list.status(), path);
  if (list->log_id != checkpoint_.log_id) {
    return MakeError(ErrorReason::kCorruptData, path + ": the list is another log's");
  }
  for (const JournalListEntry& listed : list->files) {
    const auto file = std::find_if(files_.begin(), files_.end(), [&](const LoadedFile& loaded) {
      return loaded.number == listed.number;
    });
    const int64_t found = file == files_.end() ? -1 : std::ssize(file->bytes);
    if (found == listed.bytes) continue;
    const std::string name = JournalPath(log_directory_, listed.number);
    return MakeError(
        ErrorReason::kDurableDataMissing,
        found < 0 ? name + ": the file is missing"
                  : fmt::format("{}: {} bytes long instead of {}", name, found, listed.bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<JournalGroup>> JournalReader::GroupAt(const LoadedFile& file,
                                                                   std::size_t position) {
  if (position > file.bytes.size()) return std::nullopt;
  auto group = DecodeGroup(file.bytes.substr(position), checkpoint_.generation, checkpoint_.log_id);
  if (!group.ok()) {
    if (absl::IsUnimplemented(group.status())) return group.status();
    return std::nullopt;
  }
  if (group->sequence != sequence_) return std::nullopt;
  auto bytes = GroupBytes(file.bytes.substr(position), checkpoint_.generation, checkpoint_.log_id);
  file_ = file.number;
  position_ = position + *bytes;
  return *std::move(group);
}

absl::StatusOr<std::optional<JournalGroup>> JournalReader::NextGroup() {
  for (const LoadedFile& file : files_) {
    if (file.number != file_) continue;
    for (const std::size_t unit : {std::size_t{8}, std::size_t{kJournalBlockBytes}}) {
      EVENTLOG_ASSIGN_OR_RETURN(auto group, GroupAt(file, RoundUp(position_, unit)));
      if (group.has_value()) return group;
    }
  }
  for (const LoadedFile& file : files_) {  // the writer went on at the start of another file
    EVENTLOG_ASSIGN_OR_RETURN(auto group, GroupAt(file, 0));
    if (group.has_value()) return group;
  }
  return std::nullopt;
}

// Valid groups of this generation beyond the end of the journal, by sequence. `*proven_upto`: up to
// this one all had been synced, as one of them or the checkpoint says (R2).
absl::StatusOr<std::vector<LaterGroup>> JournalReader::FindLaterGroups(uint64_t* proven_upto) {
  *proven_upto = checkpoint_.synced_upto;
  std::vector<LaterGroup> later;
  char magic[sizeof kJournalGroupFormat.magic];
  StoreLe(magic, kJournalGroupFormat.magic);
  const std::string_view wanted(magic, sizeof magic);
  for (const LoadedFile& file : files_) {
    // Nearly all of a journal is zeros or records: this is what most of its reading would take.
    for (std::size_t at = file.bytes.find(wanted); at != std::string_view::npos;
         at = file.bytes.find(wanted, at + 1)) {
      if (at % 8 != 0) continue;
      const std::string_view here = file.bytes.substr(at);
      EVENTLOG_RETURN_IF_ERROR(CheckGeneration(here, file.number, at));
      auto group = DecodeGroup(here, checkpoint_.generation, checkpoint_.log_id);
      if (!group.ok() || group->sequence < sequence_) continue;
      later.push_back({group->sequence, file.number, at});
      *proven_upto = std::max(*proven_upto, group->synced_upto);
    }
  }
  std::sort(later.begin(), later.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return later;
}

// The checkpoint that begins a generation is durable before the first group of it (R16).
absl::Status JournalReader::CheckGeneration(std::string_view bytes, uint64_t file,
                                            std::size_t position) const {
  if (bytes.size() < kGroupHeaderBytes) return absl::OkStatus();
  const auto generation = LoadLe<uint64_t>(bytes.data() + 8);
  if (generation <= checkpoint_.generation ||
      !GroupBytes(bytes, generation, checkpoint_.log_id).ok()) {
    return absl::OkStatus();
  }
  return MakeError(ErrorReason::kCorruptData,
                   fmt::format("{}: of generation {}, and {} has a group of {} at byte {}",
                               CheckpointPath(log_directory_), checkpoint_.generation,
                               JournalPath(log_directory_, file), generation, position));
}

// Whether these bytes look like the next group, not whole. What older groups left looks like it
// too, but its header is good under a generation of its own.
bool JournalReader::IsTorn(std::string_view bytes) const {
  if (bytes.size() < kGroupHeaderBytes) return false;
  const auto generation = LoadLe<uint64_t>(bytes.data() + 8);
  const int signs = (LoadLe<uint32_t>(bytes.data()) == kJournalGroupFormat.magic ? 1 : 0) +
                    (generation == checkpoint_.generation ? 1 : 0) +
                    (LoadLe<uint64_t>(bytes.data() + 16) == sequence_ ? 1 : 0);
  if (signs < 2) return false;
  return signs == 3 || !GroupBytes(bytes, generation, checkpoint_.log_id).ok();
}

// At any of the places where NextGroup looks.
bool JournalReader::NextIsTorn() const {
  return std::any_of(files_.begin(), files_.end(), [&](const LoadedFile& file) {
    const auto torn_at = [&](std::size_t position) {
      return position < file.bytes.size() && IsTorn(file.bytes.substr(position));
    };
    return torn_at(0) ||
           (file.number == file_ &&
            (torn_at(RoundUp(position_, 8)) || torn_at(RoundUp(position_, kJournalBlockBytes))));
  });
}

std::string JournalReader::Place() const {
  return fmt::format("journal group {} of generation {}, expected in {} at or after byte {}",
                     sequence_, checkpoint_.generation, JournalPath(log_directory_, file_),
                     position_);
}

absl::Status JournalReader::Damaged() const {
  return MakeError(ErrorReason::kCorruptData, Place() + ", was synced and is damaged or missing");
}

absl::Status JournalReader::Replay() {
  for (;;) {
    EVENTLOG_ASSIGN_OR_RETURN(auto group, NextGroup());
    if (group.has_value()) {
      contents_->frames.insert(contents_->frames.end(), group->frames.begin(), group->frames.end());
      ++contents_->groups;
      ++sequence_;
      continue;
    }
    uint64_t proven_upto = 0;
    EVENTLOG_ASSIGN_OR_RETURN(const auto later, FindLaterGroups(&proven_upto));
    if (proven_upto < sequence_) {
      if (later.empty() && !NextIsTorn()) return absl::OkStatus();
      contents_->torn = Place() + ", is not whole, and nothing says that it ever was";
      return absl::OkStatus();
    }
    if (mode_ == RecoveryMode::kRefuse) return Damaged();
    Tell(std::string(Damaged().message()));
    if (mode_ == RecoveryMode::kTruncate || later.empty()) return absl::OkStatus();
    // One that is missing and not proven ends the journal here, too.
    if (later.front().sequence > proven_upto + 1) return absl::OkStatus();
    sequence_ = later.front().sequence;
    file_ = later.front().file;
    position_ = later.front().position;
  }
}

}  // namespace

absl::StatusOr<JournalContents> ReadJournal(FileSystem* file_system,
                                            const std::string& log_directory,
                                            const Checkpoint& checkpoint, RecoveryMode mode) {
  JournalContents contents;
  JournalReader reader(log_directory, checkpoint, mode, &contents);
  EVENTLOG_RETURN_IF_ERROR(reader.Load(file_system));
  EVENTLOG_RETURN_IF_ERROR(reader.Replay());
  return contents;
}

}  // namespace eventlog::inline v1::internal
