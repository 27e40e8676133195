#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/commands.h"
#include "cli/place.h"
#include "cli/record_json.h"
#include "cli/result.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kGatherBytes = 1 << 20;   // appended without looking for more
constexpr std::size_t kLongestLine = 16 << 20;  // longer than any record may be: refused as one
constexpr std::ptrdiff_t kGatherLines = 1000;
constexpr std::size_t kAppendLines = 1000;
constexpr std::size_t kAppendBytes = 4 << 20;

// Whether a read would return at once.
bool HasInput(int fd) {
  pollfd wanted = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, 0) > 0;
}

// The texts "key=value" as headers.
absl::StatusOr<std::vector<Header>> ParseHeaders(const std::vector<std::string>& texts) {
  std::vector<Header> headers;
  for (const std::string_view text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      return absl::InvalidArgumentError(fmt::format("--header {}: a header is KEY=VALUE", text));
    }
    headers.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return headers;
}

// Where lines come from.
struct Input {
  std::string name = {};  // of the file; empty: standard input
  int fd = -1;
};

// Cuts input into lines and appends them.
class LineProducer {
 public:
  LineProducer(const ProduceCommand& command, const Topic& topic, std::vector<Header> headers,
               std::optional<absl::Time> timestamp, Output* output)
      : command_(command),
        topic_(topic),
        headers_(std::move(headers)),
        timestamp_(timestamp),
        output_(output) {}

  absl::Status Run(const Input& input) {
    name_ = input.name;
    lines_ = 0;
    bool more = true;
    while (more) {
      EVENTLOG_ASSIGN_OR_RETURN(more, Gather(input.fd));
      EVENTLOG_RETURN_IF_ERROR(AppendLines(!more));
    }
    return absl::OkStatus();
  }

 private:
  // Reads until there is enough, or nothing more at the moment. False: the input has ended.
  absl::StatusOr<bool> Gather(int fd) {
    std::ptrdiff_t lines = 0;
    do {
      const std::size_t had_bytes = input_.size();
      input_.resize(had_bytes + kReadBytes);
      const ssize_t read_bytes = read(fd, input_.data() + had_bytes, kReadBytes);
      input_.resize(had_bytes + static_cast<std::size_t>(std::max<ssize_t>(read_bytes, 0)));
      if (read_bytes < 0 && errno != EINTR) {
        return absl::InternalError(fmt::format(
            "cannot read {}: {}", name_.empty() ? "the input" : name_, strerror(errno)));
      }
      if (read_bytes == 0) return false;
      lines +=
          std::count(input_.begin() + static_cast<std::ptrdiff_t>(had_bytes), input_.end(), '\n');
    } while (lines < kGatherLines && input_.size() < kGatherBytes && HasInput(fd));
    return true;
  }

  // Appends the whole lines of the input, and at its end the rest.
  absl::Status AppendLines(bool all) {
    std::string_view left = input_;
    while (!left.empty()) {
      const std::size_t end = left.find('\n');
      if (end == std::string_view::npos && !all && left.size() < kLongestLine) break;
      const std::string_view line = left.substr(0, end);
      left.remove_prefix(std::min(left.size(), line.size() + 1));
      if (absl::Status added = command_.json ? AddJson(line) : Add(line); !added.ok()) {
        EVENTLOG_RETURN_IF_ERROR(AppendRecords());
        return AtLine(added, lines_ + 1);
      }
      record_bytes_ += line.size();
      if (records_.size() >= kAppendLines || record_bytes_ >= kAppendBytes) {
        EVENTLOG_RETURN_IF_ERROR(AppendRecords());
      }
    }
    EVENTLOG_RETURN_IF_ERROR(AppendRecords());
    input_.erase(0, input_.size() - left.size());
    return absl::OkStatus();
  }

  absl::Status Add(std::string_view line) {
    ProducerRecord record;
    record.partition = command_.partition;
    record.headers = headers_;
    record.timestamp = timestamp_;
    const std::string& delimiter = command_.key_delimiter;
    const std::size_t at = delimiter.empty() ? std::string_view::npos : line.find(delimiter);
    if (at != std::string_view::npos) {
      record.key = BytesView(line.substr(0, at));
      line.remove_prefix(at + delimiter.size());
    }
    if (!line.empty() || !command_.empty_is_null) record.value = BytesView(line);
    records_.push_back(record);
    return absl::OkStatus();
  }

  absl::Status AddJson(std::string_view line) {
    EVENTLOG_ASSIGN_OR_RETURN(JsonRecord parsed, FromJson(line));
    if (parsed.partition == kAnyPartition) parsed.partition = command_.partition;
    if (parsed.record.timestamp == absl::InfinitePast() && timestamp_.has_value()) {
      parsed.record.timestamp = *timestamp_;
    }
    for (const Header& header : headers_) parsed.record.headers.Add(header.key, header.value);
    parsed_.push_back(std::move(parsed));
    records_.push_back(parsed_.back().ToProducerRecord());
    return absl::OkStatus();
  }

  // Appends what was added. When one record is refused, those before it are appended.
  absl::Status AppendRecords() {
    absl::Span<const ProducerRecord> records = records_;
    absl::Status status = topic_.AppendAll(records, &metadata_);
    if (const auto failed = FailedIndex(status); failed.has_value() && *failed < records.size()) {
      records = records.subspan(0, *failed);
      EVENTLOG_RETURN_IF_ERROR(topic_.AppendAll(records, &metadata_));
      EVENTLOG_RETURN_IF_ERROR(PrintOffsets());
      return AtLine(status, lines_ + static_cast<int64_t>(*failed) + 1);
    }
    EVENTLOG_RETURN_IF_ERROR(status);
    lines_ += static_cast<int64_t>(records.size());
    records_.clear();
    parsed_.clear();
    record_bytes_ = 0;
    return PrintOffsets();
  }

  absl::Status AtLine(const absl::Status& status, int64_t line) const {
    const std::string place =
        name_.empty() ? fmt::format("line {}", line) : fmt::format("{}:{}", name_, line);
    return WithContext(status, place + " (all before it is appended, nothing behind)");
  }

  absl::Status PrintOffsets() {
    if (!command_.print_offsets) return absl::OkStatus();
    for (const RecordMetadata& record : metadata_) {
      EVENTLOG_RETURN_IF_ERROR(
          output_->Append(fmt::format("{} {}\n", record.partition, record.offset)));
      EVENTLOG_RETURN_IF_ERROR(output_->Flush());
    }
    return absl::OkStatus();
  }

  const ProduceCommand& command_;
  const Topic& topic_;
  const std::vector<Header> headers_;
  const std::optional<absl::Time> timestamp_;
  Output* const output_;
  std::string name_;                     // of the input
  std::string input_;                    // read, and not appended yet
  std::vector<ProducerRecord> records_;  // views into input_ or parsed_
  std::deque<JsonRecord> parsed_;
  std::size_t record_bytes_ = 0;
  std::vector<RecordMetadata> metadata_;
  int64_t lines_ = 0;  // appended
};

struct CloseFile {
  void operator()(FILE* file) const { fclose(file); }
};
using OpenedFile = std::unique_ptr<FILE, CloseFile>;

absl::Status ProduceAll(const std::vector<Input>& inputs, LineProducer* producer) {
  for (const Input& input : inputs) EVENTLOG_RETURN_IF_ERROR(producer->Run(input));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> RunProduce(const ProduceCommand& command, int input_fd, Output* output) {
  TopicOptions options;
  EVENTLOG_RETURN_IF_ERROR(SetConfigs(command.configs, &options));
  EVENTLOG_ASSIGN_OR_RETURN(std::vector<Header> headers, ParseHeaders(command.headers));
  std::optional<absl::Time> timestamp;
  if (!command.timestamp.empty()) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t time_ms, ParseTimeMs("--timestamp", command.timestamp));
    timestamp = absl::FromUnixMillis(time_ms);
  }
  std::vector<OpenedFile> files;
  std::vector<Input> inputs;
  for (const std::string& name : command.files) {
    files.emplace_back(fopen(name.c_str(), "rbe"));
    if (files.back() == nullptr) {
      return absl::NotFoundError(fmt::format("cannot open {}: {}", name, strerror(errno)));
    }
    inputs.push_back({name, fileno(files.back().get())});
  }
  if (inputs.empty()) inputs.push_back({"", input_fd});
  EVENTLOG_ASSIGN_OR_RETURN(Log log, Log::Open({.directory = command.directory}));
  EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log.OpenTopic(command.topic, options));
  LineProducer producer(command, topic, std::move(headers), timestamp, output);
  const absl::Status status = ProduceAll(inputs, &producer);
  const absl::Status closed = log.Close();
  if (absl::IsInvalidArgument(status)) {
    // It is the input that is wrong and not, as main.cc would think, the command line.
    fprintf(stderr, "eventlog: %s\n", Describe(status).c_str());
    return kExitFailed;
  }
  EVENTLOG_RETURN_IF_ERROR(status);
  EVENTLOG_RETURN_IF_ERROR(closed);
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
