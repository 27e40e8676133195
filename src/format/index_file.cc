#include "format/index_file.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Corrupt(const HeaderFormat& format, std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("{}: {}", format.name, why));
}

bool CanBe(const IndexFile& index, const HeaderFormat& format) {
  if (index.base_offset < 0 || index.base_offset > kMaxOffset || index.segment_bytes < 0) {
    return false;
  }
  const bool by_time = format.magic == kTimeIndexFormat.magic;
  const IndexEntry* last = nullptr;
  for (const IndexEntry& entry : index.entries) {
    const int64_t offset = by_time ? entry.value : entry.key;
    if (offset < index.base_offset || offset > kMaxOffset) return false;
    if (!by_time && (entry.value < 0 || entry.value >= index.segment_bytes)) return false;
    if (last != nullptr && (entry.key <= last->key || entry.value <= last->value)) return false;
    last = &entry;
  }
  return true;
}

}  // namespace

std::string EncodeIndexFile(const IndexFile& index, const HeaderFormat& format, uint64_t seed) {
  EVENTLOG_ASSERT(CanBe(index, format));
  std::string bytes(kIndexHeaderBytes, '\0');
  bytes.reserve(kIndexHeaderBytes + index.entries.size() * kIndexEntryBytes);
  for (const IndexEntry& entry : index.entries) {
    AppendLe(&bytes, entry.key);
    AppendLe(&bytes, entry.value);
  }
  char* to = bytes.data();
  StoreLe(to + 8, index.base_offset);
  StoreLe(to + 16, index.segment_bytes);
  StoreLe(to + 24, static_cast<uint32_t>(index.entries.size()));
  StoreLe(to + 32, Hash64(std::string_view(bytes).substr(kIndexHeaderBytes), seed));
  FinishHeader(to, format, seed);
  return bytes;
}

absl::StatusOr<IndexFile> DecodeIndexFile(std::string_view bytes, const HeaderFormat& format,
                                          uint64_t seed) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, format, seed));
  const char* from = bytes.data();
  const std::string_view body = bytes.substr(kIndexHeaderBytes);
  const uint64_t count = LoadLe<uint32_t>(from + 24);
  if (body.size() != count * kIndexEntryBytes) return Corrupt(format, "impossible length");
  if (LoadLe<uint32_t>(from + 28) != 0) return Corrupt(format, "impossible reserved field");
  if (Hash64(body, seed) != LoadLe<uint64_t>(from + 32)) {
    return Corrupt(format, "body hash does not match");
  }
  IndexFile index;
  index.base_offset = LoadLe<int64_t>(from + 8);
  index.segment_bytes = LoadLe<int64_t>(from + 16);
  index.entries.resize(count);
  ByteReader reader(body);
  for (IndexEntry& entry : index.entries) {
    entry.key = reader.Read<int64_t>();
    entry.value = reader.Read<int64_t>();
  }
  if (!CanBe(index, format)) return Corrupt(format, "impossible entries");
  return index;
}

}  // namespace eventlog::inline v1::internal
