#include "base/uuid.h"

#include "absl/types/span.h"

namespace eventlog::inline v1::internal {

Uuid Uuid::Generate(Random* random) {
  Uuid uuid;
  random->Fill(absl::MakeSpan(uuid.bytes));
  return uuid;
}

std::string Uuid::ToString() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace eventlog::inline v1::internal
