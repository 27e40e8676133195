#include "format/catalog_file.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Decode(std::string_view bytes) { return DecodeCatalog(bytes).status(); }

// Both hashes made good again after the body was changed.
absl::Status DecodeRehashed(std::string bytes) {
  const uint64_t body_hash = Hash64(std::string_view(bytes).substr(kCatalogHeaderBytes));
  return Decode(WithField(bytes, 40, body_hash, kCatalogFormat, 0));
}

// Of the fixture's first topic, whose name has six letters and which has no configs.
constexpr std::size_t kFirst = kCatalogHeaderBytes;
constexpr std::size_t kSecond = kFirst + 46;

template <typename T>
absl::Status WithBodyField(std::size_t offset, T value) {
  std::string bytes = EncodeCatalog(FixtureCatalog());
  StoreLe(bytes.data() + offset, value);
  return DecodeRehashed(bytes);
}

TEST_CASE("a catalog comes back", "[format]") {
  const auto decoded = DecodeCatalog(EncodeCatalog(FixtureCatalog()));
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureCatalog()));
}

TEST_CASE("a catalog without topics comes back", "[format]") {
  const auto decoded = DecodeCatalog(EncodeCatalog(CatalogFile{}));
  REQUIRE(decoded.ok());
  CHECK((*decoded == CatalogFile{}));
}

TEST_CASE("every flip and cut of a catalog is damage", "[format]") {
  const std::string good = EncodeCatalog(FixtureCatalog());
  RequireFlipsAreDamage(good, 0, good.size(), Decode);
  RequireTruncationsAreDamage(good, Decode);
  CHECK(IsDamage(Decode(good + '\0')));
}

TEST_CASE("a newer catalog is refused as newer", "[format]") {
  const std::string good = EncodeCatalog(FixtureCatalog());
  CHECK(IsNewerFormat(Decode(AsNewerVersion(good, kCatalogFormat, 0))));
}

TEST_CASE("catalog headers that cannot be are damage", "[format]") {
  const std::string good = EncodeCatalog(FixtureCatalog());
  const auto with = [&good](std::size_t offset, auto value) {
    return Decode(WithField(good, offset, value, kCatalogFormat, 0));
  };
  CHECK(with(24, int32_t{7}).ok());
  CHECK(IsDamage(with(24, int32_t{5})));  // a topic id that is not given out yet
  CHECK(IsDamage(with(24, int32_t{-1})));
  CHECK(IsDamage(with(28, uint32_t{1})));
  CHECK(IsDamage(with(28, uint32_t{3})));
  CHECK(IsDamage(with(28, UINT32_MAX)));
  CHECK(IsDamage(with(32, uint32_t{0})));
  CHECK(IsDamage(with(32, UINT32_MAX)));
  CHECK(IsDamage(with(36, uint32_t{1})));
}

TEST_CASE("topics that cannot be are damage", "[format]") {
  CHECK(WithBodyField(kFirst, int32_t{2}).ok());
  CHECK(IsDamage(WithBodyField(kFirst, int32_t{5})));  // an id twice
  CHECK(IsDamage(WithBodyField(kFirst, int32_t{-1})));
  CHECK(IsDamage(WithBodyField(kFirst + 20, int32_t{0})));  // partitions
  CHECK(IsDamage(WithBodyField(kFirst + 32, UINT32_MAX)));  // name's length
  CHECK(IsDamage(WithBodyField(kFirst + 42, UINT32_MAX)));  // config count
  CHECK(IsDamage(WithBodyField(kFirst + 42, uint32_t{1})));
}

TEST_CASE("a name that is there twice is damage", "[format]") {
  std::string bytes = EncodeCatalog(FixtureCatalog());
  REQUIRE(bytes.substr(kSecond + 36, 6) == "prices");
  bytes.replace(kSecond + 36, 6, "orders");
  CHECK(IsDamage(DecodeRehashed(bytes)));
}

TEST_CASE("a topic without a name is damage", "[format]") {
  CatalogFile catalog = FixtureCatalog();
  catalog.topics.resize(1);
  std::string bytes = EncodeCatalog(catalog);
  bytes.erase(kFirst + 36, 6);
  StoreLe(bytes.data() + kFirst + 32, uint32_t{0});
  StoreLe(bytes.data() + 32, static_cast<uint32_t>(bytes.size() - kCatalogHeaderBytes));
  CHECK(IsDamage(DecodeRehashed(bytes)));
}

}  // namespace
}  // namespace eventlog::inline v1::internal
