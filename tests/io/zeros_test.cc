#include "io/zeros.h"

#include <catch2/catch.hpp>
#include <string>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog::test {
namespace {

using internal::WriteZeros;

std::string ContentsOf(File* file) {
  std::string contents(static_cast<std::size_t>(file->Size().value()), '?');
  REQUIRE(file->ReadAt(0, absl::MakeSpan(contents.data(), contents.size())).value() ==
          contents.size());
  return contents;
}

TEST_CASE("zeros are written from a place up to another and nowhere else", "[io]") {
  MemoryFileSystem files;
  const auto file = files.OpenFile("zeros", FileSystem::Open::kCreateNew).value();
  const int64_t begin = GENERATE(0, 1, 4096);
  const int64_t bytes = GENERATE(0, 1, 4095, 4096, 64 * 4096, 64 * 4096 + 1, 1'000'000);
  const std::string others(1'100'000, 'x');
  REQUIRE(file->WriteAt(0, {others}).ok());
  REQUIRE(WriteZeros(file.get(), begin, begin + bytes).ok());
  std::string expected = others;
  expected.replace(static_cast<std::size_t>(begin), static_cast<std::size_t>(bytes),
                   static_cast<std::size_t>(bytes), '\0');
  CHECK((ContentsOf(file.get()) == expected));
}

TEST_CASE("zeros take a call for a quarter of a megabyte and stop at the first that fails",
          "[io]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  const auto file = files.OpenFile("zeros", FileSystem::Open::kCreateNew).value();
  REQUIRE(WriteZeros(file.get(), 0, 1 << 20).ok());
  CHECK(files.Count("WriteAt") == 4);
  files.ResetCounts();
  files.FailNext("WriteAt", FaultFileSystem::Fault::kDiskFull);
  CHECK_FALSE(WriteZeros(file.get(), 0, 1 << 20).ok());
  CHECK(files.Count("WriteAt") == 1);
}

}  // namespace
}  // namespace eventlog::test
