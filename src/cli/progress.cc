#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/table.h"
#include "eventlog/clock.h"
#include "fmt/format.h"
#include "format/file_names.h"

namespace eventlog::inline v1::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMuchBytes = int64_t{64} << 20;
constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr absl::Duration kInterval = absl::Milliseconds(200);
constexpr int kBarColumns = 24;
// To the start of the line, and erase what is there.
constexpr char kErase[] = "\r\033[K";

std::string Seconds(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  return seconds < 60 ? fmt::format("{} s", seconds)
                      : fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
}

void Write(const std::string& text) {
  fputs(text.c_str(), stderr);
  fflush(stderr);
}

}  // namespace

Progress::Progress(Work work, bool wanted) : work_(std::move(work)) {
  if (wanted && isatty(STDERR_FILENO) != 0) thread_ = std::thread([this] { Draw(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    internal::MutexLock lock(&mutex_);
    ended_ = true;
    ended_changed_.NotifyAll();
  }
  thread_.join();
}

void Progress::Draw() {
  Clock* const clock = Clock::System();
  const absl::Duration start = clock->Monotonic();
  bool drawn = false;
  internal::MutexLock lock(&mutex_);
  while (!ended_) {
    const absl::Duration elapsed = clock->Monotonic() - start;
    if (work_.total_bytes >= kMuchBytes || elapsed >= kPatience) {
      Write(kErase + Line(work_, done_bytes_.load(std::memory_order_relaxed), elapsed));
      drawn = true;
    }
    ended_changed_.WaitFor(&mutex_, kInterval);
  }
  if (drawn) Write(kErase);
}

std::string Progress::Line(const Work& work, int64_t done_bytes, absl::Duration elapsed) {
  if (work.total_bytes <= 0) {
    return fmt::format("{}: {}, {} so far", work.what, HumanBytes(work.size_bytes),
                       Seconds(elapsed));
  }
  // More than was counted at first may be there by now.
  const double part =
      std::min(1.0, static_cast<double>(done_bytes) / static_cast<double>(work.total_bytes));
  const auto filled = static_cast<std::size_t>(part * kBarColumns);
  std::string line =
      fmt::format("{} [{}{}] {:3.0f}% of {}", work.what, std::string(filled, '#'),
                  std::string(kBarColumns - filled, '.'), part * 100, HumanBytes(work.total_bytes));
  if (part > 0 && elapsed >= kPatience) {
    line += fmt::format(", {} left", Seconds(elapsed * (1 / part - 1)));
  }
  return line;
}

int64_t SegmentBytes(const std::string& log_directory) {
  int64_t bytes = 0;
  std::error_code error;
  const std::string directory = internal::SegmentsDirectory(log_directory);
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const auto file_bytes = at->path().extension() == ".log" ? at->file_size(gone) : 0;
    if (!gone) bytes += static_cast<int64_t>(file_bytes);
  }
  return bytes;
}

}  // namespace eventlog::inline v1::cli
