#include "errors/answers.h"

#include <catch2/catch.hpp>
#include <cctype>

namespace eventlog::test {
namespace {

// "DISK_FULL" to "kDiskFull", "NOT_FOUND" to "NotFound".
std::string CamelCase(std::string_view words) {
  std::string name;
  bool capital = true;
  for (const char c : words) {
    if (c != '_') {
      const auto byte = static_cast<unsigned char>(c);
      name += static_cast<char>(capital ? std::toupper(byte) : std::tolower(byte));
    }
    capital = c == '_';
  }
  return name;
}

std::string CodeName(const absl::Status& status) {
  return CamelCase(absl::StatusCodeToString(status.code()));
}

std::string ReasonNameOf(const absl::Status& status) {
  return "k" + CamelCase(ErrorReasonName(ReasonOf(status)));
}

}  // namespace

void Answers::Expect(const std::string& method, ErrorReason reason, const absl::Status& status) {
  INFO(method << " should answer " << ErrorReasonName(reason) << ", and answers " << status);
  CHECK(ReasonOf(status) == reason);
  given_[method].insert(CodeName(status));
  given_[method].insert(ReasonNameOf(status));
}

void Answers::Expect(const std::string& method, absl::StatusCode code, const absl::Status& status) {
  INFO(method << " should answer " << absl::StatusCodeToString(code) << ", and answers " << status);
  CHECK(status.code() == code);
  given_[method].insert(CodeName(status));
  if (ReasonOf(status) != ErrorReason::kNone) given_[method].insert(ReasonNameOf(status));
}

void Answers::Note(const std::string& method, const std::string& code, const std::string& reason) {
  given_[method].insert({code, reason});
}

}  // namespace eventlog::test
