// Short words for reading and writing in the tests of io/.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "eventlog/file_system.h"

namespace eventlog::test {

inline absl::Status Write(File* file, int64_t offset, std::string_view bytes) {
  return file->WriteAt(offset, absl::MakeConstSpan(&bytes, 1));
}

// Up to `size` bytes, or "error: ...".
inline std::string Read(File* file, int64_t offset, std::size_t size) {
  std::string bytes(size, '?');
  const auto got = file->ReadAt(offset, absl::MakeSpan(bytes.data(), bytes.size()));
  if (!got.ok()) return "error: " + got.status().ToString();
  return bytes.substr(0, *got);
}

// A new file with these bytes, not synced; null when it could not be made.
inline std::unique_ptr<File> MakeFile(FileSystem* file_system, const std::string& path,
                                      std::string_view bytes) {
  auto file = file_system->OpenFile(path, FileSystem::Open::kCreateNew);
  if (!file.ok() || !Write(file->get(), 0, bytes).ok()) return nullptr;
  return *std::move(file);
}

// The whole file by its path, or "error: ...".
inline std::string Contents(FileSystem* file_system, const std::string& path) {
  auto file = file_system->OpenFile(path, FileSystem::Open::kReadOnly);
  if (!file.ok()) return "error: " + file.status().ToString();
  return Read(file->get(), 0, static_cast<std::size_t>((*file)->Size().value_or(0)));
}

}  // namespace eventlog::test
