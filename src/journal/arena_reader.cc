#include "journal/arena_reader.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status ReadSlot(const std::string& path, std::string_view file, std::size_t index,
                      const Checkpoint& checkpoint, ArenaContents* contents) {
  std::optional<ArenaChunkHeader> header;
  auto frame = DecodeArenaChunk(file, index, checkpoint.generation, checkpoint.log_id, &header);
  if (frame.ok()) {
    if (frame->has_value()) contents->frames.push_back(**frame);
    return absl::OkStatus();
  }
  if (!absl::IsDataLoss(frame.status())) return frame.status();
  // The checkpoint that begins a generation is durable before the first chunk of it (R16).
  if (header.has_value() && header->generation > checkpoint.generation) {
    return Annotate(frame.status(), path);
  }
  contents->damaged.push_back(
      {fmt::format("{}: slot {}: {}", path, index, std::string(frame.status().message())),
       header.value_or(ArenaChunkHeader())});
  return absl::OkStatus();
}

// As much of a file as one of the arena has; what is missing of it, as zeros.
absl::StatusOr<std::string> ReadFile(FileSystem* file_system, const std::string& path,
                                     int64_t* bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(auto file, file_system->OpenFile(path, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(*bytes, file->Size());
  std::string contents(kArenaFileBytes, '\0');
  EVENTLOG_RETURN_IF_ERROR(file->ReadAt(0, absl::MakeSpan(contents)));
  return contents;
}

bool HasSlots(std::string_view file) {
  const std::string_view table = file.substr(0, kArenaTableBytes);
  return std::any_of(table.begin(), table.end(), [](char byte) { return byte != 0; });
}

}  // namespace

absl::StatusOr<ArenaContents> ReadArena(FileSystem* file_system, const std::string& log_directory,
                                        const Checkpoint& checkpoint) {
  ArenaContents contents;
  const auto names = file_system->List(ArenaDirectory(log_directory));
  if (absl::IsNotFound(names.status())) return contents;
  EVENTLOG_RETURN_IF_ERROR(names);
  for (const std::string& name : *names) {
    const auto number = ParseArenaName(name);
    if (!number.has_value()) continue;
    const std::string path = ArenaPath(log_directory, *number);
    int64_t bytes = 0;
    EVENTLOG_ASSIGN_OR_RETURN(contents.files.emplace_back(), ReadFile(file_system, path, &bytes));
    if (bytes < static_cast<int64_t>(kArenaFileBytes) && HasSlots(contents.files.back())) {
      contents.damaged.push_back(
          {fmt::format("{}: {} bytes long instead of {}", path, bytes, kArenaFileBytes), {}});
    }
    for (std::size_t index = 0; index < kArenaSlots; ++index) {
      EVENTLOG_RETURN_IF_ERROR(ReadSlot(path, contents.files.back(), index, checkpoint, &contents));
    }
  }
  return contents;
}

}  // namespace eventlog::inline v1::internal
