#include "log/log_options.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "eventlog/clock.h"
#include "eventlog/file_system.h"
#include "eventlog/random.h"
#include "fmt/format.h"
#include "io/absolute_path.h"

namespace eventlog::inline v1::internal {
namespace {

void CheckRange(std::string_view name, int64_t value, int64_t least, int64_t most,
                std::string* wrong) {
  if (value >= least && value <= most) return;
  *wrong += fmt::format("{}{} is {}, must be {} to {}", wrong->empty() ? "" : "; ", name, value,
                        least, most);
}

void Require(bool condition, std::string_view text, std::string* wrong) {
  if (condition) return;
  *wrong += fmt::format("{}{}", wrong->empty() ? "" : "; ", text);
}

}  // namespace

absl::Status ResolveOptions(LogOptions* options) {
  constexpr int64_t kKiB = 1 << 10;
  constexpr int64_t kMiB = 1 << 20;
  std::string wrong;
  const LogTuning& tuning = options->tuning;
  Require(options->memory == options->directory.empty(),
          "exactly one of directory and memory is to be set", &wrong);
  Require(!options->memory || options->file_system == nullptr,
          "a memory log brings its own file_system", &wrong);
  Require(!options->memory || options->open_mode == OpenMode::kCreateIfMissing,
          "a memory log cannot be an existing one", &wrong);
  CheckRange("max_write_bytes", options->max_write_bytes, 64 * kKiB, 64 * kMiB, &wrong);
  CheckRange("max_record_bytes", options->max_record_bytes, kKiB, options->max_write_bytes, &wrong);
  CheckRange("tuning.journal_bytes", tuning.journal_bytes,
             2 * std::clamp(options->max_write_bytes, kMiB / 2, 64 * kMiB), kMiB * kMiB, &wrong);
  CheckRange("tuning.max_open_files", tuning.max_open_files, 16, 1'000'000, &wrong);
  Require(tuning.batch_age >= absl::Milliseconds(1) && tuning.batch_age <= absl::Hours(1),
          "tuning.batch_age must be 1 ms to 1 h", &wrong);
  Require(tuning.checkpoint_interval >= absl::Milliseconds(10) &&
              tuning.checkpoint_interval <= absl::Hours(24),
          "tuning.checkpoint_interval must be 10 ms to 24 h", &wrong);
  if (!wrong.empty()) return MakeError(ErrorReason::kInvalidOption, "LogOptions: " + wrong);

  if (options->clock == nullptr) options->clock = Clock::System();
  if (options->file_system == nullptr) options->file_system = FileSystem::Posix();
  if (!options->memory && options->file_system == FileSystem::Posix()) {
    // Files are opened by path later, when the working directory may be another.
    options->directory = AbsolutePath(options->directory);
  }
  if (options->random == nullptr) options->random = Random::System();
  if (!options->background_thread.has_value()) {
    options->background_thread = !options->clock->IsManual();
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
