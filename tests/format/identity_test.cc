#include "format/identity.h"

#include <catch2/catch.hpp>

#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

TEST_CASE("a partition's seed is the hash of uuid and number", "[format]") {
  const PartitionIdentity identity = FixtureIdentity();
  CHECK(identity.Seed() == Hash64(std::string(identity.topic.view()) + Le(int32_t{3})));
}

TEST_CASE("neighbours have other seeds", "[format]") {
  const PartitionIdentity identity = FixtureIdentity();
  CHECK(identity.Seed() != PartitionIdentity{identity.topic, 4}.Seed());
  CHECK(identity.Seed() != PartitionIdentity{UuidFrom(1), 3}.Seed());
}

}  // namespace
}  // namespace eventlog::inline v1::internal
