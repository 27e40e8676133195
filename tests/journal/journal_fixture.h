// A journal in memory, members that want one record each in it, and what is in its files.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/health.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "io/durable_file.h"
#include "journal/journal.h"
#include "journal/journal_reader.h"
#include "partition/open_batch.h"

namespace eventlog::test {

// Wants one record with this offset in the journal, once.
class TestMember final : public internal::GroupMember {
 public:
  explicit TestMember(int64_t offset, std::size_t value_bytes = 10) : batch_(offset, 0, 0, 0) {
    const std::string value(value_bytes, 'v');
    const ProducerRecord record = {.value = value};
    if (!batch_.HasRoom(value_bytes + 100)) {
      batch_.ReplaceBuffer(batch_.LargerBuffer(value_bytes + 100));
    }
    batch_.Append(record, 0);
  }

  void Collect(internal::GroupBuilder* group) override {
    if (collected_.exchange(true)) return;
    group->Add(batch_.UnjournaledFrame(/*topic_id=*/1, /*partition=*/0));
  }
  void OnWritten(uint64_t group_sequence) override {
    if (collected_ && sequence == 0) sequence = group_sequence;
  }
  void OnSynced() override { synced = sequence != 0; }
  void OnRefused(const absl::Status& why) override {
    if (!collected_ || sequence != 0) return;
    reason = ReasonOf(why);
    refused = true;
  }

  std::atomic<uint64_t> sequence{0};  // of its group, once that is written
  std::atomic<bool> synced{false};
  std::atomic<bool> refused{false};
  std::atomic<ErrorReason> reason{ErrorReason::kNone};

 private:
  internal::OpenBatch batch_;
  std::atomic<bool> collected_{false};
};

struct FoundGroup {
  uint64_t file = 0;
  std::size_t position = 0;
  uint64_t sequence = 0;
  uint64_t synced_upto = 0;
};

struct JournalFixture {
  explicit JournalFixture(int64_t max_bytes = 4 << 20)
      : journal(&disk, "/log", max_bytes, &health) {
    log_id.bytes.fill('l');
    EVENTLOG_ASSERT(memory.CreateDirectory("/log").ok());
    EVENTLOG_ASSERT(memory.CreateDirectory("/log/journal").ok());
    EVENTLOG_ASSERT(memory.SyncDirectory("/").ok() && memory.SyncDirectory("/log").ok());
    EVENTLOG_ASSERT(journal.Start(log_id, 1).ok());
    disk.ResetCounts();
  }

  MemoryFileSystem memory;
  FaultFileSystem disk{&memory};  // what the journal sees
  internal::Health health;
  internal::Uuid log_id;
  internal::Journal journal;

  absl::Status Commit(const std::shared_ptr<TestMember>& member, bool sync) {
    const std::shared_ptr<internal::GroupMember> members[] = {member};
    return journal.Commit(members, sync, [&] {
      return member->refused || (sync ? member->synced.load() : member->sequence != 0);
    });
  }
  // Writes a record with this offset; returns its group's sequence.
  uint64_t Write(int64_t offset, bool sync, std::size_t value_bytes = 10) {
    const auto member = std::make_shared<TestMember>(offset, value_bytes);
    EVENTLOG_ASSERT(Commit(member, sync).ok());
    return member->sequence;
  }

  internal::Checkpoint Start(uint64_t generation = 1) const {
    internal::Checkpoint checkpoint;
    checkpoint.log_id = log_id;
    checkpoint.generation = generation;
    return checkpoint;
  }
  absl::StatusOr<internal::JournalContents> Read(const internal::Checkpoint& checkpoint,
                                                 RecoveryMode mode = RecoveryMode::kRefuse) {
    return internal::ReadJournal(&disk, "/log", checkpoint, mode);
  }
  // The offsets that replay.
  std::vector<int64_t> Replay(const internal::Checkpoint& checkpoint,
                              RecoveryMode mode = RecoveryMode::kRefuse) {
    const auto contents = Read(checkpoint, mode);
    EVENTLOG_ASSERT(contents.ok());
    std::vector<int64_t> offsets;
    for (const auto& frame : contents->frames) offsets.push_back(frame.first_offset);
    return offsets;
  }

  std::string Bytes(uint64_t file) {
    auto bytes = internal::ReadWholeFile(&memory, internal::JournalPath("/log", file), 1 << 30);
    EVENTLOG_ASSERT(bytes.ok());
    return *std::move(bytes);
  }
  // Every whole group of the generation, by sequence.
  std::vector<FoundGroup> Groups(uint64_t generation = 1) {
    std::vector<FoundGroup> found;
    for (uint64_t file = 0; Exists(file); ++file) {
      const std::string bytes = Bytes(file);
      for (std::size_t at = 0; at < bytes.size(); at += 8) {
        if (bytes[at] != 'E') continue;
        const auto group =
            internal::DecodeGroup(std::string_view(bytes).substr(at), generation, log_id);
        if (group.ok()) found.push_back({file, at, group->sequence, group->synced_upto});
      }
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    return found;
  }
  bool Exists(uint64_t file) {
    return memory.OpenFile(internal::JournalPath("/log", file), FileSystem::Open::kReadOnly).ok();
  }
  // Writes over bytes of a journal file, durably.
  void Overwrite(uint64_t file, std::size_t position, std::string_view bytes) {
    auto opened = memory.OpenFile(internal::JournalPath("/log", file), FileSystem::Open::kExisting);
    EVENTLOG_ASSERT(opened.ok());
    EVENTLOG_ASSERT((*opened)->WriteAt(static_cast<int64_t>(position), {bytes}).ok());
    EVENTLOG_ASSERT((*opened)->SyncData().ok());
  }
  void Damage(const FoundGroup& group) { Overwrite(group.file, group.position + 60, "damaged"); }
};

}  // namespace eventlog::test
