// The input: a byte whose lowest bit asks for a good hash of the frame's header, how many bytes are
// expected (u32), then an LZ4 frame.
#include <xxhash.h>

#include <string>

#include "format/compression.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {
namespace {

// The descriptor behind the magic: two bytes, the content's size and a dictionary's id if the first
// byte says so, and one byte of a hash over all that.
void MakeDescriptorGood(std::string* frame) {
  if (frame->size() < 5) return;
  const auto flags = static_cast<unsigned char>((*frame)[4]);
  const std::size_t bytes = 2u + ((flags & 8) != 0 ? 8u : 0u) + ((flags & 1) != 0 ? 4u : 0u);
  if (frame->size() <= 4 + bytes) return;
  (*frame)[4 + bytes] = static_cast<char>(XXH32(frame->data() + 4, bytes, 0) >> 8);
}

}  // namespace

FUZZ_TARGET(compressed_section) {
  const auto how = Take<uint8_t>(&input);
  const auto expected_bytes = Take<uint32_t>(&input);
  std::string frame(input);
  if ((how & 1) != 0) MakeDescriptorGood(&frame);
  std::string contents;
  const absl::Status status = WithBudget(256 * (frame.size() + 1), [&] {
    return internal::DecompressLz4(frame, expected_bytes, &contents);
  });
  if (!status.ok()) {
    EVENTLOG_ASSERT(IsRefusal(status));
    return Outcome::kRefused;
  }
  EVENTLOG_ASSERT(contents.size() == expected_bytes);
  std::string again;
  EVENTLOG_ASSERT(
      internal::DecompressLz4(internal::CompressLz4(contents), contents.size(), &again).ok());
  EVENTLOG_ASSERT(again == contents);
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
