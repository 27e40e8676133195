// The input: a byte whose lowest bit asks for a good hash, then a batch's header.
#include <string>

#include "format/record.h"
#include "format/record_batch.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"
#include "support/batch_factory.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kFieldsEnd = 80;  // behind it the two hashes
constexpr uint32_t kMaxSealedBytes = 4096;

}  // namespace

FUZZ_TARGET(batch_header) {
  const auto how = Take<uint8_t>(&input);
  const uint64_t seed = TestIdentity().Seed();
  std::string bytes(input);
  if ((how & 1) != 0) MakeHeaderHashGood(bytes.data(), bytes.size(), seed);

  const auto header = WithBudget(0, [&] { return internal::DecodeBatchHeader(bytes, seed); });
  if (!header.ok()) {
    EVENTLOG_ASSERT(IsRefusal(header.status()));
    return Outcome::kRefused;
  }
  EVENTLOG_ASSERT(header->base_offset >= 0 && header->next_offset() > header->base_offset);
  EVENTLOG_ASSERT(header->batch_bytes() <= internal::kMaxBatchBytes);
  EVENTLOG_ASSERT(header->uncompressed_bytes <= internal::kMaxBatchBytes);
  EVENTLOG_ASSERT(header->record_count >= 0);
  EVENTLOG_ASSERT(header->record_count <= header->next_offset() - header->base_offset);
  EVENTLOG_ASSERT(header->uncompressed_bytes >=
                  static_cast<uint64_t>(header->record_count) * internal::kMinRecordBytes);
  // Over a body of zeros every field is the same; the codec is chosen when a batch is sealed.
  const bool compressed = (header->attributes & internal::kCompressionMask) != 0;
  if (!compressed && header->body_bytes <= kMaxSealedBytes) {
    internal::BatchHeader again = *header;
    const std::string zeros(header->body_bytes, '\0');
    const std::string sealed = SealedBytes(&again, zeros, CompressionType::kNone, seed);
    EVENTLOG_ASSERT(sealed.compare(0, kFieldsEnd, bytes, 0, kFieldsEnd) == 0);
    const auto decoded = internal::DecodeBatchHeader(sealed, seed);
    EVENTLOG_ASSERT(decoded.ok() && *decoded == again);
  }
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
