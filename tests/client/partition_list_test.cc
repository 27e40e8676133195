#include "client/partition_list.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace eventlog::internal {
namespace {

// Nothing of the environment is used before something is appended.
std::shared_ptr<Partition> MakePartition(FileCache* files, int32_t number) {
  PartitionEnvironment environment;
  environment.files = files;
  return std::make_shared<Partition>(environment, PartitionName{1, "t", {{}, number}, "nowhere"});
}

class Partitions {
 public:
  std::shared_ptr<Partition> Next() { return MakePartition(&files_, next_++); }

 private:
  FileCache files_{FileSystem::Posix(), 16};
  int32_t next_ = 0;
};

TEST_CASE("a list of partitions keeps each at its number while it grows", "[client]") {
  Partitions partitions;
  PartitionList list;
  CHECK(list.size() == 0);
  CHECK_FALSE(list.begin() != list.end());
  std::vector<const std::shared_ptr<Partition>*> places;
  std::vector<Partition*> added;
  for (std::size_t i = 0; i < 300; ++i) {
    auto partition = partitions.Next();
    added.push_back(partition.get());
    list.Append(std::move(partition));
    places.push_back(&list[i]);
    REQUIRE(list.size() == i + 1);
  }
  CHECK(list.front().get() == added.front());
  std::size_t walked = 0;
  for (const auto& partition : list) {
    REQUIRE(partition.get() == added[walked]);
    REQUIRE(&partition == places[walked]);
    ++walked;
  }
  CHECK(walked == 300);
}

TEST_CASE("a list of partitions can be read while it grows", "[client]") {
  Partitions partitions;
  PartitionList list;
  list.Append(partitions.Next());
  std::atomic<bool> done{false};
  std::atomic<int64_t> wrong{0};
  const auto read = [&] {
    std::size_t last = 0;
    while (!done.load()) {
      const std::size_t size = list.size();
      if (size < last || list[size - 1] == nullptr || list[size / 2] == nullptr) wrong.fetch_add(1);
      last = size;
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (int i = 1; i < 2000; ++i) list.Append(partitions.Next());
  done.store(true);
  first.join();
  second.join();
  CHECK(wrong.load() == 0);
  CHECK(list.size() == 2000);
}

}  // namespace
}  // namespace eventlog::internal
