// The input: the key's length (u8), the key, then the value of a record of __consumer_offsets. A
// length of 255 says that there is no value.
#include "format/offset_commit.h"

#include <optional>
#include <string>

#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"
#include "group/offset_store.h"

namespace eventlog::test {

FUZZ_TARGET(offset_commit) {
  const auto length = Take<uint8_t>(&input);
  const std::string_view key_bytes = TakeBytes(&input, length);
  std::optional<std::string_view> value_bytes;
  if (length != 255) value_bytes = input;

  const auto key =
      WithBudget(2 * key_bytes.size(), [&] { return internal::DecodeOffsetCommitKey(key_bytes); });
  EVENTLOG_ASSERT(key.ok() ? EncodeOffsetCommitKey(*key) == key_bytes : IsRefusal(key.status()));
  std::optional<internal::OffsetCommitValue> value;
  absl::Status status = key.status();
  if (value_bytes.has_value()) {
    const auto decoded = WithBudget(
        2 * value_bytes->size(), [&] { return internal::DecodeOffsetCommitValue(*value_bytes); });
    EVENTLOG_ASSERT(decoded.ok() ? EncodeOffsetCommitValue(*decoded) == *value_bytes
                                 : IsRefusal(decoded.status()));
    if (decoded.ok()) value = *decoded;
    status.Update(decoded.status());
  }
  // The fold of the topic takes what both decoders take, and says it again.
  internal::OffsetStore store;
  EVENTLOG_ASSERT(store.ApplyRecord(key_bytes, value_bytes, 0).ok() == status.ok());
  if (!status.ok()) return Outcome::kRefused;
  EVENTLOG_ASSERT(store.upto() == 1 && store.Committed(*key) == value);
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
