#include "log/log_state.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "io/durable_file.h"
#include "log/log_options.h"

namespace eventlog::internal {
namespace {

std::shared_ptr<LogState> MakeState(FileSystem* files, OpenMode mode = OpenMode::kCreateIfMissing,
                                    Random* random = nullptr) {
  LogOptions options;
  options.random = random;
  options.directory = "log";
  options.file_system = files;
  options.open_mode = mode;
  options.background_thread = false;
  REQUIRE(ResolveOptions(&options).ok());
  return std::make_shared<LogState>(std::move(options));
}

class Sevens : public Random {
  void Fill(absl::Span<char> bytes) override { std::fill(bytes.begin(), bytes.end(), '7'); }
};

TEST_CASE("a log whose creation was cut short is created again", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto first = MakeState(&files);
  files.ResetCounts();
  REQUIRE(first->Open().ok());
  REQUIRE(first->Close(absl::InfiniteDuration()).ok());
  const int64_t syncs = files.Count("SyncDirectory");
  REQUIRE(syncs > 3);
  for (int64_t cut = 0; cut < syncs; ++cut) {
    MemoryFileSystem fresh;
    FaultFileSystem failing(&fresh);
    int64_t left = cut;
    failing.Intercept([&](const FaultFileSystem::Call& call) {
      if (call.name != "SyncDirectory" || left-- > 0) return absl::OkStatus();
      fresh.CutPower();
      return MakeError(absl::StatusCode::kInternal, "power cut");
    });
    auto state = MakeState(&failing);
    const absl::Status opened = state->Open();
    if (!opened.ok()) state->Abandon();
    state.reset();
    failing.Heal();
    auto again = MakeState(&failing);
    const absl::Status second = again->Open();
    INFO("cut at sync " << cut << ": " << opened << ", then " << second);
    REQUIRE(second.ok());
    CHECK(again->OpenTopic("t", {}).ok());
    CHECK(again->Close(absl::InfiniteDuration()).ok());
  }
}

// Its names may not be durable: what was killed had no time to sync them. With another log id they
// would be written again.
TEST_CASE("what a creation that was killed has left is made durable by the next", "[log]") {
  int64_t calls = 0;
  {
    MemoryFileSystem memory;
    FaultFileSystem files(&memory);
    REQUIRE(MakeState(&files)->Open().ok());
    calls = files.Count();
  }
  for (int64_t last = 0; last < calls; ++last) {
    MemoryFileSystem memory;
    FaultFileSystem killed(&memory);
    killed.Intercept([last](const FaultFileSystem::Call& call) {
      return call.number > last ? absl::UnavailableError("killed") : absl::OkStatus();
    });
    Sevens sevens;
    MakeState(&killed, OpenMode::kCreateIfMissing, &sevens)->Open().IgnoreError();
    FaultFileSystem cut(&memory);  // as soon as there is a checkpoint
    cut.Intercept([](const FaultFileSystem::Call& call) {
      const bool reads_it = call.name == "ReadAt" && call.path == CheckpointPath("log");
      return reads_it ? absl::UnavailableError("cut") : absl::OkStatus();
    });
    MakeState(&cut, OpenMode::kCreateIfMissing, &sevens)->Open().IgnoreError();
    memory.CutPower();
    const absl::Status opened = MakeState(&memory)->Open();
    INFO("killed behind call " << last << ": " << opened);
    CHECK(opened.ok());
  }
}

TEST_CASE("a log that lost a file is not taken for a new one", "[log]") {
  MemoryFileSystem files;
  {
    auto state = MakeState(&files);
    REQUIRE(state->Open().ok());
    REQUIRE(state->OpenTopic("t", {}).ok());
    REQUIRE(state->Close(absl::InfiniteDuration()).ok());
  }
  const std::string path = GENERATE(CheckpointPath("log"), CatalogPath("log"));
  const bool topics = path == CheckpointPath("log");
  const std::string bytes = *ReadWholeFile(&files, path, 1 << 20);
  REQUIRE(files.Remove(path).ok());
  auto state = MakeState(&files);
  const absl::Status opened = state->Open();
  INFO(path << ": " << opened);
  CHECK_FALSE(opened.ok());
  if (topics) CHECK(ReasonOf(opened) == ErrorReason::kDurableDataMissing);
  state->Abandon();
  state.reset();
  REQUIRE(ReplaceFile(&files, path, bytes).ok());
  auto healed = MakeState(&files);
  CHECK(healed->Open().ok());
  CHECK(healed->FindTopic("t").ok());
  CHECK(healed->Close(absl::InfiniteDuration()).ok());
}

TEST_CASE("opening an existing log makes nothing", "[log]") {
  MemoryFileSystem files;
  auto state = MakeState(&files, OpenMode::kExisting);
  CHECK(ReasonOf(state->Open()) == ErrorReason::kDirectoryNotFound);
  CHECK(files.List("/")->empty());
}

TEST_CASE("each opening has a higher leader epoch", "[log]") {
  MemoryFileSystem files;
  int32_t last = -1;
  for (int round = 0; round < 3; ++round) {
    auto state = MakeState(&files);
    REQUIRE(state->Open().ok());
    const auto topic = state->OpenTopic("t", {});
    REQUIRE(topic.ok());
    const int32_t epoch = (*topic)->partitions().front()->leader_epoch();
    CHECK(epoch > last);
    last = epoch;
    REQUIRE(state->Close(absl::InfiniteDuration()).ok());
  }
}

TEST_CASE("segments without catalog and checkpoint are not taken for a new log", "[log]") {
  MemoryFileSystem files;
  {
    auto state = MakeState(&files);
    REQUIRE(state->Open().ok());
    const auto topic = state->OpenTopic("t", {});
    REQUIRE(topic.ok());
    REQUIRE(CreateDirectories(&files, PartitionDirectory("log", 1, 0)).ok());
    REQUIRE(state->Close(absl::InfiniteDuration()).ok());
  }
  REQUIRE(files.Remove(CheckpointPath("log")).ok());
  REQUIRE(files.Remove(CatalogPath("log")).ok());
  FaultFileSystem looking(&files);
  const bool cannot_look = GENERATE(false, true);
  looking.Intercept([cannot_look](const FaultFileSystem::Call& call) {
    const bool fails = cannot_look && call.name == "List" && call.path == SegmentsDirectory("log");
    return fails ? absl::InternalError("broken") : absl::OkStatus();
  });
  auto state = MakeState(&looking);
  CHECK_FALSE(state->Open().ok());
  state->Abandon();
  CHECK_FALSE(files.OpenFile(CatalogPath("log"), FileSystem::Open::kReadOnly).ok());
}

}  // namespace
}  // namespace eventlog::internal
