#include "base/growing_list.h"

#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eventlog::internal {
namespace {

TEST_CASE("a growing list keeps each entry in its place", "[base]") {
  GrowingList<std::shared_ptr<std::size_t>> list;
  CHECK(list.size() == 0);
  CHECK_FALSE(list.begin() != list.end());
  std::vector<const std::shared_ptr<std::size_t>*> places;
  for (std::size_t i = 0; i < 300; ++i) {
    list.Append(std::make_shared<std::size_t>(i));
    places.push_back(&list[i]);
    REQUIRE(list.size() == i + 1);
  }
  CHECK(*list.front() == 0);
  std::size_t walked = 0;
  for (const auto& entry : list) {
    REQUIRE(*entry == walked);
    REQUIRE(&entry == places[walked]);
    ++walked;
  }
  CHECK(walked == 300);
}

TEST_CASE("a growing list has room for what cannot be moved", "[base]") {
  struct Once {
    std::once_flag flag;
    int calls = 0;
  };
  GrowingList<Once> list;
  for (std::size_t i = 0; i < 10; ++i) {
    list.Grow();
    REQUIRE(list.size() == i + 1);
    for (int call = 0; call < 2; ++call) std::call_once(list[i].flag, [&] { ++list[i].calls; });
    CHECK(list[i].calls == 1);
  }
}

TEST_CASE("a growing list can be read while it grows", "[base]") {
  GrowingList<std::shared_ptr<int>> list;
  list.Append(std::make_shared<int>(0));
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
  for (int i = 1; i < 2000; ++i) list.Append(std::make_shared<int>(i));
  done.store(true);
  first.join();
  second.join();
  CHECK(wrong.load() == 0);
  CHECK(list.size() == 2000);
}

}  // namespace
}  // namespace eventlog::internal
