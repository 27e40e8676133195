// The rules of the house, held against the tree itself. checks_test.cc shows that each can fail.
#include <catch2/catch.hpp>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

void Holds(Problems (*check)(const Tree&)) {
  static const Tree tree = ReadTree(EVENTLOG_SOURCE_DIR);
  REQUIRE(tree.size() > 20);
  const Problems problems = check(tree);
  INFO(Listed(problems));
  CHECK(problems.empty());
}

TEST_CASE("folders include lower layers only", "[tidy]") { Holds(CheckLayers); }
TEST_CASE("public headers include public headers and Abseil only", "[tidy]") {
  Holds(CheckPublicIncludes);
}
TEST_CASE("examples and scenarios use public headers only", "[tidy]") { Holds(CheckUsersIncludes); }
TEST_CASE("the core depends on Abseil and fmt and xxHash and LZ4 only", "[tidy]") {
  Holds(CheckDependencies);
}
TEST_CASE("no file is over 800 lines", "[tidy]") { Holds(CheckFileLines); }
TEST_CASE("no line is over 100 columns", "[tidy]") { Holds(CheckColumns); }
TEST_CASE("no function is over 70 lines", "[tidy]") { Holds(CheckFunctionLines); }
TEST_CASE("no option struct is over a dozen fields", "[tidy]") { Holds(CheckOptionCounts); }
TEST_CASE("files are touched in io only", "[tidy]") { Holds(CheckSystemCalls); }
TEST_CASE("time and randomness come through their seams", "[tidy]") {
  Holds(CheckTimeAndRandomness);
}
TEST_CASE("locks carry thread-safety annotations", "[tidy]") { Holds(CheckLocks); }
TEST_CASE("nothing is marked unfinished", "[tidy]") { Holds(CheckUnfinishedWords); }
TEST_CASE("every header starts with pragma once", "[tidy]") { Holds(CheckPragmaOnce); }
TEST_CASE("every module has a test", "[tidy]") { Holds(CheckTestsExist); }
TEST_CASE("every source is in a CMakeLists", "[tidy]") { Holds(CheckSourcesAreBuilt); }
TEST_CASE("tests are named as facts", "[tidy]") { Holds(CheckTestNames); }
TEST_CASE("no link in a document is dead", "[tidy]") { Holds(CheckLinks); }
TEST_CASE("every path that a document or comment names exists", "[tidy]") {
  Holds(CheckNamedPaths);
}
TEST_CASE("every public declaration has a comment", "[tidy]") { Holds(CheckPublicComments); }
TEST_CASE("every test that a page names exists", "[tidy]") { Holds(CheckNamedTests); }
TEST_CASE("every rule of the format has a test", "[tidy]") { Holds(CheckRulesAreTested); }
TEST_CASE("every mutant applies and names its test", "[tidy]") { Holds(CheckMutants); }

}  // namespace
}  // namespace eventlog::tidy
