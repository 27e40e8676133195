#include "base/checksum.h"

#include <catch2/catch.hpp>
#include <string>

namespace eventlog::internal {

TEST_CASE("the hash is XXH3-64 as published", "[base]") {
  CHECK(Hash64("") == 0x2d06800538d394c2);  // xxHash's own test vector for no bytes, seed 0
}

TEST_CASE("a changed byte or seed changes the hash", "[base]") {
  std::string bytes(300, 'x');
  const uint64_t hash = Hash64(bytes);
  CHECK(Hash64(bytes) == hash);
  CHECK(Hash64(bytes, 1) != hash);
  CHECK(Hash64(std::string_view(bytes).substr(1)) != hash);
  bytes[299] = 'y';
  CHECK(Hash64(bytes) != hash);
}

}  // namespace eventlog::internal
