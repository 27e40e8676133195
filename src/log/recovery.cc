#include "log/recovery.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "group/offset_store.h"
#include "journal/journal_reader.h"
#include "partition/partition_recovery.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kMaxCheckpointBytes = int64_t{4} << 30;

// What most partitions have nothing of.
template <typename Value>
Value TakeFrom(std::map<PartitionKey, Value>* map, const PartitionKey& key) {
  const auto found = map->find(key);
  return found == map->end() ? Value() : std::move(found->second);
}

class LogRecovery {
 public:
  explicit LogRecovery(const RecoveryInput& input)
      : input_(input), file_system_(input.files->file_system()) {}

  absl::StatusOr<RecoveredLog> Run();

 private:
  absl::Status SyncDirectories();
  absl::Status Load();
  absl::Status CheckCatalog();
  absl::Status FindOrphans();
  absl::Status ExaminePartitions();
  absl::Status RemovePartitionDirectory(const std::string& name);
  absl::Status FinishPartitions();
  absl::Status Commit();
  void Note(const std::string& line) { recovered_.report.text += line + "\n"; }

  const RecoveryInput& input_;
  FileSystem* const file_system_;
  Checkpoint old_;
  JournalContents journal_;
  std::map<PartitionKey, PartitionCheckpoint> entries_;
  ArenaContents arena_;
  std::map<PartitionKey, std::vector<const JournalFrame*>> frames_;
  std::map<PartitionKey, std::vector<const JournalFrame*>> chunks_;
  std::map<PartitionKey, std::vector<const ArenaContents::Damaged*>> damaged_chunks_;
  std::vector<std::string> orphans_;  // directories, by name
  struct Examined {
    std::string topic;
    PartitionKey key;
    std::unique_ptr<PartitionRecovery> recovery;
  };
  std::vector<Examined> examined_;
  RecoveredLog recovered_;
};

// R14: a name that recovery believes is durable before anything is built on it.
absl::Status LogRecovery::SyncDirectories() {
  EVENTLOG_RETURN_IF_ERROR(file_system_->SyncDirectory(input_.directory));
  return file_system_->SyncDirectory(SegmentsDirectory(input_.directory));
}

absl::Status LogRecovery::Load() {
  EVENTLOG_ASSIGN_OR_RETURN(old_, ReadCheckpoint(file_system_, input_.directory));
  if (old_.log_id != input_.catalog->log_id()) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{} and {} are of different logs", CatalogPath(input_.directory),
                                 CheckpointPath(input_.directory)));
  }
  auto journal = ReadJournal(file_system_, input_.directory, old_, input_.mode);
  if (absl::IsNotFound(journal.status())) {
    return MakeError(ErrorReason::kDurableDataMissing,
                     JournalDirectory(input_.directory) + ": the journal is missing");
  }
  if (!journal.ok()) return journal.status();
  journal_ = *std::move(journal);
  EVENTLOG_ASSIGN_OR_RETURN(arena_, ReadArena(file_system_, input_.directory, old_));
  for (const std::string& line : {journal_.damage, journal_.torn}) {
    if (!line.empty()) Note(line);
  }
  for (const PartitionCheckpoint& entry : old_.partitions) {
    entries_[{entry.topic_id, entry.partition}] = entry;
  }
  for (const JournalFrame& frame : journal_.frames) {
    frames_[{frame.topic_id, frame.partition}].push_back(&frame);
  }
  for (const JournalFrame& chunk : arena_.frames) {
    chunks_[{chunk.topic_id, chunk.partition}].push_back(&chunk);
  }
  for (const ArenaContents::Damaged& damaged : arena_.damaged) {
    const PartitionKey key = {damaged.header.topic_id, damaged.header.partition};
    if (key == PartitionKey()) Note(damaged.what);
    damaged_chunks_[key].push_back(&damaged);
  }
  return absl::OkStatus();
}

// The catalog is always the first to know of a partition (R13).
absl::Status LogRecovery::CheckCatalog() {
  std::map<int32_t, int32_t> partitions;  // by topic id
  for (const CatalogTopic& topic : input_.catalog->topics()) {
    partitions[topic.id] = topic.partitions;
  }
  const auto check = [&](const PartitionKey& key, const std::string& who) {
    const auto topic = partitions.find(key.first);
    const bool known = topic != partitions.end() ? key.second < topic->second
                                                 : key.first < input_.catalog->next_topic_id();
    if (known) return absl::OkStatus();
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("{}: is older than {}, which has a partition {}-{}",
                                 CatalogPath(input_.directory), who, key.first, key.second));
  };
  for (const auto& [key, entry] : entries_) {
    EVENTLOG_RETURN_IF_ERROR(check(key, CheckpointPath(input_.directory)));
  }
  for (const auto& [key, frames] : frames_) {
    EVENTLOG_RETURN_IF_ERROR(check(key, JournalDirectory(input_.directory)));
  }
  for (const auto& [key, chunks] : chunks_) {
    EVENTLOG_RETURN_IF_ERROR(check(key, ArenaDirectory(input_.directory)));
  }
  return absl::OkStatus();
}

// Files of deleted topics (R13): the catalog forgot them first, a crash kept them.
absl::Status LogRecovery::FindOrphans() {
  std::map<int32_t, int32_t> partitions;  // by topic id
  for (const CatalogTopic& topic : input_.catalog->topics()) {
    partitions[topic.id] = topic.partitions;
  }
  EVENTLOG_ASSIGN_OR_RETURN(auto names, file_system_->List(SegmentsDirectory(input_.directory)));
  for (const std::string& name : names) {
    const auto parsed = ParsePartitionDirectoryName(name);
    if (!parsed.has_value()) continue;
    const auto topic = partitions.find(parsed->topic_id);
    if (topic != partitions.end() && parsed->partition < topic->second) continue;
    const bool deleted =
        topic == partitions.end() && parsed->topic_id < input_.catalog->next_topic_id();
    if (!deleted) {
      return MakeError(ErrorReason::kCorruptData,
                       fmt::format("{}/{}: files of a partition that the catalog has never had",
                                   SegmentsDirectory(input_.directory), name));
    }
    orphans_.push_back(name);
  }
  return absl::OkStatus();
}

absl::Status LogRecovery::RemovePartitionDirectory(const std::string& name) {
  const std::string directory = SegmentsDirectory(input_.directory) + "/" + name;
  EVENTLOG_ASSIGN_OR_RETURN(auto files, file_system_->List(directory));
  for (const std::string& file : files) {
    input_.files->Forget(directory + "/" + file);
    EVENTLOG_RETURN_IF_ERROR(file_system_->Remove(directory + "/" + file));
  }
  return file_system_->Remove(directory);
}

absl::Status LogRecovery::ExaminePartitions() {
  for (const CatalogTopic& topic : input_.catalog->topics()) {
    EVENTLOG_ASSIGN_OR_RETURN(const TopicConfig config,
                              FromConfigPairs(topic.partitions, topic.configs));
    for (int32_t number = 0; number < topic.partitions; ++number) {
      const PartitionKey key{topic.id, number};
      PartitionRecoveryInput partition;
      partition.files = input_.files;
      partition.name = NameOfPartition(input_.directory, topic, number);
      partition.config = ConfigOfPartition(config, /*memory=*/false);
      partition.checkpoint = TakeFrom(&entries_, key);
      partition.checkpoint.topic_id = topic.id;
      partition.checkpoint.partition = number;
      partition.frames = TakeFrom(&frames_, key);
      partition.chunks = TakeFrom(&chunks_, key);
      partition.damaged_chunks = TakeFrom(&damaged_chunks_, key);
      partition.leader_epoch = old_.leader_epoch;
      partition.mode = input_.mode;
      partition.now_ms = input_.now_ms;
      examined_.push_back({topic.name, key, NewPartitionRecovery(std::move(partition))});
      EVENTLOG_RETURN_IF_ERROR(examined_.back().recovery->Examine());
    }
  }
  return absl::OkStatus();
}

absl::Status LogRecovery::FinishPartitions() {
  for (const std::string& name : orphans_) {
    EVENTLOG_RETURN_IF_ERROR(RemovePartitionDirectory(name));
  }
  RecoveryReport& report = recovered_.report;
  for (const Examined& examined : examined_) {
    EVENTLOG_ASSIGN_OR_RETURN(auto result, examined.recovery->Finish());
    const auto& [topic, key, recovery] = examined;
    report.records_replayed += result.records_replayed;
    report.bytes_cut += result.bytes_cut;
    for (const std::string& note : result.notes) Note(note);
    if (result.cut_to.has_value()) {
      report.cut.push_back({topic, key.second, *result.cut_to, old_.leader_epoch, ""});
      Note(fmt::format("{}-{}: ends at offset {} now, {} bytes were cut", topic, key.second,
                       *result.cut_to, result.bytes_cut));
    }
    recovered_.checkpoint.partitions.push_back(result.checkpoint);
    if (topic == kConsumerOffsetsTopic) {
      // What was cut off its end stays in the snapshot, and its offsets are given out again.
      recovered_.checkpoint.offsets_upto =
          std::min(old_.offsets_upto, result.checkpoint.end_offset);
    }
    recovered_.partitions[key] = std::move(result.partition);
  }
  return absl::OkStatus();
}

// R16: the one commit point. Nothing of this recovery is visible before it.
absl::Status LogRecovery::Commit() {
  Checkpoint& checkpoint = recovered_.checkpoint;
  checkpoint.log_id = old_.log_id;
  checkpoint.generation = old_.generation + 1;
  checkpoint.leader_epoch = old_.leader_epoch + 1;
  checkpoint.offsets = std::move(old_.offsets);
  EVENTLOG_RETURN_IF_ERROR(file_system_->SyncDirectory(SegmentsDirectory(input_.directory)));
  return WriteCheckpoint(input_.checkpoint_file, checkpoint);
}

absl::StatusOr<RecoveredLog> LogRecovery::Run() {
  EVENTLOG_RETURN_IF_ERROR(SyncDirectories());
  EVENTLOG_RETURN_IF_ERROR(Load());
  EVENTLOG_RETURN_IF_ERROR(CheckCatalog());
  EVENTLOG_RETURN_IF_ERROR(FindOrphans());
  EVENTLOG_RETURN_IF_ERROR(ExaminePartitions());
  EVENTLOG_RETURN_IF_ERROR(FinishPartitions());
  EVENTLOG_RETURN_IF_ERROR(Commit());
  RecoveryReport& report = recovered_.report;
  report.clean = report.text.empty() && report.records_replayed == 0;
  return std::move(recovered_);
}

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(const RecoveryInput& input) {
  return LogRecovery(input).Run();
}

absl::Status WriteCheckpoint(ReplacedFile* file, const Checkpoint& checkpoint) {
  const std::string bytes = EncodeCheckpoint(checkpoint);
  if (static_cast<int64_t>(bytes.size()) > kMaxCheckpointBytes) {
    return MakeError(ErrorReason::kDiskFull, "committed offsets take more than a checkpoint has");
  }
  return file->Replace(bytes);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(FileSystem* file_system, const std::string& directory) {
  const std::string path = CheckpointPath(directory);
  auto bytes = ReadWholeFile(file_system, path, kMaxCheckpointBytes);
  if (absl::IsNotFound(bytes.status())) {
    return MakeError(ErrorReason::kDurableDataMissing, path + ": the checkpoint is missing");
  }
  if (!bytes.ok()) return bytes.status();
  auto checkpoint = DecodeCheckpoint(*bytes);
  if (!checkpoint.ok()) return Annotate(checkpoint.status(), path);
  return checkpoint;
}

PartitionName NameOfPartition(const std::string& log_directory, const CatalogTopic& topic,
                              int32_t partition) {
  return {topic.id,
          topic.name,
          {topic.uuid, partition},
          PartitionDirectory(log_directory, topic.id, partition)};
}

PartitionConfig ConfigOfPartition(const TopicConfig& config, bool memory) {
  PartitionConfig partition;
  partition.acknowledgement = memory                                   ? Acknowledgement::kMemory
                              : config.durability == Durability::kDisk ? Acknowledgement::kDisk
                                                                       : Acknowledgement::kProcess;
  partition.compression_type = config.compression_type;
  partition.segment_bytes = config.segment_bytes;
  partition.segment_ms = config.segment_ms;
  partition.batch_bytes = config.batch_bytes;
  partition.retention_ms = config.retention_ms;
  partition.retention_bytes = config.retention_bytes;
  return partition;
}

}  // namespace eventlog::inline v1::internal
