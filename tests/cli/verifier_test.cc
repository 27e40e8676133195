#include "cli/verifier.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "cli/tool.h"
#include "eventlog/log.h"
#include "format/catalog_file.h"
#include "format/segment_header.h"
#include "support/batch_factory.h"

namespace eventlog::cli {
namespace {

using test::FirstSegment;

VerifyReport Verified(const std::string& log) {
  auto report = Verify(log);
  REQUIRE(report.ok());
  return *std::move(report);
}

// A closed log whose only partition has `sessions` batches of `count` records each.
std::string MakeLog(const test::TempDir& directory, int sessions, int count = 3) {
  std::string path = directory / "log";
  for (int session = 0; session < sessions; ++session) {
    auto log = Log::Open({.directory = path});
    REQUIRE(log.ok());
    auto topic = log->OpenTopic("t");
    REQUIRE(topic.ok());
    for (int i = 0; i < count; ++i) REQUIRE(topic->Append({.value = "some value"}).ok());
    REQUIRE(log->Close().ok());
  }
  return path;
}

TEST_CASE("a good log is counted and nothing is found", "[cli]") {
  const test::TempDir directory;
  const VerifyReport report = Verified(MakeLog(directory, 2));
  CHECK(report.damage.empty());
  CHECK(report.unproven_tails.empty());
  CHECK(report.partitions == 1);
  CHECK(report.segments == 1);
  CHECK(report.batches == 2);
  CHECK(report.records == 6);
}

TEST_CASE("every damaged batch is found with its bytes and offsets", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 4);
  const auto size = static_cast<int64_t>(test::ReadFileText(FirstSegment(log)).size());
  const int64_t batch_bytes = (size - internal::kSegmentHeaderBytes) / 4;
  const int64_t second = internal::kSegmentHeaderBytes + batch_bytes;
  const int64_t fourth = second + 2 * batch_bytes;
  test::FlipByte(FirstSegment(log), static_cast<std::size_t>(second) + 20);
  test::FlipByte(FirstSegment(log), static_cast<std::size_t>(fourth) + 100);
  const VerifyReport report = Verified(log);
  REQUIRE(report.damage.size() == 2);
  CHECK(report.damage[0].file == FirstSegment(log));
  CHECK(report.damage[0].position == second);
  CHECK(report.damage[0].end_position == second + batch_bytes);
  CHECK(report.damage[0].first_offset == 3);
  CHECK(report.damage[0].end_offset == 6);
  CHECK(report.damage[1].position == fourth);
  CHECK(report.damage[1].end_position == size);
  CHECK(report.damage[1].first_offset == 9);
  CHECK(report.damage[1].end_offset == 12);
  CHECK(report.records == 6);
}

TEST_CASE("bytes behind the proven end are an unproven tail and no damage", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 1);
  const std::string good = test::ReadFileText(FirstSegment(log));
  test::WriteFileText(FirstSegment(log), good + "torn bytes" + std::string(500, '\0'));
  const VerifyReport report = Verified(log);
  CHECK(report.damage.empty());
  REQUIRE(report.unproven_tails.size() == 1);
  CHECK(report.unproven_tails[0].position == static_cast<int64_t>(good.size()));
  CHECK(report.unproven_tails[0].first_offset == 3);
  test::WriteFileText(FirstSegment(log), good + std::string(500, '\0'));
  CHECK(Verified(log).unproven_tails.empty());
}

TEST_CASE("a file that is too short or zeroed or missing is damage", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 2);
  const std::string good = test::ReadFileText(FirstSegment(log));
  const auto first_damage = [&] {
    const VerifyReport report = Verified(log);
    REQUIRE(report.damage.size() == 1);
    return report.damage[0];
  };
  test::WriteFileText(FirstSegment(log), good.substr(0, good.size() - 1));
  CHECK(first_damage().end_offset == 6);
  CHECK(first_damage().first_offset == 3);
  std::string zeroed = good;
  std::fill(zeroed.begin() + internal::kSegmentHeaderBytes, zeroed.end(), '\0');
  test::WriteFileText(FirstSegment(log), zeroed);
  CHECK(first_damage().first_offset == 0);
  CHECK(first_damage().end_offset == 6);
  std::filesystem::remove(FirstSegment(log));
  CHECK(first_damage().what.find("missing") != std::string::npos);
  CHECK(first_damage().end_offset == 6);
}

TEST_CASE("a segment missing among others is damage", "[cli]") {
  const test::TempDir directory;
  const std::string path = directory / "log";
  {
    auto log = Log::Open({.directory = path});
    REQUIRE(log.ok());
    auto topic = log->OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 16 << 10});
    REQUIRE(topic.ok());
    for (int i = 0; i < 300; ++i) {
      REQUIRE(topic->Append({.value = std::string(1000, 'v')}).ok());
    }
    REQUIRE(log->Close().ok());
  }
  std::vector<std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/segments/1-0")) {
    if (entry.path().extension() == ".log") segments.push_back(entry.path().string());
  }
  REQUIRE(segments.size() >= 3);
  std::sort(segments.begin(), segments.end());
  const VerifyReport whole = Verified(path);
  CHECK(whole.damage.empty());
  CHECK(whole.records == 300);
  test::WriteFileText(directory / "aside", test::ReadFileText(segments[1]));
  std::filesystem::remove(segments[1]);
  REQUIRE(Verified(path).damage.size() == 1);
  CHECK(Verified(path).damage[0].file == segments[0]);
  CHECK(Verified(path).damage[0].end_offset > Verified(path).damage[0].first_offset);
  test::WriteFileText(segments[1], test::ReadFileText(directory / "aside") + "x");
  REQUIRE(Verified(path).damage.size() == 1);
  CHECK(Verified(path).damage[0].what == "bytes behind the last batch");
  std::filesystem::remove(segments[0]);
  CHECK(Verified(path).damage[0].file == segments[0]);
}

TEST_CASE("what a crash left below the log start is no damage", "[cli]") {
  const test::TempDir directory;
  const std::string path = directory / "log";
  {
    auto log = Log::Open({.directory = path});
    REQUIRE(log.ok());
    auto topic = log->OpenTopic("t", {.segment_bytes = 64 << 10, .batch_bytes = 16 << 10});
    REQUIRE(topic.ok());
    for (int i = 0; i < 300; ++i) {
      REQUIRE(topic->Append({.value = std::string(1000, 'v')}).ok());
    }
    std::filesystem::copy(path + "/segments", directory / "aside",
                          std::filesystem::copy_options::recursive);
    REQUIRE(topic->DeleteRecords(0, 200).ok());
    REQUIRE(log->Close().ok());
  }
  CHECK(Verified(path).damage.empty());
  const int64_t segments = Verified(path).segments;
  REQUIRE_FALSE(std::filesystem::exists(FirstSegment(path)));
  std::string leftover = test::ReadFileText(directory / "aside/1-0/00000000000000000000.log");
  leftover[100] ^= 1;  // nobody will read it
  test::WriteFileText(FirstSegment(path), leftover);
  CHECK(Verified(path).damage.empty());
  CHECK(Verified(path).segments == segments);
}

TEST_CASE("damage of catalog and checkpoint and journal is found", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 1);
  test::FlipByte(log + "/catalog", 30);
  REQUIRE(Verified(log).damage.size() == 1);
  CHECK(Verified(log).damage[0].file == log + "/catalog");
  CHECK(Verified(log).records == 3);
  test::FlipByte(log + "/catalog", 30);
  test::FlipByte(log + "/checkpoint", 50);
  REQUIRE(Verified(log).damage.size() == 1);
  CHECK(Verified(log).damage[0].file == log + "/checkpoint");
  CHECK(Verified(log).records == 3);
  test::FlipByte(log + "/checkpoint", 50);
  CHECK(Verified(log).damage.empty());
  std::filesystem::remove_all(log + "/journal");
  REQUIRE(Verified(log).damage.size() == 1);
  CHECK(Verified(log).damage[0].file == log + "/journal");
}

TEST_CASE("a segment of another partition is damage however good its bytes", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 1);
  test::WriteFileText(FirstSegment(log),
                      internal::EncodeSegmentHeader({test::TestIdentity(), 0, 0}) +
                          test::MakeCountedBatch(test::TestIdentity(), 0, 3, 40).bytes);
  const VerifyReport report = Verified(log);
  REQUIRE_FALSE(report.damage.empty());
  CHECK(report.damage[0].what == "the header is another partition's");
  CHECK(report.records == 0);
}

TEST_CASE("records that do not decode under good checksums are damage", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 1);
  const auto catalog = internal::DecodeCatalog(test::ReadFileText(log + "/catalog"));
  REQUIRE(catalog.ok());
  const internal::PartitionIdentity identity{catalog->topics[0].uuid, 0};
  internal::BatchHeader header;
  header.record_count = 3;
  header.last_offset_delta = 2;
  const std::string batch = internal::SealedBytes(&header, std::string(100, 'x'),
                                                  CompressionType::kNone, identity.Seed());
  test::WriteFileText(FirstSegment(log), internal::EncodeSegmentHeader({identity, 0, 0}) + batch);
  const VerifyReport report = Verified(log);
  REQUIRE_FALSE(report.damage.empty());
  CHECK(report.damage[0].what.find("do not decode") != std::string::npos);
}

TEST_CASE("verifying changes no file", "[cli]") {
  const test::TempDir directory;
  const std::string log = MakeLog(directory, 1);
  const auto state = [&] {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(log)) {
      files.push_back(entry.path().string());
      if (entry.is_regular_file()) files.push_back(test::ReadFileText(entry.path().string()));
    }
    return files;
  };
  const auto before = state();
  CHECK(Verified(log).damage.empty());
  CHECK(state() == before);
}

TEST_CASE("a directory without log is not found", "[cli]") {
  const test::TempDir directory;
  CHECK(absl::IsNotFound(Verify(directory.path()).status()));
  CHECK(absl::IsNotFound(Verify(directory / "none").status()));
}

}  // namespace
}  // namespace eventlog::cli
