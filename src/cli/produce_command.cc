#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "cli/commands.h"
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

// Cuts input into lines and appends them.
class LineProducer {
 public:
  LineProducer(const ProduceCommand& command, const Topic& topic, Output* output)
      : command_(command), topic_(topic), output_(output) {}

  absl::Status Run(int fd) {
    bool more = true;
    while (more) {
      EVENTLOG_ASSIGN_OR_RETURN(more, Gather(fd));
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
        return absl::InternalError(std::string("cannot read the input: ") + strerror(errno));
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
      Add(line);
      if (records_.size() >= kAppendLines || record_bytes_ >= kAppendBytes) {
        EVENTLOG_RETURN_IF_ERROR(AppendRecords());
      }
    }
    EVENTLOG_RETURN_IF_ERROR(AppendRecords());
    input_.erase(0, input_.size() - left.size());
    return absl::OkStatus();
  }

  void Add(std::string_view line) {
    ProducerRecord record;
    record.partition = command_.partition;
    const std::string& delimiter = command_.key_delimiter;
    const std::size_t at = delimiter.empty() ? std::string_view::npos : line.find(delimiter);
    if (at != std::string_view::npos) {
      record.key = BytesView(line.substr(0, at));
      line.remove_prefix(at + delimiter.size());
    }
    record.value = BytesView(line);
    record_bytes_ += line.size();
    records_.push_back(record);
  }

  // Appends what was added. When one record is refused, those before it are appended.
  absl::Status AppendRecords() {
    absl::Span<const ProducerRecord> records = records_;
    absl::Status status = topic_.AppendAll(records, &metadata_);
    if (const auto failed = FailedIndex(status); failed.has_value() && *failed < records.size()) {
      status =
          WithContext(status, fmt::format("line {}", lines_ + static_cast<int64_t>(*failed) + 1));
      records = records.subspan(0, *failed);
      EVENTLOG_RETURN_IF_ERROR(topic_.AppendAll(records, &metadata_));
      EVENTLOG_RETURN_IF_ERROR(PrintOffsets());
      return status;
    }
    EVENTLOG_RETURN_IF_ERROR(status);
    lines_ += static_cast<int64_t>(records.size());
    records_.clear();
    record_bytes_ = 0;
    return PrintOffsets();
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
  Output* const output_;
  std::string input_;                    // read, and not appended yet
  std::vector<ProducerRecord> records_;  // views into input_
  std::size_t record_bytes_ = 0;
  std::vector<RecordMetadata> metadata_;
  int64_t lines_ = 0;  // appended
};

}  // namespace

absl::StatusOr<int> RunProduce(const ProduceCommand& command, int input_fd, Output* output) {
  TopicOptions options;
  EVENTLOG_RETURN_IF_ERROR(SetConfigs(command.configs, &options));
  EVENTLOG_ASSIGN_OR_RETURN(Log log, Log::Open({.directory = command.directory}));
  EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log.OpenTopic(command.topic, options));
  const absl::Status status = LineProducer(command, topic, output).Run(input_fd);
  const absl::Status closed = log.Close();
  EVENTLOG_RETURN_IF_ERROR(status);
  EVENTLOG_RETURN_IF_ERROR(closed);
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli
