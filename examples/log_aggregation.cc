// Collects the lines of text files, as they are written, in the topic `lines`; follows a file by
// its name like `tail -F`: through rotation (logrotate's FILE to FILE.1 to FILE.2) and truncation.
//
//   log_aggregation DIRECTORY FILE...    until SIGTERM or SIGINT; says how far it is
//
// Lines and the position behind them are one Write, so a restart, after a kill too, goes on exactly
// there. Never seen is what is truncated, or rotated and removed, before it was read.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

constexpr std::size_t kChunkBytes = 256 << 10;  // a longer line becomes several records
const eventlog::ConsumerGroupMetadata kGroup = {.group = "log_aggregation"};
volatile std::sig_atomic_t stopping = 0;

// The files of one name, one after another; "ours" is the one being read. Its position is kept as
// an offset of a topic named like the file, with inode and first bytes, which tell it from others.
class Tail {
 public:
  Tail(std::string path, const std::vector<eventlog::TopicPartitionOffset>& positions)
      : path_(std::move(path)) {
    for (const auto& position : positions) {
      if (position.topic != path_) continue;
      offset_ = position.offset;
      inode_ = std::strtoull(position.metadata.c_str(), nullptr, 10);
      beginning_ = position.metadata.substr(position.metadata.find(' ') + 1);
    }
  }
  std::string Where() const { return path_ + " " + std::to_string(offset_); }

  // Adds a piece of what is new, and the position behind it. False when there is nothing.
  absl::StatusOr<bool> Collect(const eventlog::Topic& lines, eventlog::WriteBatch* batch) {
    if (!file_.is_open() && !Open(FindOurs().second ? 0 : 1)) return false;
    const bool finished = Finished();  // asked before the read that may find the end
    const std::string beginning = Read(0, 64);
    const bool shorter = offset_ > 0 && Read(offset_ - 1, 1).empty();
    if (shorter || !beginning.starts_with(beginning_)) offset_ = 0;  // truncated
    const std::string chunk = Read(offset_, kChunkBytes);
    if (file_.bad()) return absl::InternalError("cannot read " + path_);
    if (chunk.empty()) return finished && Open(1);
    // Without its newline a line counts when nothing can follow it any more, or too much has.
    std::size_t complete = chunk.rfind('\n') + 1;  // 0 when there is none
    if (chunk.size() == kChunkBytes ? complete == 0 : finished) complete = chunk.size();
    if (complete == 0) return false;
    for (std::string_view rest(chunk.data(), complete); !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      batch->Append(
          lines, {.key = path_, .value = line, .headers = {{"position", std::to_string(offset_)}}});
      const std::size_t taken = std::min(line.size() + 1, rest.size());
      rest.remove_prefix(taken);
      offset_ += static_cast<int64_t>(taken);
    }
    beginning_ = beginning.substr(0, static_cast<std::size_t>(offset_));
    const std::string which = std::to_string(inode_) + " " + beginning_;
    batch->CommitOffsets(kGroup, {{.topic = path_, .offset = offset_, .metadata = which}});
    return true;
  }

 private:
  std::string Name(int age) const { return age == 0 ? path_ : path_ + "." + std::to_string(age); }
  // How often ours has been rotated, and true; or one more than the oldest there is, and false.
  std::pair<int, bool> FindOurs() const {
    int oldest = -1;
    for (int age = 0; age <= oldest + 2; ++age) {  // one may be missing: logrotate is at work
      struct stat info = {};
      if (stat(Name(age).c_str(), &info) != 0) continue;
      if (info.st_ino == inode_) return {age, true};
      oldest = age;
    }
    return {oldest + 1, false};
  }

  // True when its writer has turned to the next one.
  bool Finished() const {
    const int age = FindOurs().first;
    return age > 1 || (age == 1 && std::ifstream(path_).peek() != EOF);
  }

  // Opens ours, or what came `later` files after it. Not while they are being renamed.
  bool Open(int later) {
    const auto ours = FindOurs();
    const std::string name = Name(ours.first - later);
    std::ifstream file(name);
    struct stat info = {};
    if (!file || stat(name.c_str(), &info) != 0 || FindOurs() != ours) return false;
    if (std::exchange(inode_, info.st_ino) != info.st_ino) offset_ = 0;
    file_ = std::move(file);
    return true;
  }

  std::string Read(int64_t offset, std::size_t bytes) {
    std::string text(bytes, '\0');
    file_.clear(file_.rdstate() & std::ios::badbit);  // an error stays
    file_.seekg(offset).read(text.data(), static_cast<std::streamsize>(bytes));
    text.resize(static_cast<std::size_t>(file_.gcount()));
    return text;
  }

  std::string path_;
  std::ifstream file_;
  ino_t inode_ = 0;
  int64_t offset_ = 0;
  std::string beginning_;
};

absl::Status Aggregate(const std::string& directory, const std::vector<std::string>& files) {
  for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { stopping = 1; });
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto lines, log.OpenTopic("lines"));
  EVENTLOG_ASSIGN_OR_RETURN(const auto positions, log.CommittedOffsets(kGroup.group));
  std::vector<Tail> tails;
  for (const auto& file : files) tails.emplace_back(std::filesystem::absolute(file), positions);
  for (bool last = false;; last = stopping != 0) {  // a whole round after the signal, too
    bool idle = true;
    for (Tail& tail : tails) {
      eventlog::WriteBatch batch;
      EVENTLOG_ASSIGN_OR_RETURN(const bool some, tail.Collect(lines, &batch));
      EVENTLOG_RETURN_IF_ERROR(log.Write(batch));
      if (some) std::cout << tail.Where() << std::endl;
      idle = idle && !some;
    }
    if (idle && last) return log.Close();
    if (idle) absl::SleepFor(absl::Milliseconds(20));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc > 2 ? Aggregate(argv[1], {argv + 2, argv + argc})
               : absl::InvalidArgumentError("usage: log_aggregation DIRECTORY FILE...");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
