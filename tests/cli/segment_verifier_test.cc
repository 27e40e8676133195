#include "cli/segment_verifier.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"
#include "format/file_names.h"
#include "format/index_file.h"
#include "format/segment_header.h"
#include "support/batch_factory.h"

namespace eventlog::cli {
namespace {

using test::TempDir;

const std::string kFirst = test::MakeCountedBatch(test::TestIdentity(), 0, 3).bytes;
const std::string kSecond = test::MakeCountedBatch(test::TestIdentity(), 3, 2).bytes;
const std::string kSegment =
    internal::EncodeSegmentHeader({test::TestIdentity(), 0, 0}) + kFirst + kSecond;

struct Verified {
  int64_t end_offset = 0;
  int64_t told_bytes = 0;
  VerifyReport report = {};
};

// Verifies the directory's segment at offset 0, sealed and proven up to offset 5.
Verified VerifySealed(const TempDir& directory) {
  const SegmentTask task = {.partition_directory = directory.path(),
                            .base_offset = 0,
                            .proven_bytes = internal::kSegmentHeaderBytes,
                            .proven_end_offset = 5,
                            .sealed = true,
                            .max_epoch = 100};
  Verified verified;
  const auto on_bytes = [&](int64_t bytes) { verified.told_bytes += bytes; };
  const std::function<void(int64_t)> told = on_bytes;
  const auto end =
      SegmentVerifier(FileSystem::Posix(), task, told, &verified.report).Run(test::TestIdentity());
  REQUIRE(end.ok());
  verified.end_offset = *end;
  return verified;
}

std::string IndexBytes(int64_t base_offset, std::size_t segment_bytes) {
  internal::IndexFile index;
  index.base_offset = base_offset;
  index.segment_bytes = static_cast<int64_t>(segment_bytes);
  return internal::EncodeIndexFile(index, internal::kOffsetIndexFormat,
                                   test::TestIdentity().Seed());
}

TEST_CASE("a good segment is counted to its last byte", "[cli]") {
  const TempDir directory;
  test::WriteFileText(internal::SegmentPath(directory.path(), 0), kSegment);
  const Verified verified = VerifySealed(directory);
  CHECK(verified.end_offset == 5);
  CHECK(verified.report.damage.empty());
  CHECK(verified.report.batches == 2);
  CHECK(verified.report.records == 5);
  CHECK(verified.told_bytes == static_cast<int64_t>(kFirst.size() + kSecond.size()));
  CHECK(verified.report.indexes == 0);
}

TEST_CASE("a hole is told and what follows it is read", "[cli]") {
  const TempDir directory;
  test::WriteFileText(internal::SegmentPath(directory.path(), 0), kSegment);
  test::FlipByte(internal::SegmentPath(directory.path(), 0), 60);
  const Verified verified = VerifySealed(directory);
  REQUIRE(verified.report.damage.size() == 1);
  CHECK(verified.report.damage[0].end_offset == 3);
  CHECK(verified.report.records == 2);
  CHECK(verified.end_offset == 5);
}

TEST_CASE("an index that is damaged or of another state is useless and no damage", "[cli]") {
  const TempDir directory;
  test::WriteFileText(internal::SegmentPath(directory.path(), 0), kSegment);
  const std::string index = internal::OffsetIndexPath(directory.path(), 0);
  test::WriteFileText(index, IndexBytes(0, kSegment.size()));
  CHECK(VerifySealed(directory).report.indexes == 1);
  CHECK(VerifySealed(directory).report.useless_indexes.empty());
  test::FlipByte(index, 20);
  std::vector<std::string> useless = {test::ReadFileText(index), "", IndexBytes(1, kSegment.size()),
                                      IndexBytes(0, kSegment.size() + 1)};
  for (const std::string& bytes : useless) {
    test::WriteFileText(index, bytes);
    const Verified verified = VerifySealed(directory);
    CHECK(verified.report.indexes == 0);
    CHECK(verified.report.damage.empty());
    REQUIRE(verified.report.useless_indexes.size() == 1);
    CHECK(verified.report.useless_indexes[0].file == index);
  }
}

TEST_CASE("a segment that is not there is an error and counts for nothing", "[cli]") {
  const TempDir directory;
  VerifyReport report;
  const std::function<void(int64_t)> nobody;
  SegmentVerifier verifier(FileSystem::Posix(), {.partition_directory = directory.path()}, nobody,
                           &report);
  CHECK(absl::IsNotFound(verifier.Run(std::nullopt).status()));
  CHECK(report.segments == 0);
}

}  // namespace
}  // namespace eventlog::cli
