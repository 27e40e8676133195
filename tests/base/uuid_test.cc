#include "base/uuid.h"

#include <catch2/catch.hpp>

namespace eventlog::internal {
namespace {

class CountingRandom final : public Random {
 public:
  void Fill(absl::Span<char> bytes) override {
    for (char& byte : bytes) byte = static_cast<char>(0xf0 + next_++);
  }

 private:
  int next_ = 0;
};

}  // namespace

TEST_CASE("a uuid takes its bits from the given randomness and prints as uuids do", "[base]") {
  CountingRandom random;
  const Uuid uuid = Uuid::Generate(&random);
  CHECK(uuid.ToString() == "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
  CHECK(uuid.view().size() == 16);
  CHECK(uuid.view()[15] == '\xff');
  CHECK_FALSE(uuid == Uuid::Generate(&random));
  CHECK(Uuid{}.ToString() == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("two uuids of the system differ", "[base]") {
  CHECK_FALSE(Uuid::Generate(Random::System()) == Uuid::Generate(Random::System()));
}

}  // namespace eventlog::internal
