// Sealed batches as the bytes that a segment has.
#pragma once

#include <string>
#include <string_view>

#include "format/record_batch.h"

namespace eventlog::inline v1::internal {

// Fills the header in, as SealBatch does.
inline std::string SealedBytes(BatchHeader* header, std::string_view records,
                               CompressionType compression, uint64_t identity_seed) {
  const SealedBatch sealed = SealBatch(*header, records, compression, identity_seed);
  *header = sealed.header;
  return std::string(sealed.head()).append(sealed.body());
}

// The other way round; views `bytes`.
inline SealedBatch AsSealedBatch(const BatchHeader& header, std::string_view bytes) {
  SealedBatch sealed;
  sealed.header = header;
  bytes.copy(sealed.header_bytes.data(), kBatchHeaderBytes);
  sealed.records = bytes.substr(kBatchHeaderBytes);
  return sealed;
}

}  // namespace eventlog::inline v1::internal
