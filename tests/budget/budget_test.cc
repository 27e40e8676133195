// What an operation costs in instructions, which no noise moves, against budgets.txt.
#include <stdio.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <string>

#include "fmt/format.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

constexpr double kSlack = 1.02;  // processors differ in the memcpy that the C library takes

// All that the command says on either stream.
std::string OutputOf(const std::string& command) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  char bytes[4096];
  while (const std::size_t got = fread(bytes, 1, sizeof bytes, pipe)) output.append(bytes, got);
  REQUIRE(pclose(pipe) == 0);
  return output;
}

double InstructionsOf(const std::string& operation, int64_t times) {
  const TempDir directory;
  const std::string output = OutputOf(
      fmt::format("valgrind --tool=callgrind --callgrind-out-file=/dev/null {} {} {} {}",
                  EVENTLOG_BUDGET_OPERATIONS, operation, times, directory.path() + "/log"));
  std::smatch found;
  INFO(output);
  REQUIRE(std::regex_search(output, found, std::regex("Collected : ([0-9]+)")));
  return std::stod(found[1]);
}

double BudgetOf(const std::string& operation) {
  std::ifstream file(EVENTLOG_SOURCE_DIR "/tests/budget/budgets.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(operation + " ")) return std::stod(line.substr(operation.size()));
  }
  FAIL("no budget for " << operation);
  return 0;
}

// What one more of them adds.
void HoldToBudget(const std::string& operation, int64_t few, int64_t many) {
  const double each = (InstructionsOf(operation, many) - InstructionsOf(operation, few)) /
                      static_cast<double>(many - few);
  const double budget = BudgetOf(operation);
  if (!__builtin_cpu_supports("avx2")) {
    WARN("the budgets are of processors with AVX2; here " << operation << " takes " << each);
    return;
  }
  INFO(operation << " takes " << each << " instructions, the budget is " << budget);
  CHECK(each <= budget * kSlack);
  if (each < budget * 0.95) WARN(operation << " takes " << each << ": the budget may be lower");
}

TEST_CASE("an append to a log in memory keeps to its instructions", "[budget]") {
  HoldToBudget("append_memory", 2'000, 12'000);
}

TEST_CASE("an append of process durability keeps to its instructions", "[budget]") {
  HoldToBudget("append_process", 2'000, 12'000);
}

TEST_CASE("a durable append keeps to its instructions", "[budget]") {
  HoldToBudget("append_disk", 200, 1'200);
}

TEST_CASE("a polled record keeps to its instructions", "[budget]") {
  HoldToBudget("poll", 5'000, 25'000);
}

}  // namespace
}  // namespace eventlog::test
