// The input: a byte whose lowest bit asks for good hashes, then a checkpoint of either version.
#include "format/checkpoint.h"

#include <string>
#include <vector>

#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kVersion1HeaderBytes = 88;

void MakeGood(std::string* file) {
  if (file->size() < internal::kPreambleBytes) return;
  internal::HeaderFormat format = internal::kCheckpointFormat;
  if (internal::LoadLe<uint16_t>(file->data() + 4) == 1) format.header_bytes = kVersion1HeaderBytes;
  MakeHashesGood(file, format, 0, format.header_bytes - 16u);
}

void CheckEntry(const internal::PartitionCheckpoint& entry) {
  EVENTLOG_ASSERT(entry.log_start_offset >= 0 && entry.log_start_offset <= entry.end_offset);
  const std::vector<int64_t> files = {0, entry.log_start_offset, entry.segment_base_offset,
                                      entry.end_offset};
  EVENTLOG_ASSERT(CountBelowLogStart(entry, files) <= files.size());
}

}  // namespace

FUZZ_TARGET(checkpoint) {
  const auto how = Take<uint8_t>(&input);
  std::string file(input);
  if ((how & 1) != 0) MakeGood(&file);
  const auto checkpoint =
      WithBudget(8 * file.size(), [&] { return internal::DecodeCheckpoint(file); });
  if (!checkpoint.ok()) {
    EVENTLOG_ASSERT(IsRefusal(checkpoint.status()));
    return Outcome::kRefused;
  }
  for (const internal::PartitionCheckpoint& entry : checkpoint->partitions) CheckEntry(entry);
  const std::string again = EncodeCheckpoint(*checkpoint);
  const bool version_1 = internal::LoadLe<uint16_t>(file.data() + 4) == 1;
  EVENTLOG_ASSERT(version_1 || again == file);
  const auto decoded = internal::DecodeCheckpoint(again);
  EVENTLOG_ASSERT(decoded.ok() && *decoded == *checkpoint);
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
