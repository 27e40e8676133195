// Histories of atomic writes that random ones come to too rarely.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog::test {
namespace {

constexpr char kDirectory[] = "log";

// As the kernel may at any time.
void WriteBack(MemoryFileSystem* disk, const std::string& directory) {
  const auto names = disk->List(directory);
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    const std::string path = directory + "/" + name;
    if (disk->List(path).ok()) {
      WriteBack(disk, path);
      continue;
    }
    auto file = disk->OpenFile(path, FileSystem::Open::kExisting);
    REQUIRE(file.ok());
    REQUIRE((*file)->SyncData().ok());
  }
  REQUIRE(disk->SyncDirectory(directory).ok());
}

bool Has(Log* log, const std::string& topic, std::string_view wanted) {
  auto consumer = log->NewConsumer({.topics = {topic}});
  REQUIRE(consumer.ok());
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    for (const auto& record : records) {
      if (record.value() == wanted) return true;
    }
  } while (!records.caught_up());
  return false;
}

// No sync was asked for when the write was acknowledged. Then one share's batch is full and goes to
// its segment, which the kernel writes back, unlike the journal.
TEST_CASE("a share that is sealed before anything was synced does not outlive the others",
          "[crash]") {
  MemoryFileSystem disk;
  ManualClock clock;
  const LogOptions options = {.directory = kDirectory, .clock = &clock, .file_system = &disk};
  const TopicOptions process = {.durability = Durability::kProcess, .batch_bytes = 1024};
  {
    auto log = Log::Open(options);
    REQUIRE(log.ok());
    auto sealed = log->OpenTopic("sealed", process);
    auto other = log->OpenTopic("other", process);
    REQUIRE(sealed.ok());
    REQUIRE(other.ok());
    WriteBatch batch;
    batch.Append(*sealed, {.value = "one"});
    batch.Append(*other, {.value = "two"});
    REQUIRE(log->Write(batch).ok());
    for (int i = 0; i < 3; ++i) {
      REQUIRE(sealed->Append({.value = std::string(1000, 'x')}).ok());
    }
    REQUIRE(log->DescribeTopic("sealed")->partitions[0].bytes > 0);
    WriteBack(&disk, std::string(kDirectory) + "/segments");
    disk.CutPower();
  }
  auto log = Log::Open(options);
  INFO(log.status());
  REQUIRE(log.ok());
  CHECK(Has(&*log, "sealed", "one") == Has(&*log, "other", "two"));
}

}  // namespace
}  // namespace eventlog::test
