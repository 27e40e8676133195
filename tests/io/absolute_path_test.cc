#include "io/absolute_path.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

namespace eventlog::internal {
namespace {

TEST_CASE("an absolute path stays what it is", "[io]") { CHECK(AbsolutePath("/a/b") == "/a/b"); }

TEST_CASE("a relative path is taken from the working directory", "[io]") {
  std::array<char, 4096> here = {};
  REQUIRE(getcwd(here.data(), here.size()) != nullptr);
  CHECK(AbsolutePath("shop") == std::string(here.data()) + "/shop");
}

}  // namespace
}  // namespace eventlog::internal
