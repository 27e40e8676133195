// What the public methods have answered so far, checked as it comes in.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "errors/documented_errors.h"
#include "eventlog/errors.h"

namespace eventlog::test {

class Answers {
 public:
  // CHECKs that `method` ("Consumer::Poll") answered with this reason, and notes reason and code.
  void Expect(const std::string& method, ErrorReason reason, const absl::Status& status);
  // The same for an answer that has a code and no reason of ours.
  void Expect(const std::string& method, absl::StatusCode code, const absl::Status& status);

  // Notes what a child process has checked.
  void Note(const std::string& method, const std::string& code, const std::string& reason);

  const DocumentedErrors& given() const { return given_; }

 private:
  DocumentedErrors given_;
};

// The scenarios, by what they are about. Each makes its own logs.
void ExpectOfClosedHandles(Answers* answers);
void ExpectInForkedChild(Answers* answers);
void ExpectOfOpening(Answers* answers);
void ExpectOfNames(Answers* answers);
void ExpectOfOptions(Answers* answers);
void ExpectOfRecords(Answers* answers);
void ExpectOfOffsets(Answers* answers);
void ExpectOfGroups(Answers* answers);
void ExpectOfProducers(Answers* answers);
void ExpectOfCallbacks(Answers* answers);
void ExpectOfTimeouts(Answers* answers);
void ExpectOfPoisonedLog(Answers* answers);
void ExpectOfBrokenDevice(Answers* answers);
void ExpectOfFullDisk(Answers* answers);
void ExpectOfAcceptedRecords(Answers* answers);
void ExpectOfReopening(Answers* answers);
void ExpectOfDamage(Answers* answers);

}  // namespace eventlog::test
