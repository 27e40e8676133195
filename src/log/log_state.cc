#include "log/log_state.h"

#include <iterator>
#include <set>
#include <utility>

#include "base/callback_scope.h"
#include "base/error.h"
#include "eventlog/testing/memory_file_system.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr char kMemoryDirectory[] = "memory";
constexpr std::size_t kDirtyFilesFactor = 5;

}  // namespace

LogState::LogState(LogOptions options)
    : LogCore(options.clock, options.observer, {options.max_record_bytes, options.max_write_bytes}),
      options_(std::move(options)),
      file_system_(options_.file_system) {
  if (options_.memory) {
    memory_ = std::make_unique<MemoryFileSystem>();
    file_system_ = memory_.get();
    options_.directory = kMemoryDirectory;
  }
  const auto max_open_files = static_cast<std::size_t>(options_.tuning.max_open_files);
  files_ =
      std::make_unique<FileCache>(file_system_, max_open_files, kDirtyFilesFactor * max_open_files);
  batches_ = std::make_unique<BatchCache>(options_.tuning.cache_bytes);
  journal_ = std::make_unique<Journal>(file_system_, options_.directory,
                                       options_.tuning.journal_bytes, &health_);
  arena_ = std::make_unique<Arena>(file_system_, options_.directory);
  checkpoint_file_ =
      std::make_unique<ReplacedFile>(file_system_, CheckpointPath(options_.directory));
  catalog_ =
      std::make_unique<TopicCatalog>(options_.memory ? nullptr : file_system_, options_.directory);
  scheduler_ =
      std::make_unique<Scheduler>(clock_, *options_.background_thread, [this] { AfterTask(); });
  AddTasks();
}

LogState::~LogState() = default;

PartitionEnvironment LogState::Environment() {
  return {files_.get(), batches_.get(), journal_.get(), arena_.get(), &health_,
          clock_,       &events_,       &time_,         &rolled_};
}

absl::Status LogState::OpenDirectory() {
  if (options_.open_mode == OpenMode::kExisting) {
    const absl::Status exists = file_system_->List(options_.directory).status();
    if (absl::IsNotFound(exists)) {
      return MakeError(ErrorReason::kDirectoryNotFound, options_.directory + ": no such directory");
    }
    EVENTLOG_RETURN_IF_ERROR(exists);
  } else {
    EVENTLOG_RETURN_IF_ERROR(CreateDirectories(file_system_, options_.directory));
  }
  EVENTLOG_ASSIGN_OR_RETURN(lock_, file_system_->LockDirectory(options_.directory));
  return absl::OkStatus();
}

// The checkpoint is the last thing that a creation writes, the catalog the one before: without a
// checkpoint and with no topic there is nothing yet that could be lost.
absl::StatusOr<bool> LogState::IsNewLog() {
  const absl::Status checkpoint =
      file_system_->OpenFile(CheckpointPath(options_.directory), FileSystem::Open::kReadOnly)
          .status();
  if (checkpoint.ok()) return false;
  if (!absl::IsNotFound(checkpoint)) return checkpoint;
  absl::Status catalog = catalog_->Load();
  if (absl::IsNotFound(catalog)) {
    // Segments without catalog: not a log that was never finished, but one that lost its files.
    auto segments = file_system_->List(SegmentsDirectory(options_.directory));
    if (absl::IsNotFound(segments.status())) return true;
    EVENTLOG_RETURN_IF_ERROR(segments);
    return segments->empty();
  }
  EVENTLOG_RETURN_IF_ERROR(catalog);
  return catalog_->topics().empty() && catalog_->next_topic_id() == 1;
}

absl::Status LogState::CreateLog() {
  RecoveredLog created;
  created.checkpoint.log_id = Uuid::Generate(options_.random);
  created.checkpoint.generation = 1;
  created.checkpoint.leader_epoch = 1;
  created.report.clean = true;
  if (options_.memory) {
    EVENTLOG_RETURN_IF_ERROR(
        CreateDirectories(file_system_, SegmentsDirectory(options_.directory)));
    EVENTLOG_RETURN_IF_ERROR(catalog_->Create(created.checkpoint.log_id));
  } else {
    EVENTLOG_RETURN_IF_ERROR(CreateFiles(created.checkpoint));
  }
  return Begin(&created, absl::ZeroDuration());
}

absl::Status LogState::CreateFiles(const Checkpoint& first) {
  for (const std::string& directory :
       {SegmentsDirectory(options_.directory), JournalDirectory(options_.directory)}) {
    const absl::Status made = file_system_->CreateDirectory(directory);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  }
  // It syncs the directory that has those two.
  EVENTLOG_RETURN_IF_ERROR(catalog_->Create(first.log_id));
  // Its list of files is to be there whenever a checkpoint is.
  EVENTLOG_RETURN_IF_ERROR(journal_->Start(first.log_id, first.generation));
  EVENTLOG_RETURN_IF_ERROR(WriteCheckpoint(checkpoint_file_.get(), first));
  arena_->Start(first.log_id, first.generation);
  return absl::OkStatus();
}

absl::Status LogState::Open() {
  MutexLock lifecycle(&lifecycle_mutex_);
  EVENTLOG_RETURN_IF_ERROR(options_.memory ? CreateLog() : OpenOrCreate());
  open_ = true;
  ScheduleRetention(absl::ZeroDuration());  // a log that is never open for long keeps to it, too
  return absl::OkStatus();
}

absl::Status LogState::OpenOrCreate() {
  EVENTLOG_RETURN_IF_ERROR(OpenDirectory());
  EVENTLOG_ASSIGN_OR_RETURN(const bool is_new, IsNewLog());
  if (!is_new) return Recover(options_.recovery_mode);
  if (options_.open_mode == OpenMode::kExisting) {
    return MakeError(ErrorReason::kDirectoryNotFound, options_.directory + ": there is no log");
  }
  return CreateLog();
}

void LogState::Abandon() {
  scheduler_->Stop();
  files_->ForgetAll();
  journal_->Close();
  arena_->Close();
  lock_.reset();
  Topics topics;
  MutexLock lock(&topics_mutex_);
  topics.swap(topics_);
}

absl::Status LogState::Recover(RecoveryMode mode) {
  files_->ForgetAll();
  const absl::Status loaded = catalog_->Load();
  if (absl::IsNotFound(loaded)) {
    return MakeError(ErrorReason::kDurableDataMissing,
                     CatalogPath(options_.directory) + ": the catalog is missing");
  }
  EVENTLOG_RETURN_IF_ERROR(loaded);
  const absl::Duration start = clock_->Monotonic();
  const RecoveryInput input = {
      files_.get(), options_.directory, checkpoint_file_.get(), catalog_.get(),
      mode,         time_.NowMs()};
  // What a repair has mended and told, a second run would not find any more.
  if (mode != RecoveryMode::kRefuse) static_cast<void>(journal_->ReleaseReserve());
  auto recovery = RecoverLog(input);
  if (IsDiskFull(recovery.status()) && journal_->ReleaseReserve()) {
    files_->ForgetAll();
    recovery = RecoverLog(input);  // from the start, as after a crash
  }
  EVENTLOG_ASSIGN_OR_RETURN(RecoveredLog recovered, std::move(recovery));
  EVENTLOG_RETURN_IF_ERROR(
      journal_->Start(recovered.checkpoint.log_id, recovered.checkpoint.generation));
  arena_->Start(recovered.checkpoint.log_id, recovered.checkpoint.generation);
  return Begin(&recovered, clock_->Monotonic() - start);
}

absl::Status LogState::Begin(RecoveredLog* recovered, absl::Duration took) {
  AdoptRecovered(recovered);
  EVENTLOG_RETURN_IF_ERROR(LoadOffsets(&recovered->checkpoint));
  events_.Push(
      {.kind = LogEvent::Kind::kRecovered,
       .bytes = recovered->report.bytes_cut,
       .duration = took,
       .message = fmt::format("recovered as generation {}: {} records replayed, {} bytes "
                              "cut",
                              recovered->checkpoint.generation, recovered->report.records_replayed,
                              recovered->report.bytes_cut)});
  return absl::OkStatus();
}

// Handles that are out keep their TopicState; its partitions start again from what was recovered.
void LogState::AdoptRecovered(RecoveredLog* recovered) {
  {
    MutexLock checkpointing(&checkpoint_mutex_);
    generation_ = recovered->checkpoint.generation;
    leader_epoch_ = recovered->checkpoint.leader_epoch;
  }
  MutexLock lock(&topics_mutex_);
  report_ = recovered->report;
  // A change of the catalog that failed half-way may have deleted a topic, or given it partitions,
  // after all.
  std::set<std::string, std::less<>> names;
  for (const CatalogTopic& topic : catalog_->topics()) names.insert(topic.name);
  for (auto at = topics_.begin(); at != topics_.end();) {
    if (!names.contains(at->first)) at->second.state->MarkDeleted();
    at = names.contains(at->first) ? std::next(at) : topics_.erase(at);
  }
  for (const CatalogTopic& topic : catalog_->topics()) {
    OpenTopicEntry& entry = topics_[topic.name];
    if (entry.state == nullptr) entry.state = MakeTopicState(topic);
    entry.catalog = topic;
    entry.config = *FromConfigPairs(topic.partitions, topic.configs);
    const auto known = static_cast<int32_t>(entry.state->partitions().size());
    for (int32_t number = 0; number < topic.partitions; ++number) {
      RecoveredPartition& partition = recovered->partitions[{topic.id, number}];
      if (number < known) {
        entry.state->partitions()[static_cast<std::size_t>(number)]->Adopt(
            std::move(partition), recovered->checkpoint.leader_epoch);
      } else {
        entry.state->AddPartition(MakePartition(topic, number, entry.config, std::move(partition),
                                                recovered->checkpoint.leader_epoch));
      }
    }
    Configure(entry.state.get(), entry.config);
  }
}

absl::Status LogState::Reopen() {
  EVENTLOG_RETURN_IF_ERROR(CheckNotInCallback("Log::Reopen"));
  const absl::Status recovered = RecoverPoisoned();
  sender_.Deliver();
  return recovered;
}

absl::Status LogState::RecoverPoisoned() {
  MutexLock lifecycle(&lifecycle_mutex_);
  if (!open_ || closing_) return ClosedError("the log");
  if (!health_.poisoned()) return absl::OkStatus();
  KeepOut(health_.Check(), absl::InfiniteDuration());
  MutexLock changing(&topic_change_mutex_);
  absl::Status status;
  scheduler_->RunAlone([&] {
    // Before partitions start again: the tickets of what producers have sent are of now.
    sender_.FailAll(health_.Check());
    const bool from_memory = health_.failure() == Health::Failure::kJournal;
    status = from_memory ? ReopenFromMemory() : Recover(RecoveryMode::kRefuse);
    if (from_memory && IsDiskFull(status) && journal_->ReleaseReserve()) {
      status = ReopenFromMemory();
    }
  });
  if (status.ok()) {
    health_.Clear();
    poisoning_told_.store(false);
    ScheduleRetention(absl::ZeroDuration());  // the catalog may have one after all
  }
  gate_.Open();
  sleepers_.Notify();
  return status;
}

// R19: the journal cannot be trusted, memory and segments can. What was acknowledged goes from
// memory into segments; the old journal is never read again.
absl::Status LogState::ReopenFromMemory() {
  MutexLock checkpointing(&checkpoint_mutex_);
  Checkpoint checkpoint;
  checkpoint.log_id = catalog_->log_id();
  checkpoint.generation = generation_ + 1;
  checkpoint.leader_epoch = leader_epoch_ + 1;
  const std::vector<std::shared_ptr<Partition>> partitions = AllPartitions();
  for (const auto& partition : partitions) {
    EVENTLOG_ASSIGN_OR_RETURN(auto entry, partition->ReopenFromMemory(checkpoint.leader_epoch));
    checkpoint.partitions.push_back(entry);
  }
  SnapshotOffsets(&checkpoint);
  EVENTLOG_RETURN_IF_ERROR(WriteCheckpoint(checkpoint_file_.get(), checkpoint));
  EVENTLOG_RETURN_IF_ERROR(journal_->Start(checkpoint.log_id, checkpoint.generation));
  arena_->Start(checkpoint.log_id, checkpoint.generation);
  generation_ = checkpoint.generation;
  leader_epoch_ = checkpoint.leader_epoch;
  return absl::OkStatus();
}

absl::Status LogState::Close(absl::Duration timeout) {
  EVENTLOG_RETURN_IF_ERROR(CheckNotInCallback("Log::Close"));
  const absl::Status closed = Shutdown(timeout);
  if (ReasonOf(closed) != ErrorReason::kTimedOut) sender_.DeliverAll();
  return closed;
}

absl::Status LogState::Shutdown(absl::Duration timeout) {
  MutexLock lifecycle(&lifecycle_mutex_);
  if (!open_) return absl::OkStatus();
  closing_ = true;
  const bool all_left = KeepOut(ClosedError("the log"), timeout);
  sleepers_.Notify();
  if (!all_left) {
    return MakeError(ErrorReason::kTimedOut, "calls of this log are still under way");
  }
  open_ = false;
  scheduler_->Stop();
  sender_.RunToEnd();
  absl::Status status = CloseFiles();
  files_->ForgetAll();
  journal_->Close();
  arena_->Close();
  lock_.reset();
  MutexLock lock(&topics_mutex_);
  topics_.clear();  // they hold this log
  return status;
}

bool LogState::KeepOut(const absl::Status& why, absl::Duration timeout) {
  if (!gate_.Shut(why, timeout)) return false;
  // Most appends only look whether the gate is open.
  for (const auto& partition : AllPartitions()) partition->CloseOpenBatch();
  return true;
}

// A last checkpoint, so that the next opening has nothing to replay.
absl::Status LogState::CloseFiles() {
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  if (options_.memory) return absl::OkStatus();
  // The journal first: on a disk that is gone, nothing is written any more.
  EVENTLOG_RETURN_IF_ERROR(journal_->SyncAndMark().status());
  for (const auto& partition : AllPartitions()) EVENTLOG_RETURN_IF_ERROR(partition->SealAll());
  for (const auto& partition : AllPartitions()) {
    EVENTLOG_RETURN_IF_ERROR(partition->TrimForClose());
  }
  return MakeCheckpoint();
}

RecoveryReport LogState::recovery_report() const {
  MutexLock lock(&topics_mutex_);
  return report_;
}

}  // namespace eventlog::inline v1::internal
