#include "format/record_views.h"

#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {

absl::Status ViewRecords(const ViewedBatch& batch, const OffsetRange& range, std::string_view* left,
                         RecordView* to, RecordView** to_end) {
  const char* at = left->data();
  const char* const end = at + left->size();
  RecordView* const full = *to_end;
  absl::Status status;
  while (to != full) {
    EncodedRecord record;
    if (!DecodePlainRecord(&at, end, &record)) {
      if (at == end) break;
      // Of copies, so that the loop over plain records has its own in registers.
      std::string_view rest(at, static_cast<std::size_t>(end - at));
      EncodedRecord any;
      status = DecodeAnyRecord(&rest, &any);
      if (!status.ok()) break;
      at = rest.data();
      record = any;
    }
    const int64_t offset = batch.base_offset + record.offset_delta;
    if (offset < range.begin) continue;  // before where the fetch began
    if (offset >= range.end) {
      at = end;
      break;
    }
    *to++ =
        RecordsAccess::MakeView(batch.source, record, offset,
                                TimestampAt(batch.base_timestamp_ms, record.timestamp_delta_ms));
  }
  *to_end = to;
  left->remove_prefix(static_cast<std::size_t>(at - left->data()));
  return status;
}

}  // namespace eventlog::inline v1::internal
