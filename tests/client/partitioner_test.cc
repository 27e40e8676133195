#include "client/partitioner.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace eventlog::internal {
namespace {

// From Kafka's UtilsTest.testMurmur2.
TEST_CASE("murmur2 gives Kafka's hashes", "[client]") {
  CHECK(Murmur2("21") == -973932308);
  CHECK(Murmur2("foobar") == -790332482);
  CHECK(Murmur2("a-little-bit-long-string") == -985981536);
  CHECK(Murmur2("a-little-bit-longer-string") == -1486304829);
  CHECK(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971);
  CHECK(Murmur2("abc") == 479470107);
}

TEST_CASE("murmur2 takes bytes as unsigned as Kafka does", "[client]") {
  // The tail of a key is masked with 0xff there; a sign extension would change the hash.
  CHECK(Murmur2(std::string("\xff", 1)) != Murmur2(std::string("\x7f", 1)));
  CHECK(Murmur2(std::string("\xff\xfe\xfd", 3)) != Murmur2(std::string("\xff\xfe", 2)));
}

TEST_CASE("a key goes to the partition its hash without sign names", "[client]") {
  CHECK(PartitionForKey("21", 4) == (-973932308 & 0x7fffffff) % 4);
  CHECK(PartitionForKey("abc", 10) == 479470107 % 10);
  CHECK(PartitionForKey("", 1) == 0);
  for (int i = 0; i < 1000; ++i) {
    const int32_t partition = PartitionForKey(std::to_string(i), 7);
    REQUIRE(partition >= 0);
    REQUIRE(partition < 7);
  }
}

TEST_CASE("records without key stay on one partition for a batch of bytes", "[client]") {
  StickyPartitioner sticky;
  std::vector<int32_t> partitions;
  for (int i = 0; i < 9; ++i) partitions.push_back(sticky.Next(2, 1000, 400));
  CHECK(partitions == std::vector<int32_t>{0, 0, 0, 1, 1, 1, 0, 0, 0});
}

TEST_CASE("records larger than a batch take turns", "[client]") {
  StickyPartitioner sticky;
  std::vector<int32_t> partitions;
  for (int i = 0; i < 4; ++i) partitions.push_back(sticky.Next(2, 1000, 2000));
  CHECK(partitions == std::vector<int32_t>{0, 1, 0, 1});
}

TEST_CASE("the first partition is where the partitioner was told to start", "[client]") {
  CHECK(StickyPartitioner(0xffffffff).Next(10, 1000, 1) == static_cast<int32_t>(0xffffffffU % 10));
  StickyPartitioner last(0xffffffff);
  last.Next(10, 1, 1);
  CHECK(last.Next(10, 1, 1) == 0);  // the turns wrap
}

TEST_CASE("another number of partitions takes effect at once", "[client]") {
  StickyPartitioner sticky(5);
  CHECK(sticky.Next(8, 1000, 1) == 5);
  CHECK(sticky.Next(2, 1000, 1) == 1);
  CHECK(sticky.Next(1, 1000, 1) == 0);
}

TEST_CASE("threads share the turns of a partitioner evenly", "[client]") {
  constexpr int kThreads = 4;
  constexpr int kRecords = 10'000;
  StickyPartitioner sticky;
  std::array<std::array<int, 4>, kThreads> counts = {};
  std::vector<std::thread> threads;
  for (auto& count : counts) {
    threads.emplace_back([&sticky, &count] {
      for (int i = 0; i < kRecords; ++i) {
        ++count[static_cast<std::size_t>(sticky.Next(4, 100, 10))];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t partition = 0; partition < 4; ++partition) {
    int total = 0;
    for (const auto& count : counts) total += count[partition];
    CHECK(total == kThreads * kRecords / 4);
  }
}

}  // namespace
}  // namespace eventlog::internal
