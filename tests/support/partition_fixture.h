// Partitions with everything they work with, over a disk in memory that can fail and lose power,
// and their recovery.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/event_queue.h"
#include "base/health.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/record.h"
#include "io/durable_file.h"
#include "io/file_cache.h"
#include "journal/journal.h"
#include "journal/journal_reader.h"
#include "partition/append_wait.h"
#include "partition/partition.h"
#include "partition/partition_recovery.h"
#include "support/batch_factory.h"

namespace eventlog::test {

inline constexpr int32_t kTopicId = 1;

// `count` values, each of `bytes` bytes and of another letter than its neighbours.
inline std::vector<std::string> Values(int count, std::size_t bytes = 10, int first = 0) {
  std::vector<std::string> values;
  for (int i = first; i < first + count; ++i) {
    values.emplace_back(bytes, static_cast<char>('a' + i % 26));
  }
  return values;
}

inline std::vector<ProducerRecord> RecordsOf(const std::vector<std::string>& values) {
  std::vector<ProducerRecord> records(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) records[i].value = BytesView(values[i]);
  return records;
}

// The values in a batch's records section.
inline std::vector<std::string> ValuesOf(std::string_view section) {
  std::vector<std::string> values;
  while (!section.empty()) {
    internal::EncodedRecord record;
    EVENTLOG_ASSERT(internal::DecodeRecord(&section, &record).ok());
    values.emplace_back(record.value, record.value_size);
  }
  return values;
}

class PartitionFixture {
 public:
  explicit PartitionFixture(int64_t journal_bytes = 64 << 20)
      : journal(&disk, "/log", journal_bytes, &health) {
    log_id.bytes.fill('l');
    for (const char* directory : {"/log", "/log/journal", "/log/segments"}) {
      EVENTLOG_ASSERT(internal::CreateDirectories(&memory, directory).ok());
    }
    EVENTLOG_ASSERT(journal.Start(log_id, 1).ok());
    no_arena.Start(log_id, 1);
  }

  MemoryFileSystem memory;
  FaultFileSystem disk{&memory};  // what journal and partitions see
  internal::FileCache files{&disk, 100};
  internal::BatchCache cache{1 << 20};
  internal::Health health;
  internal::EventQueue events{nullptr};
  ManualClock clock;
  internal::LogTime time{&clock};
  std::atomic<bool> any_rolled{false};
  internal::Uuid log_id;
  internal::Journal journal;
  internal::Arena no_arena{&disk, "/log"};  // a memory file system maps nothing
  internal::Arena* arena = &no_arena;       // of the partitions that are made next

  static internal::PartitionConfig Config(internal::Acknowledgement acknowledgement) {
    internal::PartitionConfig config;
    config.acknowledgement = acknowledgement;
    return config;
  }
  internal::PartitionName Name(int32_t number) const {
    return {kTopicId, "topic", TestIdentity(number),
            internal::PartitionDirectory("/log", kTopicId, number)};
  }
  std::string SegmentFile(int32_t number, int64_t base_offset) const {
    return internal::SegmentPath(Name(number).directory, base_offset);
  }

  // An empty partition.
  std::shared_ptr<internal::Partition> Make(int32_t number,
                                            const internal::PartitionConfig& config = {}) {
    return Make(number, config, {}, 1);
  }
  std::shared_ptr<internal::Partition> Make(int32_t number, const internal::PartitionConfig& config,
                                            internal::RecoveredPartition recovered,
                                            int32_t leader_epoch) {
    const internal::PartitionEnvironment environment = {
        &files, &cache, &journal, arena, &health, &clock, &events, &time, &any_rolled};
    auto partition = std::make_shared<internal::Partition>(environment, Name(number));
    partition->SetConfig(config);
    partition->Adopt(std::move(recovered), leader_epoch);
    return partition;
  }

  int64_t NowMs() const { return time.NowMs(); }
  absl::StatusOr<internal::StagedAppend> Stage(
      const std::shared_ptr<internal::Partition>& partition,
      const std::vector<std::string>& values) {
    EVENTLOG_ASSIGN_OR_RETURN(auto ticket, partition->Stage(RecordsOf(values), time.Now()));
    return internal::StagedAppend{partition, ticket};
  }
  absl::Status Await(const internal::StagedAppend& staged) {
    return internal::AwaitAppends(&journal, {&staged, 1});
  }
  absl::Status Append(const std::shared_ptr<internal::Partition>& partition,
                      const std::vector<std::string>& values) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto staged, Stage(partition, values));
    return Await(staged);
  }

  // Everything visible from `offset` on, by offset; stops at an error, which goes to *status.
  static std::vector<std::string> Read(internal::Partition* partition, int64_t offset = 0,
                                       absl::Status* status = nullptr) {
    std::vector<std::string> values;
    internal::FetchCursor cursor;
    while (offset < partition->high_watermark()) {
      std::vector<internal::StoredBatch> batches;
      const absl::Status read = partition->Read(offset, 1 << 20, &cursor, &batches);
      if (status != nullptr) *status = read;
      if (!read.ok()) break;
      EVENTLOG_ASSERT(!batches.empty());
      for (const internal::StoredBatch& batch : batches) {
        std::string_view section = batch.records;
        while (!section.empty()) {
          internal::EncodedRecord record;
          EVENTLOG_ASSERT(internal::DecodeRecord(&section, &record).ok());
          if (batch.header.base_offset + record.offset_delta < offset) continue;
          values.emplace_back(record.value, record.value_size);
        }
        offset = batch.header.next_offset();
      }
    }
    return values;
  }

  // The journal's frames of one partition, as recovery from an empty checkpoint sees them. The
  // fixture keeps their bytes.
  std::vector<const internal::JournalFrame*> Frames(int32_t number) {
    internal::Checkpoint checkpoint;
    checkpoint.log_id = log_id;
    checkpoint.generation = 1;
    auto contents = internal::ReadJournal(&disk, "/log", checkpoint, RecoveryMode::kRefuse);
    EVENTLOG_ASSERT(contents.ok());
    contents_.push_back(std::make_unique<internal::JournalContents>(*std::move(contents)));
    std::vector<const internal::JournalFrame*> frames;
    for (const auto& frame : contents_.back()->frames) {
      if (frame.partition == number) frames.push_back(&frame);
    }
    return frames;
  }

  // What recovery gets after a crash, all descriptors closed.
  internal::PartitionRecoveryInput RecoveryInput(int32_t number,
                                                 const internal::PartitionConfig& config = {}) {
    files.ForgetAll();
    internal::PartitionRecoveryInput input;
    input.files = &files;
    input.name = Name(number);
    input.config = config;
    input.checkpoint.topic_id = kTopicId;
    input.checkpoint.partition = number;
    input.frames = Frames(number);
    input.leader_epoch = 1;
    input.now_ms = NowMs();
    return input;
  }
  // The partition after a crash, read whole, as values.
  std::vector<std::string> ReadRecovered(int32_t number, internal::PartitionRecoveryResult result,
                                         const internal::PartitionConfig& config = {}) {
    const int64_t start = result.partition.log_start_offset;
    const auto partition = Make(number, config, std::move(result.partition), 2);
    absl::Status status;
    auto values = Read(partition.get(), start, &status);
    EVENTLOG_ASSERT(status.ok());
    return values;
  }
  std::vector<std::string> Recovered(int32_t number, const internal::PartitionConfig& config = {}) {
    auto result = internal::RecoverPartition(RecoveryInput(number, config));
    EVENTLOG_ASSERT(result.ok());
    return ReadRecovered(number, *std::move(result), config);
  }

  bool Exists(const std::string& path) {
    return memory.OpenFile(path, FileSystem::Open::kReadOnly).ok();
  }
  std::string Bytes(const std::string& path) {
    auto bytes = internal::ReadWholeFile(&memory, path, 1 << 30);
    EVENTLOG_ASSERT(bytes.ok());
    return *std::move(bytes);
  }
  // Every file below a partition's directory, with its bytes.
  std::map<std::string, std::string> Snapshot(int32_t number) {
    std::map<std::string, std::string> snapshot;
    auto names = memory.List(Name(number).directory);
    if (!names.ok()) return snapshot;
    for (const std::string& name : *names)
      snapshot[name] = Bytes(Name(number).directory + "/" + name);
    return snapshot;
  }
  // Writes a file anew, or over the bytes of one that is there, durably.
  void WriteFile(const std::string& path, int64_t position, std::string_view bytes) {
    auto file = memory.OpenFile(path, FileSystem::Open::kExisting);
    if (!file.ok()) {
      EVENTLOG_ASSERT(internal::CreateDirectories(&memory, internal::ParentDirectory(path)).ok());
      file = memory.OpenFile(path, FileSystem::Open::kCreateNew);
    }
    EVENTLOG_ASSERT(file.ok() && (*file)->WriteAt(position, {bytes}).ok());
    EVENTLOG_ASSERT((*file)->SyncData().ok());
    EVENTLOG_ASSERT(memory.SyncDirectory(internal::ParentDirectory(path)).ok());
  }

 private:
  std::vector<std::unique_ptr<internal::JournalContents>> contents_;
};

// A hook that fails these calls for lack of space, on paths that contain `part`.
inline FaultFileSystem::Interceptor DiskFullOn(std::string call, std::string part) {
  return [call = std::move(call), part = std::move(part)](const FaultFileSystem::Call& made) {
    return made.name == call && made.path.find(part) != std::string::npos
               ? internal::MakeError(ErrorReason::kDiskFull, "full")
               : absl::OkStatus();
  };
}

}  // namespace eventlog::test
