#include <signal.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "cli/commands.h"
#include "cli/record_format.h"
#include "cli/result.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr absl::Duration kPollTimeout = absl::Milliseconds(200);  // how late a signal may be seen

volatile sig_atomic_t stop_requested = 0;

void RequestStop(int) { stop_requested = 1; }

void StopOnSignals() {
  struct sigaction action = {};
  action.sa_handler = RequestStop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

absl::StatusOr<OffsetSpec> ParseFrom(std::string_view from) {
  if (from == "beginning") return OffsetSpec::Earliest();
  if (from == "end") return OffsetSpec::Latest();
  const bool timestamp = from.starts_with('@');
  const std::string_view digits = from.substr(timestamp ? 1 : 0);
  int64_t number = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || number < 0) {
    return absl::InvalidArgumentError(
        "--from " + std::string(from) +
        ": it is beginning, end, an offset, or @ and milliseconds since 1970");
  }
  return timestamp ? OffsetSpec::ForTimestamp(absl::FromUnixMillis(number))
                   : OffsetSpec::At(number);
}

// One after the last of these, for each partition.
std::vector<TopicPartitionOffset> OffsetsAfter(absl::Span<const RecordView> records) {
  std::vector<TopicPartitionOffset> offsets;
  for (const RecordView& record : records) {
    if (offsets.empty() || offsets.back().partition != record.partition()) {
      offsets.push_back({std::string(record.topic()), record.partition()});
    }
    offsets.back().offset = record.offset() + 1;
    offsets.back().leader_epoch = record.leader_epoch();
  }
  return offsets;
}

// Prints from a consumer that stands where it should begin.
class Printer {
 public:
  Printer(const ConsumeCommand& command, const RecordFormat& format, Output* output)
      : command_(command),
        format_(format),
        output_(output),
        left_(command.max_records.value_or(std::numeric_limits<int64_t>::max())) {}

  absl::Status Run(Consumer* consumer) {
    ConsumerRecords records;
    while (left_ > 0 && stop_requested == 0) {
      EVENTLOG_RETURN_IF_ERROR(
          consumer->Poll(command_.follow ? kPollTimeout : absl::ZeroDuration(), &records));
      EVENTLOG_RETURN_IF_ERROR(Print(records, consumer));
      if (!command_.follow && records.caught_up()) break;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Print(const ConsumerRecords& records, Consumer* consumer) {
    const auto count =
        static_cast<std::size_t>(std::min(left_, static_cast<int64_t>(records.size())));
    const absl::Span<const RecordView> printed(records.begin(), count);
    for (const RecordView& record : printed) {
      text_.clear();
      format_.Append(record, &text_);
      EVENTLOG_RETURN_IF_ERROR(output_->Append(text_));
    }
    EVENTLOG_RETURN_IF_ERROR(output_->Flush());
    left_ -= static_cast<int64_t>(count);
    if (command_.group.empty() || count == 0) return absl::OkStatus();
    return consumer->Commit(OffsetsAfter(printed));
  }

  const ConsumeCommand& command_;
  const RecordFormat& format_;
  Output* const output_;
  int64_t left_;
  std::string text_;
};

absl::StatusOr<Consumer> MakeConsumer(const ConsumeCommand& command, Log* log) {
  ConsumerOptions options;
  options.group = command.group;
  if (command.partition.has_value()) {
    options.assignment = {{command.topic, *command.partition}};
  } else {
    options.topics = {command.topic};
  }
  std::optional<OffsetSpec> from;
  if (!command.from.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(from, ParseFrom(command.from));
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

}  // namespace

absl::StatusOr<int> RunConsume(const ConsumeCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const RecordFormat format, RecordFormat::Parse(command.format));
  if (!command.from.empty()) EVENTLOG_RETURN_IF_ERROR(ParseFrom(command.from));
  EVENTLOG_ASSIGN_OR_RETURN(
      Log log, Log::Open({.directory = command.directory, .open_mode = OpenMode::kExisting}));
  EVENTLOG_ASSIGN_OR_RETURN(Consumer consumer, MakeConsumer(command, &log));
  StopOnSignals();
  const absl::Status status = Printer(command, format, output).Run(&consumer);
  const absl::Status closed = log.Close();
  EVENTLOG_RETURN_IF_ERROR(status);
  EVENTLOG_RETURN_IF_ERROR(closed);
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
