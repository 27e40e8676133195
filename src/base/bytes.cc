#include "base/bytes.h"

#include <bit>
#include <limits>

#include "base/assert.h"

namespace eventlog::inline v1::internal {

static_assert(std::endian::native == std::endian::little);

int64_t ByteReader::ReadLongVarint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at_++);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      // A last byte of zero says nothing (over-long); the tenth has room for one bit (over-wide).
      if (byte == 0 || (shift == 63 && byte > 1)) break;
      return UnZigZag(value);
    }
  }
  Fail();
  return 0;
}

void AppendString(std::string* to, std::string_view text) {
  EVENTLOG_ASSERT(text.size() <= std::numeric_limits<uint32_t>::max());
  AppendLe(to, static_cast<uint32_t>(text.size()));
  to->append(text);
}

}  // namespace eventlog::inline v1::internal
