#include "format/file_names.h"

#include <catch2/catch.hpp>
#include <limits>

namespace eventlog::inline v1::internal {
namespace {

std::string LastPart(const std::string& path) { return path.substr(path.rfind('/') + 1); }

TEST_CASE("paths are those of docs/format.md", "[format]") {
  CHECK(LockPath("shop") == "shop/lock");
  CHECK(CatalogPath("shop") == "shop/catalog");
  CHECK(CheckpointPath("shop") == "shop/checkpoint");
  CHECK(JournalDirectory("shop") == "shop/journal");
  CHECK(JournalReservePath("shop") == "shop/journal/reserve");
  CHECK(JournalListPath("shop") == "shop/journal/files");
  CHECK(JournalPath("shop", 1) == "shop/journal/00000001.journal");
  CHECK(SegmentsDirectory("shop") == "shop/segments");
  const std::string partition = PartitionDirectory("shop", 1, 0);
  CHECK(partition == "shop/segments/1-0");
  CHECK(SegmentPath(partition, 81234) == "shop/segments/1-0/00000000000000081234.log");
  CHECK(OffsetIndexPath(partition, 81234) == "shop/segments/1-0/00000000000000081234.index");
  CHECK(TimeIndexPath(partition, 81234) == "shop/segments/1-0/00000000000000081234.timeindex");
}

TEST_CASE("names are parsed back", "[format]") {
  for (const uint64_t number : {uint64_t{0}, uint64_t{7}, uint64_t{99'999'999},
                                uint64_t{100'000'000}, std::numeric_limits<uint64_t>::max()}) {
    CHECK(ParseJournalName(LastPart(JournalPath("d", number))) == number);
  }
  for (const int64_t base_offset : {int64_t{0}, int64_t{81234}, INT64_MAX}) {
    CHECK(ParseSegmentName(LastPart(SegmentPath("d", base_offset))) == base_offset);
  }
  for (const int32_t number : {0, 1, 10, INT32_MAX}) {
    const auto name = ParsePartitionDirectoryName(LastPart(PartitionDirectory("d", number, 3)));
    REQUIRE(name.has_value());
    CHECK(name->topic_id == number);
    CHECK(name->partition == 3);
  }
}

TEST_CASE("other names are none of ours", "[format]") {
  for (const char* name :
       {"", ".journal", "1.journal", "0000001.journal", "000000001.journal", "-0000001.journal",
        "+0000001.journal", "0000000x.journal", "00000001.journal.tmp", "00000001",
        " 0000001.journal", "18446744073709551616.journal", "00000001.log"}) {
    CAPTURE(name);
    CHECK_FALSE(ParseJournalName(name).has_value());
  }
  for (const char* name : {"", "-", "1", "1-", "-1", "01-0", "1-00", "1-01", "1--1", "+1-0", "-1-0",
                           "1-0-0", "1-0.tmp", "2147483648-0", "0-2147483648", "a-b", " 1-0"}) {
    CAPTURE(name);
    CHECK_FALSE(ParsePartitionDirectoryName(name).has_value());
  }
  for (const char* name :
       {"", ".log", "0.log", "0000000000000000000.log", "000000000000000000000.log",
        "-0000000000000000001.log", "09223372036854775808.log", "99999999999999999999.log",
        "00000000000000000000.index", "00000000000000000000.log.tmp", "0000000000000000000x.log"}) {
    CAPTURE(name);
    CHECK_FALSE(ParseSegmentName(name).has_value());
  }
}

}  // namespace
}  // namespace eventlog::inline v1::internal
