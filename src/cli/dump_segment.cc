#include "cli/dump_segment.h"

#include <algorithm>
#include <vector>

#include "absl/types/span.h"
#include "cli/result.h"
#include "cli/stored_file.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/record_batch.h"
#include "format/segment_header.h"
#include "segment/batch_reader.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::cli {
namespace {

using internal::BatchHeader;

std::string HeaderText(const BatchHeader& header, int64_t position) {
  return fmt::format(
      "batch at {}: offsets {} to {}, records {}, bytes {}, uncompressed {}, attributes {:#x}, "
      "leader_epoch {}, producer {}/{}/{}, timestamps {} to {}",
      position, header.base_offset, header.last_offset(), header.record_count, header.batch_bytes(),
      header.uncompressed_bytes, header.attributes, header.leader_epoch, header.writer.producer_id,
      header.writer.producer_epoch, header.base_sequence, header.base_timestamp_ms,
      header.max_timestamp_ms);
}

std::string FieldText(const char* bytes, uint32_t size) {
  return bytes == nullptr ? "null" : Quoted({bytes, size});
}

class SegmentDump {
 public:
  SegmentDump(File* file, int64_t size, const SegmentDumpRequest& request, Output* output)
      : file_(file), size_(size), request_(request), output_(output) {}

  absl::StatusOr<int> Run() {
    const auto header = internal::ReadSegmentHeader(file_);
    if (!header.ok()) {
      if (!internal::IsDamage(header.status())) return header.status();
      EVENTLOG_RETURN_IF_ERROR(
          output_->Append("segment: header BAD (nothing below can be checked without it): " +
                          Describe(header.status()) + "\n"));
      return kExitFailed;
    }
    seed_ = header->identity.Seed();
    EVENTLOG_RETURN_IF_ERROR(output_->Append(fmt::format(
        "segment: header ok, topic {}, partition {}, base_offset {}, created_ms {}, {} bytes\n",
        header->identity.topic.ToString(), header->identity.partition, header->base_offset,
        header->created_ms, size_)));
    while (position_ >= 0 && position_ < size_) {
      EVENTLOG_ASSIGN_OR_RETURN(const bool ends_here, IsEndForNow());
      if (ends_here) break;
      const int64_t from = position_;
      EVENTLOG_RETURN_IF_ERROR(DumpNext());
      if (request_.on_bytes && position_ > from) request_.on_bytes(position_ - from);
    }
    EVENTLOG_RETURN_IF_ERROR(output_->Append(
        fmt::format("{} batches, {} records, {} damaged\n", batches_, record_count_, damaged_)));
    return damaged_ == 0 ? kExitGood : kExitFailed;
  }

 private:
  // In a log that is in use: whether there is no batch from position_ on that has been written as a
  // whole. A batch behind one that is not whole shows that it had been and was only read too early;
  // so it is looked at again.
  absl::StatusOr<bool> IsEndForNow() {
    if (request_.holder.empty()) return false;
    std::vector<internal::StoredBatch> batches;
    const absl::Status whole = internal::ReadBatches(file_, request_.path, seed_,
                                                     {position_, size_, /*max_bytes=*/1}, &batches);
    if (!internal::IsDamage(whole)) return whole.ok() ? absl::StatusOr<bool>(false) : whole;
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t next,
                              internal::FindNextBatch(file_, seed_, position_ + 1, size_, 0));
    if (next >= 0) return false;
    EVENTLOG_RETURN_IF_ERROR(output_->Append(fmt::format(
        "bytes from {} on: no whole batch yet, in use by {}\n", position_, request_.holder)));
    return true;
  }

  // Prints what stands at position_ and moves over it; -1 at the end.
  absl::Status DumpNext() {
    std::string bytes(internal::kMaxHeaderBytes, '\0');
    EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                              file_->ReadAt(position_, absl::MakeSpan(bytes)));
    bytes.resize(read_bytes);
    const auto header = internal::DecodeBatchHeader(bytes, seed_);
    if (!header.ok()) return DumpHole(bytes, header.status());
    std::string line = HeaderText(*header, position_);
    std::string body(std::min<std::size_t>(header->body_bytes, static_cast<std::size_t>(size_)),
                     '\0');
    EVENTLOG_ASSIGN_OR_RETURN(
        const std::size_t body_bytes,
        file_->ReadAt(position_ + static_cast<int64_t>(internal::kBatchHeaderBytes),
                      absl::MakeSpan(body)));
    body.resize(body_bytes);
    absl::Status status = body_bytes < header->body_bytes
                              ? absl::DataLossError("the file ends within the batch")
                              : internal::VerifyBatchBody(*header, body, seed_);
    if (status.ok()) {
      ++batches_;
      record_count_ += header->record_count;
      EVENTLOG_RETURN_IF_ERROR(output_->Append(line + ", header ok, body ok\n"));
      status = DumpRecords(*header, body);
      if (status.ok() || !internal::IsDamage(status)) {
        position_ += header->batch_bytes();
        return status;
      }
      line = "  records";
    }
    ++damaged_;
    EVENTLOG_RETURN_IF_ERROR(
        output_->Append(line + ", header ok, body BAD: " + std::string(status.message()) + "\n"));
    position_ += header->batch_bytes();
    return absl::OkStatus();
  }

  absl::Status DumpRecords(const BatchHeader& header, std::string_view body) {
    std::string buffer;
    EVENTLOG_ASSIGN_OR_RETURN(const std::string_view section,
                              internal::RecordsSection(header, body, &buffer));
    EVENTLOG_ASSIGN_OR_RETURN(const auto records, DecodeRecords(section, header.record_count));
    if (!request_.records) return absl::OkStatus();
    for (const internal::EncodedRecord& record : records) {
      std::string line = fmt::format(
          "  offset {} timestamp {} key {} value {}", header.base_offset + record.offset_delta,
          internal::TimestampAt(header.base_timestamp_ms, record.timestamp_delta_ms),
          FieldText(record.key, record.key_size), FieldText(record.value, record.value_size));
      for (const Header& field : internal::DecodeHeaders(record.headers_with_count)) {
        line += fmt::format(" header {}={}", Quoted(field.key),
                            field.value.is_null() ? "null" : Quoted(field.value.view()));
      }
      EVENTLOG_RETURN_IF_ERROR(output_->Append(line + "\n"));
    }
    return absl::OkStatus();
  }

  // Bytes that are no batch: the unwritten rest of the file, or damage.
  absl::Status DumpHole(std::string_view bytes, const absl::Status& status) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t next,
                              internal::FindNextBatch(file_, seed_, position_ + 1, size_, 0));
    const int64_t end = next < 0 ? size_ : next;
    const bool unwritten = next < 0 && bytes.find_first_not_of('\0') == std::string_view::npos;
    if (!unwritten) ++damaged_;
    EVENTLOG_RETURN_IF_ERROR(
        output_->Append(unwritten ? fmt::format("bytes {} to {}: not written yet\n", position_, end)
                                  : fmt::format("bytes {} to {}: no batch, BAD: {}\n", position_,
                                                end, std::string(status.message()))));
    position_ = next;
    return absl::OkStatus();
  }

  File* const file_;
  const int64_t size_;
  const SegmentDumpRequest& request_;
  Output* const output_;
  uint64_t seed_ = 0;
  int64_t position_ = internal::kSegmentHeaderBytes;
  int64_t batches_ = 0;
  int64_t record_count_ = 0;
  int64_t damaged_ = 0;
};

}  // namespace

absl::StatusOr<int> DumpSegment(File* file, const SegmentDumpRequest& request, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  EVENTLOG_RETURN_IF_ERROR(output->Append(request.path + "\n"));
  return SegmentDump(file, size, request, output).Run();
}

}  // namespace eventlog::inline v1::cli
