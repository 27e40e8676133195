#include "cli/dump_segment.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"
#include "format/segment_header.h"
#include "support/batch_factory.h"

namespace eventlog::cli {
namespace {

struct Dumped {
  int exit_code = 0;
  std::string text = {};
};

Dumped Dump(std::string_view bytes, bool records, const std::string& holder = "") {
  const test::TempDir directory;
  test::WriteFileText(directory / "segment", bytes);
  auto file = FileSystem::Posix()->OpenFile(directory / "segment", FileSystem::Open::kReadOnly);
  REQUIRE(file.ok());
  const int fd = test::OpenForTool(directory / "out", O_WRONLY | O_CREAT);
  Output output(fd);
  const auto code =
      DumpSegment(file->get(), {.path = "segment", .holder = holder, .records = records}, &output);
  REQUIRE(code.ok());
  REQUIRE(output.Flush().ok());
  close(fd);
  return {*code, test::ReadFileText(directory / "out")};
}

bool Has(const Dumped& dumped, std::string_view part) {
  return dumped.text.find(part) != std::string::npos;
}

const std::string kFirst = test::MakeCountedBatch(test::TestIdentity(), 0, 3).bytes;
const std::string kSecond =
    test::MakeCountedBatch(test::TestIdentity(), 3, 2, 200, CompressionType::kLz4).bytes;
const std::string kHeader = internal::EncodeSegmentHeader({test::TestIdentity(), 0, 0});

TEST_CASE("a segment's batches and records are dumped", "[cli]") {
  const Dumped dumped = Dump(kHeader + kFirst + kSecond + std::string(1000, '\0'), true);
  CHECK(dumped.exit_code == 0);
  CHECK(Has(dumped, "batch at 56: offsets 0 to 2, records 3"));
  CHECK(Has(dumped, "offset 4 timestamp 4 key \"4\" value \"eeee"));
  CHECK(Has(dumped, "not written yet"));
  CHECK(Has(dumped, "2 batches, 5 records, 0 damaged"));
  CHECK_FALSE(Has(Dump(kHeader + kFirst, false), "key"));
}

TEST_CASE("damage in a header or a body is told and passed", "[cli]") {
  std::string header_damaged = kHeader + kFirst + kSecond;
  header_damaged[60] ^= 1;
  const Dumped first = Dump(header_damaged, false);
  CHECK(first.exit_code == 1);
  CHECK(Has(first, "no batch, BAD"));
  CHECK(Has(first, "1 batches, 2 records, 1 damaged"));
  std::string body_damaged = kHeader + kFirst + kSecond;
  body_damaged[56 + 100] ^= 1;
  const Dumped second = Dump(body_damaged, false);
  CHECK(second.exit_code == 1);
  CHECK(Has(second, "header ok, body BAD"));
  CHECK(Has(second, "1 batches, 2 records, 1 damaged"));
  CHECK(Has(Dump(kHeader + kFirst.substr(0, kFirst.size() - 1), false), "ends within the batch"));
  std::string file_damaged = kHeader + kFirst;
  file_damaged[30] ^= 1;
  CHECK(Has(Dump(file_damaged, false), "header BAD"));
}

TEST_CASE("what is not whole at the end of a log in use is no damage", "[cli]") {
  const std::string torn = kHeader + kFirst + kSecond.substr(0, kSecond.size() - 5) + "zzzzz";
  const std::string end = std::to_string(kHeader.size() + kFirst.size());
  for (const std::string& bytes : {torn, kHeader + kFirst + std::string(500, '\0')}) {
    const Dumped dumped = Dump(bytes, false, "process 7");
    CHECK(dumped.exit_code == 0);
    CHECK(Has(dumped, "bytes from " + end + " on: no whole batch yet, in use by process 7"));
    CHECK(Has(dumped, "1 batches, 3 records, 0 damaged"));
  }
  CHECK(Dump(torn, false).exit_code == 1);
  std::string hole = kHeader + kFirst + kSecond;
  hole[kHeader.size() + 20] ^= 1;
  CHECK(Dump(hole, false, "process 7").exit_code == 1);  // what follows shows that it was whole
}

}  // namespace
}  // namespace eventlog::cli
