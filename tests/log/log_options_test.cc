#include "log/log_options.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "eventlog/file_system.h"
#include "eventlog/random.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog::internal {
namespace {

LogOptions Memory() {
  LogOptions options;
  options.memory = true;
  return options;
}

template <typename Change>
bool Accepts(Change change) {
  LogOptions options = Memory();
  change(&options);
  const absl::Status status = ResolveOptions(&options);
  if (!status.ok()) CHECK(ReasonOf(status) == ErrorReason::kInvalidOption);
  return status.ok();
}

TEST_CASE("the defaults are accepted and the seams filled in", "[log]") {
  LogOptions options = Memory();
  REQUIRE(ResolveOptions(&options).ok());
  CHECK(options.clock == Clock::System());
  CHECK(options.file_system == FileSystem::Posix());
  CHECK(options.random == Random::System());
  CHECK(options.background_thread == true);
}

TEST_CASE("a clock that is moved by hand means no thread unless one is asked for", "[log]") {
  ManualClock clock;
  LogOptions options = Memory();
  options.clock = &clock;
  REQUIRE(ResolveOptions(&options).ok());
  CHECK(options.background_thread == false);
  LogOptions asking = Memory();
  asking.clock = &clock;
  asking.background_thread = true;
  REQUIRE(ResolveOptions(&asking).ok());
  CHECK(asking.background_thread == true);
}

TEST_CASE("every range ends where the header says", "[log]") {
  constexpr int64_t kKiB = 1 << 10;
  constexpr int64_t kMiB = 1 << 20;
  const auto write_bytes = [](int64_t bytes) {
    return Accepts([bytes](LogOptions* options) {
      options->max_write_bytes = bytes;
      options->max_record_bytes = 1 << 10;
      options->tuning.journal_bytes = int64_t{1} << 30;
    });
  };
  CHECK(write_bytes(64 * kKiB));
  CHECK(write_bytes(64 * kMiB));
  CHECK_FALSE(write_bytes(64 * kKiB - 1));
  CHECK_FALSE(write_bytes(64 * kMiB + 1));
  CHECK_FALSE(write_bytes(std::numeric_limits<int64_t>::max()));
  const auto record_bytes = [](int64_t bytes) {
    return Accepts([bytes](LogOptions* options) { options->max_record_bytes = bytes; });
  };
  CHECK(record_bytes(kKiB));
  CHECK(record_bytes(16 * kMiB));
  CHECK_FALSE(record_bytes(kKiB - 1));
  CHECK_FALSE(record_bytes(16 * kMiB + 1));
  const auto journal_bytes = [](int64_t bytes, int64_t most_of_a_write) {
    return Accepts([=](LogOptions* options) {
      options->max_write_bytes = most_of_a_write;
      options->max_record_bytes = 1 << 10;
      options->tuning.journal_bytes = bytes;
    });
  };
  CHECK(journal_bytes(kMiB, 64 * kKiB));
  CHECK_FALSE(journal_bytes(kMiB - 1, 64 * kKiB));
  CHECK(journal_bytes(8 * kMiB, 4 * kMiB));
  CHECK_FALSE(journal_bytes(8 * kMiB - 1, 4 * kMiB));
  CHECK(journal_bytes(kMiB * kMiB, kMiB));
  CHECK_FALSE(journal_bytes(kMiB * kMiB + 1, kMiB));
  const auto open_files = [](int32_t files) {
    return Accepts([files](LogOptions* options) { options->tuning.max_open_files = files; });
  };
  CHECK(open_files(16));
  CHECK(open_files(1'000'000));
  CHECK_FALSE(open_files(15));
  CHECK_FALSE(open_files(1'000'001));
  const auto batch_age = [](absl::Duration age) {
    return Accepts([age](LogOptions* options) { options->tuning.batch_age = age; });
  };
  CHECK(batch_age(absl::Milliseconds(1)));
  CHECK(batch_age(absl::Hours(1)));
  CHECK_FALSE(batch_age(absl::Microseconds(999)));
  CHECK_FALSE(batch_age(absl::Hours(1) + absl::Nanoseconds(1)));
  const auto interval = [](absl::Duration checkpoints) {
    return Accepts([=](LogOptions* options) { options->tuning.checkpoint_interval = checkpoints; });
  };
  CHECK(interval(absl::Milliseconds(10)));
  CHECK(interval(absl::Hours(24)));
  CHECK_FALSE(interval(absl::Milliseconds(9)));
  CHECK_FALSE(interval(absl::InfiniteDuration()));
  const auto retention = [](absl::Duration checks) {
    return Accepts([=](LogOptions* options) { options->tuning.retention_check_interval = checks; });
  };
  CHECK(retention(absl::Milliseconds(10)));
  CHECK(retention(absl::Hours(24)));
  CHECK_FALSE(retention(absl::Milliseconds(9)));
  CHECK_FALSE(retention(absl::InfiniteDuration()));
}

TEST_CASE("a mode that is none is refused", "[log]") {
  CHECK_FALSE(Accepts([](LogOptions* options) { options->open_mode = static_cast<OpenMode>(2); }));
  CHECK_FALSE(
      Accepts([](LogOptions* options) { options->recovery_mode = static_cast<RecoveryMode>(-1); }));
  CHECK(Accepts([](LogOptions* options) { options->recovery_mode = RecoveryMode::kSkipDamaged; }));
}

TEST_CASE("options that cannot be together are both named", "[log]") {
  const auto refusal = [](int64_t write_bytes, int64_t record_bytes, int64_t journal_bytes) {
    LogOptions options = Memory();
    options.max_write_bytes = write_bytes;
    options.max_record_bytes = record_bytes;
    options.tuning.journal_bytes = journal_bytes;
    return std::string(ToStd(ResolveOptions(&options).message()));
  };
  CHECK(refusal(1 << 20, (1 << 20) + 1, 2 << 20) ==
        "LogOptions: max_record_bytes is 1048577, more than max_write_bytes, which is 1048576");
  CHECK(refusal(1 << 20, 1 << 20, (2 << 20) - 1) ==
        "LogOptions: tuning.journal_bytes is 2097151, less than twice max_write_bytes, which is "
        "1048576");
}

TEST_CASE("exactly one of directory and memory is to be given", "[log]") {
  LogOptions neither;
  CHECK_FALSE(ResolveOptions(&neither).ok());
  LogOptions both = Memory();
  both.directory = "shop";
  CHECK_FALSE(ResolveOptions(&both).ok());
  MemoryFileSystem files;
  LogOptions memory_twice = Memory();
  memory_twice.file_system = &files;
  CHECK_FALSE(ResolveOptions(&memory_twice).ok());
  LogOptions existing = Memory();
  existing.open_mode = OpenMode::kExisting;
  CHECK_FALSE(ResolveOptions(&existing).ok());
}

TEST_CASE("the bound of the batch cache has a range", "[log]") {
  constexpr int64_t kMiB = 1 << 20;
  const auto cache_bytes = [](int64_t bytes) {
    return Accepts([bytes](LogOptions* options) { options->tuning.cache_bytes = bytes; });
  };
  CHECK(cache_bytes(0));
  CHECK(cache_bytes(kMiB * kMiB));
  CHECK_FALSE(cache_bytes(-1));
  CHECK_FALSE(cache_bytes(kMiB * kMiB + 1));
}

TEST_CASE("all that is wrong is listed at once and nothing is changed", "[log]") {
  LogOptions options;
  options.max_record_bytes = 1;
  options.max_write_bytes = 1;
  options.tuning = {1, 1, -1, absl::ZeroDuration(), absl::ZeroDuration(), absl::ZeroDuration()};
  options.open_mode = static_cast<OpenMode>(7);
  const absl::Status status = ResolveOptions(&options);
  for (const char* name : {"directory", "max_write_bytes", "max_record_bytes", "journal_bytes",
                           "max_open_files", "cache_bytes", "batch_age", "checkpoint_interval",
                           "retention_check_interval", "open_mode"}) {
    INFO(name);
    CHECK(ToStd(status.message()).find(name) != std::string_view::npos);
  }
  CHECK(options.clock == nullptr);
}

TEST_CASE("a relative directory stays the one of the opening", "[log]") {
  LogOptions options;
  options.directory = "shop";
  REQUIRE(ResolveOptions(&options).ok());
  CHECK(options.directory.front() == '/');
  CHECK(options.directory.substr(options.directory.size() - 5) == "/shop");
  MemoryFileSystem files;
  LogOptions in_memory;
  in_memory.directory = "shop";
  in_memory.file_system = &files;
  REQUIRE(ResolveOptions(&in_memory).ok());
  CHECK(in_memory.directory == "shop");
}

}  // namespace
}  // namespace eventlog::internal
