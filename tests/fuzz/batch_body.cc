// The input: a byte, then a whole batch. The byte's lowest bit asks for good hashes, the next one
// for lengths in the header that fit the body.
#include <string>

#include "format/record_batch.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/records.h"
#include "fuzz/target.h"
#include "support/batch_factory.h"

namespace eventlog::test {
namespace {

using internal::kBatchHeaderBytes;

void MakeGood(std::string* batch, bool lengths, uint64_t seed) {
  if (batch->size() < kBatchHeaderBytes) return;
  char* const header = batch->data();
  if (lengths) {
    const auto body_bytes = static_cast<uint32_t>(batch->size() - kBatchHeaderBytes);
    internal::StoreLe(header + 68, body_bytes);
    const auto attributes = internal::LoadLe<uint16_t>(header + 54);
    if ((attributes & internal::kCompressionMask) == 0) internal::StoreLe(header + 72, body_bytes);
  }
  MakeHashesGood(batch, internal::kRecordBatchFormat, seed, 80);
}

// What was decoded is sealed to the same bytes, or, compressed, to such as mean the same.
void CheckSealing(const internal::BatchHeader& header, std::string_view batch,
                  std::string_view records, uint64_t seed) {
  const bool compressed = (header.attributes & internal::kCompressionMask) != 0;
  internal::BatchHeader again = header;
  const std::string sealed = SealedBytes(
      &again, records, compressed ? CompressionType::kLz4 : CompressionType::kNone, seed);
  if (!compressed) {
    EVENTLOG_ASSERT(sealed == batch);
    return;
  }
  const auto decoded = internal::DecodeBatchHeader(sealed, seed);
  EVENTLOG_ASSERT(decoded.ok() && *decoded == again);
  const std::string_view body = std::string_view(sealed).substr(kBatchHeaderBytes);
  EVENTLOG_ASSERT(internal::VerifyBatchBody(again, body, seed).ok());
  std::string buffer;
  const auto section = internal::RecordsSection(again, body, &buffer);
  EVENTLOG_ASSERT(section.ok() && *section == records);
}

}  // namespace

FUZZ_TARGET(batch_body) {
  const auto how = Take<uint8_t>(&input);
  const uint64_t seed = TestIdentity().Seed();
  std::string batch(input);
  if ((how & 1) != 0) MakeGood(&batch, (how & 2) != 0, seed);
  const auto header = internal::DecodeBatchHeader(batch, seed);
  if (!header.ok()) {
    EVENTLOG_ASSERT(IsRefusal(header.status()));
    return Outcome::kRefused;
  }
  const std::string_view rest = std::string_view(batch).substr(kBatchHeaderBytes);
  const std::string_view body = rest.substr(0, header->body_bytes);
  const absl::Status verified =
      WithBudget(0, [&] { return internal::VerifyBatchBody(*header, body, seed); });
  if (!verified.ok()) {
    EVENTLOG_ASSERT(IsRefusal(verified));
    return Outcome::kRefused;
  }
  EVENTLOG_ASSERT(body.size() == header->body_bytes);
  std::string buffer;
  const auto records = WithBudget(256 * (body.size() + 1),
                                  [&] { return internal::RecordsSection(*header, body, &buffer); });
  if (!records.ok()) {
    EVENTLOG_ASSERT(IsRefusal(records.status()) || absl::IsUnimplemented(records.status()));
    return Outcome::kRefused;
  }
  const char* const end = records->data() + records->size();
  EVENTLOG_ASSERT(records->size() == header->uncompressed_bytes);
  EVENTLOG_ASSERT(Within(body, records->data(), end) || Within(buffer, records->data(), end));
  CheckSealing(*header, batch.substr(0, kBatchHeaderBytes + body.size()), *records, seed);
  return CheckRecords(*records) >= 0 ? Outcome::kDecoded : Outcome::kRefused;
}

}  // namespace eventlog::test
