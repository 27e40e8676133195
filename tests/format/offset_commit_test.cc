#include "format/offset_commit.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status DecodeKey(std::string_view bytes) { return DecodeOffsetCommitKey(bytes).status(); }
absl::Status DecodeValue(std::string_view bytes) { return DecodeOffsetCommitValue(bytes).status(); }

TEST_CASE("a committed offset comes back", "[format]") {
  const auto key = DecodeOffsetCommitKey(EncodeOffsetCommitKey(FixtureCommitKey()));
  REQUIRE(key.ok());
  CHECK((*key == FixtureCommitKey()));
  const auto value = DecodeOffsetCommitValue(EncodeOffsetCommitValue(FixtureCommitValue()));
  REQUIRE(value.ok());
  CHECK((*value == FixtureCommitValue()));
}

TEST_CASE("a committed offset has the documented bytes", "[format]") {
  CHECK(EncodeOffsetCommitKey({"g", "tt", 3}) ==
        Le(uint16_t{1}) + Le(1u) + "g" + Le(2u) + "tt" + Le(int32_t{3}));
  CHECK(EncodeOffsetCommitValue({9, -1, 5, "m"}) ==
        Le(uint16_t{1}) + Le(int64_t{9}) + Le(int32_t{-1}) + Le(int64_t{5}) + Le(1u) + "m");
}

TEST_CASE("cut or extended commits are damage", "[format]") {
  const std::string key = EncodeOffsetCommitKey(FixtureCommitKey());
  const std::string value = EncodeOffsetCommitValue(FixtureCommitValue());
  RequireTruncationsAreDamage(key, DecodeKey);
  RequireTruncationsAreDamage(value, DecodeValue);
  CHECK(IsDamage(DecodeKey(key + '\0')));
  CHECK(IsDamage(DecodeValue(value + '\0')));
}

TEST_CASE("a newer commit is refused as newer", "[format]") {
  std::string key = EncodeOffsetCommitKey(FixtureCommitKey());
  std::string value = EncodeOffsetCommitValue(FixtureCommitValue());
  key[0] = value[0] = 2;
  CHECK(IsNewerFormat(DecodeKey(key)));
  CHECK(IsNewerFormat(DecodeValue(value)));
  key[0] = value[0] = 0;
  CHECK(IsDamage(DecodeKey(key)));
  CHECK(IsDamage(DecodeValue(value)));
}

TEST_CASE("commits with impossible values are damage", "[format]") {
  std::string key = EncodeOffsetCommitKey(FixtureCommitKey());
  StoreLe(key.data() + 2, UINT32_MAX);  // the group's length
  CHECK(IsDamage(DecodeKey(key)));
  CHECK(IsDamage(DecodeKey(EncodeOffsetCommitKey({"g", "t", -1}))));
  CHECK(IsDamage(DecodeValue(EncodeOffsetCommitValue({-1, 7, 0, ""}))));
  CHECK(IsDamage(DecodeValue(EncodeOffsetCommitValue({1, -2, 0, ""}))));
}

}  // namespace
}  // namespace eventlog::inline v1::internal
