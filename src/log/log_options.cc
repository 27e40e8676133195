#include "log/log_options.h"

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

void CheckTuning(const LogTuning& tuning, std::string* wrong) {
  constexpr int64_t kMiB = 1 << 20;
  CheckRange("tuning.journal_bytes", tuning.journal_bytes, kMiB, kMiB * kMiB, wrong);
  CheckRange("tuning.max_open_files", tuning.max_open_files, 16, 1'000'000, wrong);
  CheckRange("tuning.cache_bytes", tuning.cache_bytes, 0, kMiB * kMiB, wrong);
  Require(tuning.batch_age >= absl::Milliseconds(1) && tuning.batch_age <= absl::Hours(1),
          "tuning.batch_age must be 1 ms to 1 h", wrong);
  Require(tuning.checkpoint_interval >= absl::Milliseconds(10) &&
              tuning.checkpoint_interval <= absl::Hours(24),
          "tuning.checkpoint_interval must be 10 ms to 24 h", wrong);
  Require(tuning.retention_check_interval >= absl::Milliseconds(10) &&
              tuning.retention_check_interval <= absl::Hours(24),
          "tuning.retention_check_interval must be 10 ms to 24 h", wrong);
}

// What cannot be together, each being well by itself.
void CheckCombinations(const LogOptions& options, std::string* wrong) {
  if (options.max_record_bytes > options.max_write_bytes) {
    *wrong += fmt::format("max_record_bytes is {}, more than max_write_bytes, which is {}",
                          options.max_record_bytes, options.max_write_bytes);
  }
  if (options.tuning.journal_bytes < 2 * options.max_write_bytes) {
    *wrong += fmt::format(
        "{}tuning.journal_bytes is {}, less than twice max_write_bytes, which is "
        "{}",
        wrong->empty() ? "" : "; ", options.tuning.journal_bytes, options.max_write_bytes);
  }
}

}  // namespace

absl::Status ResolveOptions(LogOptions* options) {
  constexpr int64_t kKiB = 1 << 10;
  constexpr int64_t kMiB = 1 << 20;
  std::string wrong;
  Require(options->memory == options->directory.empty(),
          "exactly one of directory and memory is to be set", &wrong);
  Require(!options->memory || options->file_system == nullptr,
          "a memory log brings its own file_system", &wrong);
  Require(!options->memory || options->open_mode == OpenMode::kCreateIfMissing,
          "a memory log cannot be an existing one", &wrong);
  Require(
      options->open_mode == OpenMode::kCreateIfMissing || options->open_mode == OpenMode::kExisting,
      "open_mode is none of OpenMode", &wrong);
  Require(options->recovery_mode == RecoveryMode::kRefuse ||
              options->recovery_mode == RecoveryMode::kTruncate ||
              options->recovery_mode == RecoveryMode::kSkipDamaged,
          "recovery_mode is none of RecoveryMode", &wrong);
  CheckRange("max_write_bytes", options->max_write_bytes, 64 * kKiB, 64 * kMiB, &wrong);
  CheckRange("max_record_bytes", options->max_record_bytes, kKiB, 64 * kMiB, &wrong);
  CheckTuning(options->tuning, &wrong);
  if (wrong.empty()) CheckCombinations(*options, &wrong);
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
