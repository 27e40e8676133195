#include "lab/shared_facts.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/child_process.h"

namespace eventlog::test {

TEST_CASE("what a child told before it died comes back as it was told", "[lab]") {
  SharedFacts facts;
  const int died = RunInChild([&]() -> int {
    facts.Tell({.kind = Fact::Kind::kTopicTried,
                .disk = true,
                .place = {"topic", 3},
                .number = 5,
                .at = absl::Seconds(7),
                .retention_bytes = 11});
    facts.Tell({.kind = Fact::Kind::kCommitted,
                .value = std::string("a\0b", 3),
                .group = "group",
                .offset = 13,
                .retention = absl::Minutes(1)});
    facts.Fail("the last words");
    kill(getpid(), SIGKILL);
    return 0;
  });
  REQUIRE(died == kDiedOfSignal);
  CHECK(facts.count() == 2);
  CHECK(facts.failure() == "the last words");
  const std::vector<Fact> told = facts.Take();
  REQUIRE(told.size() == 2);
  CHECK(told[0].kind == Fact::Kind::kTopicTried);
  CHECK(told[0].disk);
  CHECK(told[0].place == TopicPartition{"topic", 3});
  CHECK(told[0].number == 5);
  CHECK(told[0].at == absl::Seconds(7));
  CHECK(told[0].retention == absl::InfiniteDuration());
  CHECK(told[0].retention_bytes == 11);
  CHECK(told[1].kind == Fact::Kind::kCommitted);
  CHECK(!told[1].disk);
  CHECK(told[1].value == std::string("a\0b", 3));
  CHECK(told[1].group == "group");
  CHECK(told[1].offset == 13);
  CHECK(told[1].retention == absl::Minutes(1));
  CHECK(facts.Take().empty());
}

}  // namespace eventlog::test
