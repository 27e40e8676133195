// Every public method and every error that its comment names, held against each other: each named
// one is shown to happen, and none happens that is not named.
#include <catch2/catch.hpp>
#include <iostream>

#include "errors/answers.h"

namespace eventlog::test {
namespace {

// What comments mention that is no answer of the method, and what only others can show.
bool IsExcepted(const std::string& method, const std::string& error) {
  static const std::map<std::string, std::set<std::string>> kExceptions = {
      // A second Close is OK.
      {"Log::Close", {"kClosed"}},
      {"Consumer::Close", {"kClosed"}},
      {"Producer::Close", {"kClosed"}}};
  const auto found = kExceptions.find(method);
  return found != kExceptions.end() && found->second.contains(error);
}

// Those of `errors` that `others` lacks, as text.
std::string Missing(const DocumentedErrors& errors, const DocumentedErrors& others) {
  std::string missing;
  for (const auto& [method, names] : errors) {
    const auto other = others.find(method);
    for (const std::string& name : names) {
      const bool there = other != others.end() && other->second.contains(name);
      if (!there && !IsExcepted(method, name)) missing += method + " " + name + "\n";
    }
  }
  return missing;
}

TEST_CASE("every documented error of every public method happens and no other", "[errors]") {
  Answers answers;
  for (const auto scenario :
       {ExpectOfClosedHandles, ExpectInForkedChild, ExpectOfOpening, ExpectOfNames, ExpectOfOptions,
        ExpectOfRecords, ExpectOfOffsets, ExpectOfGroups, ExpectOfProducers, ExpectOfCallbacks,
        ExpectOfTimeouts, ExpectOfPoisonedLog, ExpectOfBrokenDevice, ExpectOfFullDisk,
        ExpectOfAcceptedRecords, ExpectOfReopening, ExpectOfDamage}) {
    scenario(&answers);
  }
  const DocumentedErrors documented = ReadDocumentedErrors(EVENTLOG_SOURCE_DIR);
  std::size_t pairs = 0;
  for (const auto& [method, names] : documented) pairs += names.size();
  std::cout << documented.size() << " methods, " << pairs << " documented errors\n";
  CHECK(documented.size() >= 39);
  CHECK(Missing(documented, answers.given()) == "");  // documented, never shown
  CHECK(Missing(answers.given(), documented) == "");  // shown, not documented
}

}  // namespace
}  // namespace eventlog::test
