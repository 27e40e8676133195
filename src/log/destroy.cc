#include "log/destroy.h"

#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "format/catalog_file.h"
#include "format/file_names.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {
namespace {

// Removes a directory of files and of directories of files; OK when it is missing.
absl::Status RemoveTree(FileSystem* file_system, const std::string& directory, int depth) {
  auto names = file_system->List(directory);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  EVENTLOG_RETURN_IF_ERROR(names);
  for (const std::string& name : *names) {
    const std::string path = directory + "/" + name;
    const bool is_directory = depth > 0 && file_system->List(path).ok();
    EVENTLOG_RETURN_IF_ERROR(is_directory ? RemoveTree(file_system, path, depth - 1)
                                          : file_system->Remove(path));
  }
  return file_system->Remove(directory);
}

// By the first bytes of the catalog: other people's directories have a "segments" and a "journal",
// too. A damaged log is one.
absl::Status CheckIsLog(FileSystem* file_system, const std::string& directory) {
  const absl::Status not_a_log =
      MakeError(absl::StatusCode::kFailedPrecondition, directory + ": not a log");
  auto catalog = file_system->OpenFile(CatalogPath(directory), FileSystem::Open::kReadOnly);
  if (absl::IsNotFound(catalog.status())) {  // but for the very end of a destruction that was cut
    EVENTLOG_ASSIGN_OR_RETURN(const auto names, file_system->List(directory));
    const bool lock_only = names.size() == 1 && directory + "/" + names[0] == LockPath(directory);
    return lock_only ? absl::OkStatus() : not_a_log;
  }
  if (absl::IsFailedPrecondition(catalog.status())) return not_a_log;
  EVENTLOG_RETURN_IF_ERROR(catalog);
  char magic[sizeof(uint32_t)] = {};
  EVENTLOG_RETURN_IF_ERROR((*catalog)->ReadAt(0, absl::MakeSpan(magic)));
  return LoadLe<uint32_t>(magic) == kCatalogFormat.magic ? absl::OkStatus() : not_a_log;
}

}  // namespace

absl::Status DestroyLog(FileSystem* file_system, const std::string& directory) {
  auto names = file_system->List(directory);
  if (absl::IsNotFound(names.status())) {
    return MakeError(ErrorReason::kDirectoryNotFound, directory + ": no such directory");
  }
  EVENTLOG_RETURN_IF_ERROR(names);
  EVENTLOG_RETURN_IF_ERROR(CheckIsLog(file_system, directory));
  EVENTLOG_ASSIGN_OR_RETURN(auto lock, file_system->LockDirectory(directory));
  // The checkpoint first: what a crash leaves cannot be opened. The catalog last: it can be
  // destroyed again.
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, CheckpointPath(directory)));
  EVENTLOG_RETURN_IF_ERROR(RemoveSpares(file_system, CheckpointPath(directory)));
  EVENTLOG_RETURN_IF_ERROR(RemoveTree(file_system, SegmentsDirectory(directory), 1));
  EVENTLOG_RETURN_IF_ERROR(RemoveTree(file_system, JournalDirectory(directory), 0));
  EVENTLOG_RETURN_IF_ERROR(RemoveTree(file_system, ArenaDirectory(directory), 0));
  EVENTLOG_RETURN_IF_ERROR(RemoveSpares(file_system, CatalogPath(directory)));
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, CatalogPath(directory)));
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, LockPath(directory)));
  EVENTLOG_RETURN_IF_ERROR(file_system->SyncDirectory(directory));
  // Whatever else is there is not ours, and keeps the directory.
  static_cast<void>(file_system->Remove(directory));
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
