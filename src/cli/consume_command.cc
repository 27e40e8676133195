#include <stdio.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "cli/commands.h"
#include "cli/place.h"
#include "cli/read_log.h"
#include "cli/record_filter.h"
#include "cli/record_format.h"
#include "cli/result.h"
#include "cli/stop.h"
#include "cli/stored_file.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr absl::Duration kPollTimeout = absl::Milliseconds(200);  // how late a signal may be seen

// Prints what is asked for, as much as is asked for.
class Printer {
 public:
  Printer(const ConsumeCommand& command, RecordFormat format, Output* output)
      : format_(std::move(format)),
        filter_(command.key, command.headers),
        output_(output),
        left_(command.max_records.value_or(std::numeric_limits<int64_t>::max())) {}

  bool done() const { return left_ <= 0 || StopRequested(); }

  // Prints the record if it is to be seen.
  absl::Status Print(const RecordFields& record) {
    if (!filter_.Matches(record)) return absl::OkStatus();
    --left_;
    text_.clear();
    format_.Append(record, &text_);
    return output_->Append(text_);
  }

 private:
  const RecordFormat format_;
  const RecordFilter filter_;
  Output* const output_;
  int64_t left_;
  std::string text_;
};

// --- With a group, or following: with the log open.

// One after the last of these, for each partition.
std::vector<TopicPartitionOffset> OffsetsAfter(absl::Span<const RecordView> records) {
  std::vector<TopicPartitionOffset> offsets;
  for (const RecordView& record : records) {
    if (offsets.empty() || offsets.back().partition != record.partition() ||
        offsets.back().topic != record.topic()) {
      offsets.push_back({std::string(record.topic()), record.partition()});
    }
    offsets.back().offset = record.offset() + 1;
    offsets.back().leader_epoch = record.leader_epoch();
  }
  return offsets;
}

absl::Status PrintPolled(const ConsumerRecords& records, bool commit, Consumer* consumer,
                         Printer* printer, Output* output) {
  std::size_t seen = 0;
  while (seen < records.size() && !printer->done()) {
    EVENTLOG_RETURN_IF_ERROR(printer->Print(FieldsOf(records[seen++])));
  }
  EVENTLOG_RETURN_IF_ERROR(output->Flush());
  if (!commit || seen == 0) return absl::OkStatus();
  return consumer->Commit(OffsetsAfter({records.begin(), seen}));
}

absl::StatusOr<Consumer> MakeConsumer(const ConsumeCommand& command, Log* log) {
  ConsumerOptions options;
  options.group = command.group;
  if (command.partition.has_value()) {
    for (const std::string& topic : command.topics) {
      options.assignment.push_back({topic, *command.partition});
    }
  } else {
    options.topics = command.topics;
  }
  std::optional<OffsetSpec> from;
  if (!command.from.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(const Place place, ParsePlace("--from", command.from));
    from = place.ToSpec();
  }
  if (command.group.empty()) {
    // An offset that is not there is an error, not another place.
    options.from = from.value_or(OffsetSpec::Earliest());
    options.auto_offset_reset = AutoOffsetReset::kNone;
  }
  EVENTLOG_ASSIGN_OR_RETURN(Consumer consumer, log->NewConsumer(std::move(options)));
  if (!command.group.empty() && from.has_value()) {
    EVENTLOG_RETURN_IF_ERROR(consumer.Seek(*from));
  }
  return consumer;
}

absl::Status Poll(const ConsumeCommand& command, Consumer* consumer, Printer* printer,
                  Output* output) {
  ConsumerRecords records;
  while (!printer->done()) {
    EVENTLOG_RETURN_IF_ERROR(
        consumer->Poll(command.follow ? kPollTimeout : absl::ZeroDuration(), &records));
    EVENTLOG_RETURN_IF_ERROR(
        PrintPolled(records, !command.group.empty(), consumer, printer, output));
    if (!command.follow && records.caught_up()) break;
  }
  return absl::OkStatus();
}

absl::Status ConsumeOpen(const ConsumeCommand& command, Printer* printer, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(
      Log log, Log::Open({.directory = command.directory, .open_mode = OpenMode::kExisting}));
  EVENTLOG_ASSIGN_OR_RETURN(Consumer consumer, MakeConsumer(command, &log));
  const absl::Status status = Poll(command, &consumer, printer, output);
  const absl::Status closed = log.Close();
  EVENTLOG_RETURN_IF_ERROR(status);
  return closed;
}

// --- Without either: from the files, beside whoever has the log open.

struct Range {
  SealedPartition partition;
  int64_t from = 0;
  int64_t until = 0;
};

absl::StatusOr<Range> MakeRange(const ConsumeCommand& command, SealedPartition partition) {
  Range range{.partition = std::move(partition)};
  range.from = range.partition.log_start_offset();
  range.until = range.partition.end_offset();
  if (!command.from.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(const Place place, ParsePlace("--from", command.from));
    EVENTLOG_ASSIGN_OR_RETURN(range.from, range.partition.Resolve(place));
  }
  if (!command.until.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(const Place place, ParsePlace("--until", command.until));
    EVENTLOG_ASSIGN_OR_RETURN(range.until, range.partition.Resolve(place));
  }
  return range;
}

absl::StatusOr<std::vector<Range>> MakeRanges(const ConsumeCommand& command, const SealedLog& log) {
  std::vector<Range> ranges;
  for (const std::string& name : command.topics) {
    EVENTLOG_ASSIGN_OR_RETURN(const internal::CatalogTopic* topic, log.FindTopic(name));
    for (int32_t i = command.partition.value_or(0);; ++i) {
      if (!command.partition.has_value() && i == topic->partitions) break;
      EVENTLOG_ASSIGN_OR_RETURN(SealedPartition partition, log.OpenPartition(*topic, i));
      EVENTLOG_ASSIGN_OR_RETURN(Range range, MakeRange(command, std::move(partition)));
      ranges.push_back(std::move(range));
      if (command.partition.has_value()) break;
    }
  }
  return ranges;
}

// Prints the batch's records of [*offset, until) and moves *offset behind them.
absl::Status PrintBatch(const internal::StoredBatch& batch, const Range& range, int64_t* offset,
                        Printer* printer) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto records,
                            DecodeRecords(batch.records, batch.header.record_count));
  RecordFields fields;
  fields.topic = range.partition.topic();
  fields.partition = range.partition.number();
  for (const internal::EncodedRecord& record : records) {
    fields.offset = batch.header.base_offset + record.offset_delta;
    if (fields.offset < *offset) continue;
    if (fields.offset >= range.until || printer->done()) break;
    fields.timestamp_ms =
        internal::TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms);
    fields.key = record.key == nullptr ? BytesView()
                                       : BytesView(std::string_view(record.key, record.key_size));
    fields.value = record.value == nullptr
                       ? BytesView()
                       : BytesView(std::string_view(record.value, record.value_size));
    fields.headers = internal::DecodeHeaders(record.headers_with_count);
    EVENTLOG_RETURN_IF_ERROR(printer->Print(fields));
  }
  *offset = batch.header.next_offset();
  return absl::OkStatus();
}

absl::Status PrintRange(Range* range, Printer* printer) {
  std::vector<internal::StoredBatch> batches;
  for (int64_t offset = range->from; offset < range->until && !printer->done();) {
    const absl::Status read = range->partition.Read(offset, &batches);
    if (ReasonOf(read) == ErrorReason::kBelowLogStart) {
      const int64_t start = *ActualOffset(read);
      fprintf(stderr, "eventlog: %s-%d: offsets %lld to %lld were deleted meanwhile\n",
              range->partition.topic().c_str(), range->partition.number(),
              static_cast<long long>(offset), static_cast<long long>(start - 1));
      offset = start;
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(read);
    for (const internal::StoredBatch& batch : batches) {
      EVENTLOG_RETURN_IF_ERROR(PrintBatch(batch, *range, &offset, printer));
    }
  }
  return absl::OkStatus();
}

absl::Status ConsumeSealed(const ConsumeCommand& command, Printer* printer) {
  EVENTLOG_ASSIGN_OR_RETURN(const SealedLog log, SettleAndRead(command.directory));
  EVENTLOG_ASSIGN_OR_RETURN(std::vector<Range> ranges, MakeRanges(command, log));
  for (Range& range : ranges) EVENTLOG_RETURN_IF_ERROR(PrintRange(&range, printer));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> RunConsume(const ConsumeCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(RecordFormat format, RecordFormat::Parse(command.format));
  if (!command.from.empty()) EVENTLOG_RETURN_IF_ERROR(ParsePlace("--from", command.from));
  if (!command.until.empty()) EVENTLOG_RETURN_IF_ERROR(ParsePlace("--until", command.until));
  const bool needs_open = command.follow || !command.group.empty();
  if (needs_open && !command.until.empty()) {
    return absl::InvalidArgumentError("--until goes with neither --group nor --follow");
  }
  StopOnSignals();
  Printer printer(command, std::move(format), output);
  if (needs_open) {
    EVENTLOG_RETURN_IF_ERROR(ConsumeOpen(command, &printer, output));
  } else {
    EVENTLOG_RETURN_IF_ERROR(ConsumeSealed(command, &printer));
  }
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
