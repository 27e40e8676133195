#include "format/preamble.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kHashBytes = 8;

absl::Status Corrupt(const HeaderFormat& format, std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("{} header: {}", format.name, why));
}

}  // namespace

void FinishHeader(char* header, const HeaderFormat& format, uint64_t seed) {
  EVENTLOG_ASSERT(format.header_bytes >= kPreambleBytes + kHashBytes &&
                  format.header_bytes <= kMaxHeaderBytes && format.header_bytes % 8 == 0);
  StoreLe(header, format.magic);
  StoreLe(header + 4, format.version);
  StoreLe(header + 6, format.header_bytes);
  const std::size_t hashed = format.header_bytes - kHashBytes;
  StoreLe(header + hashed, Hash64({header, hashed}, seed));
}

absl::Status CheckHeader(std::string_view bytes, const HeaderFormat& format, uint64_t seed) {
  if (bytes.size() < kPreambleBytes) return Corrupt(format, "cut short");
  if (LoadLe<uint32_t>(bytes.data()) != format.magic) return Corrupt(format, "wrong magic");
  const auto version = LoadLe<uint16_t>(bytes.data() + 4);
  const std::size_t header_bytes = LoadLe<uint16_t>(bytes.data() + 6);
  if (header_bytes < kPreambleBytes + kHashBytes || header_bytes > kMaxHeaderBytes ||
      header_bytes % 8 != 0) {
    return Corrupt(format, fmt::format("impossible length {}", header_bytes));
  }
  if (bytes.size() < header_bytes) return Corrupt(format, "cut short");
  const std::size_t hashed = header_bytes - kHashBytes;
  if (Hash64(bytes.substr(0, hashed), seed) != LoadLe<uint64_t>(bytes.data() + hashed)) {
    return Corrupt(format, "hash does not match");
  }
  if (version > format.version) {
    return MakeError(ErrorReason::kNewerFormat,
                     fmt::format("{} has format version {}; this program reads up to {}",
                                 format.name, version, format.version));
  }
  // An older version that is read has a HeaderFormat of its own.
  if (version != format.version || header_bytes != format.header_bytes) {
    return Corrupt(format,
                   fmt::format("version {} with {} bytes never was", version, header_bytes));
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
