// Topics: the catalog first, files later (R13).
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "fmt/format.h"
#include "log/log_state.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status UnknownTopic(std::string_view name) {
  return MakeError(ErrorReason::kUnknownTopic, fmt::format("there is no topic {}", name));
}

// Programs that append one record and end do not all begin with the same partition.
uint32_t RandomTurn(Random* random) {
  char bytes[sizeof(uint32_t)];
  random->Fill(absl::MakeSpan(bytes));
  return LoadLe<uint32_t>(bytes);
}

}  // namespace

// Nobody knows which catalog the disk has after a change that failed half-way: what is appended to
// a topic that may be gone could be lost, so the log stops until it is read again.
absl::Status LogState::CatalogFailed(const absl::Status& status) {
  if (!status.ok() && !absl::IsNotFound(status) && !absl::IsAlreadyExists(status) &&
      !IsDiskFull(status)) {
    return health_.Poison(Health::Failure::kSegment, status);
  }
  return status;
}

std::shared_ptr<TopicState> LogState::MakeTopicState(const CatalogTopic& topic) {
  return std::make_shared<TopicState>(shared_from_this(), topic.id, topic.name,
                                      RandomTurn(options_.random));
}

std::shared_ptr<Partition> LogState::MakePartition(const CatalogTopic& topic, int32_t number,
                                                   const TopicConfig& config,
                                                   RecoveredPartition recovered,
                                                   int32_t leader_epoch) {
  auto partition = std::make_shared<Partition>(Environment(),
                                               NameOfPartition(options_.directory, topic, number));
  partition->SetConfig(ConfigOfPartition(config, options_.memory));
  partition->Adopt(std::move(recovered), leader_epoch);
  return partition;
}

// Partitions that it does not have yet, of which nobody has written anything.
void LogState::AddPartitions(TopicState* state, const CatalogTopic& topic,
                             const TopicConfig& config) {
  int32_t epoch = 0;
  {
    MutexLock checkpointing(&checkpoint_mutex_);
    epoch = leader_epoch_;
  }
  for (auto number = static_cast<int32_t>(state->partitions().size()); number < config.partitions;
       ++number) {
    state->AddPartition(MakePartition(topic, number, config, {}, epoch));
  }
}

void LogState::Configure(TopicState* state, const TopicConfig& config) {
  for (const auto& partition : state->partitions()) {
    partition->SetConfig(ConfigOfPartition(config, options_.memory));
  }
  state->SetBatchBytes(config.batch_bytes);
  state->SetLinger(absl::Milliseconds(config.linger_ms));
}

absl::StatusOr<LogState::OpenTopicEntry> LogState::FindEntry(std::string_view name) const {
  MutexLock lock(&topics_mutex_);
  const auto found = topics_.find(name);
  if (found == topics_.end()) return UnknownTopic(name);
  return found->second;
}

absl::StatusOr<std::shared_ptr<TopicState>> LogState::FindTopic(std::string_view name) {
  EVENTLOG_ASSIGN_OR_RETURN(const OpenTopicEntry entry, FindEntry(name));
  return entry.state;
}

std::vector<std::shared_ptr<Partition>> LogState::AllPartitions() const {
  std::map<int32_t, std::shared_ptr<TopicState>> by_id;  // checkpoints list partitions by id
  {
    MutexLock lock(&topics_mutex_);
    for (const auto& [name, entry] : topics_) by_id[entry.catalog.id] = entry.state;
  }
  std::vector<std::shared_ptr<Partition>> all;
  for (const auto& [id, state] : by_id) {
    for (const auto& partition : state->partitions()) all.push_back(partition);
  }
  return all;
}

absl::StatusOr<std::shared_ptr<TopicState>> LogState::AddTopic(std::string_view name,
                                                               const TopicConfig& config) {
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  const auto added = catalog_->Add(name, config, time_.Now().wall_ms, options_.random);
  if (!added.ok()) return CatalogFailed(added.status());
  const CatalogTopic& topic = *added;
  auto state = MakeTopicState(topic);
  AddPartitions(state.get(), topic, config);
  Configure(state.get(), config);
  {
    MutexLock lock(&topics_mutex_);
    topics_[topic.name] = {topic, config, state};
  }
  RetainFromNowOn(config);  // last: a round that does not find the topic may be the last one
  return state;
}

absl::StatusOr<std::shared_ptr<TopicState>> LogState::OpenTopic(std::string_view name,
                                                                const TopicOptions& options,
                                                                bool must_be_new) {
  EVENTLOG_RETURN_IF_ERROR(CheckUserTopicName(name));
  EVENTLOG_ASSIGN_OR_RETURN(const TopicConfig config, ConfigFromOptions(options));
  MutexLock changing(&topic_change_mutex_);
  const auto entry = FindEntry(name);
  if (must_be_new || !entry.ok()) return AddTopic(name, config);
  EVENTLOG_RETURN_IF_ERROR(CheckCompatible(entry->config, options));
  return entry->state;
}

// What `disk` promises holds for the records that are there already, too; and when the catalog says
// `disk`, recovery takes every frame for proof of what lies before it.
absl::Status LogState::MakeDurableFor(const OpenTopicEntry& entry, const TopicConfig& altered) {
  const bool to_disk =
      entry.config.durability == Durability::kProcess && altered.durability == Durability::kDisk;
  if (!to_disk || options_.memory) return absl::OkStatus();
  absl::Status status;
  for (const auto& partition : entry.state->partitions()) {
    if (status.ok()) status = partition->SwitchToDisk(ConfigOfPartition(altered, false));
  }
  if (status.ok()) status = MakeCheckpoint();
  if (!status.ok()) Configure(entry.state.get(), entry.config);
  return status;
}

absl::Status LogState::AlterTopic(std::string_view name, const TopicOptions& options) {
  EVENTLOG_RETURN_IF_ERROR(CheckUserTopicName(name));
  MutexLock changing(&topic_change_mutex_);
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  EVENTLOG_ASSIGN_OR_RETURN(OpenTopicEntry entry, FindEntry(name));
  const auto altered = AlteredConfig(entry.config, options);
  if (!altered.ok()) return Annotate(altered.status(), fmt::format("topic {}", name));
  EVENTLOG_RETURN_IF_ERROR(MakeDurableFor(entry, *altered));
  const absl::Status stored = CatalogFailed(catalog_->SetConfig(entry.catalog.id, *altered));
  if (!stored.ok()) {
    Configure(entry.state.get(), entry.config);
    return stored;
  }
  const bool grows = altered->partitions > entry.config.partitions;
  Configure(entry.state.get(), *altered);
  AddPartitions(entry.state.get(), entry.catalog, *altered);
  RetainFromNowOn(*altered);
  {
    MutexLock lock(&topics_mutex_);
    if (const auto found = topics_.find(name); found != topics_.end()) {
      found->second.catalog.partitions = altered->partitions;
      found->second.config = *altered;
    }
  }
  // Consumers of the topic look how many partitions there are, those that paused all of them too.
  if (grows) sleepers_.Notify();
  return absl::OkStatus();
}

absl::Status LogState::DeleteTopic(std::string_view name) {
  EVENTLOG_RETURN_IF_ERROR(CheckUserTopicName(name));
  MutexLock changing(&topic_change_mutex_);
  EVENTLOG_RETURN_IF_ERROR(health_.Check());
  EVENTLOG_ASSIGN_OR_RETURN(const OpenTopicEntry entry, FindEntry(name));
  // First: groups that begin anew in a topic that is there are better than old offsets in a new
  // one.
  EVENTLOG_RETURN_IF_ERROR(ForgetOffsetsOf(name));
  absl::Status removed;
  {
    // No checkpoint may be at work on files that go.
    MutexLock checkpointing(&checkpoint_mutex_);
    EVENTLOG_RETURN_IF_ERROR(CatalogFailed(catalog_->Remove(entry.catalog.id)));
    entry.state->MarkDeleted();
    {
      MutexLock lock(&topics_mutex_);
      if (const auto found = topics_.find(name); found != topics_.end()) topics_.erase(found);
    }
    // All of them, whatever becomes of their files: the topic is gone, and who waits is to know.
    for (const auto& partition : entry.state->partitions()) removed.Update(partition->Delete());
  }
  // And what its consumers have committed meanwhile.
  removed.Update(ForgetOffsetsOf(name));
  sender_.SettleDropped();  // what producers had sent is told now
  return removed;
}

absl::StatusOr<TopicDescription> LogState::DescribeTopic(std::string_view name) {
  EVENTLOG_RETURN_IF_ERROR(CheckTopicName(name));
  EVENTLOG_ASSIGN_OR_RETURN(const OpenTopicEntry entry, FindEntry(name));
  TopicDescription description;
  description.name = entry.catalog.name;
  description.options = ToOptions(entry.config);
  description.no_arena = arena_->WhyOff();
  for (int32_t number = 0; number < entry.config.partitions; ++number) {
    const auto& partition = entry.state->partitions()[static_cast<std::size_t>(number)];
    const OrderedWatermarks marks = partition->watermarks();
    description.partitions.push_back(
        {{marks.log_start(), marks.last_stable(), marks.high_watermark(), marks.log_end()},
         partition->bytes()});
  }
  return description;
}

std::vector<std::string> LogState::ListTopics() const {
  std::vector<std::string> names;
  MutexLock lock(&topics_mutex_);
  for (const auto& [name, entry] : topics_) {
    if (CheckNotReserved(name).ok()) names.push_back(name);
  }
  return names;
}

// One partition, made with the first commit. `process`: a commit of `disk` topics asks for its sync
// itself, one of `process` topics does without (an offset is as durable as what it counts).
absl::StatusOr<std::shared_ptr<TopicState>> LogState::OffsetsTopic() {
  if (auto found = FindTopic(kConsumerOffsetsTopic); found.ok()) return found;
  MutexLock changing(&topic_change_mutex_);
  if (auto found = FindTopic(kConsumerOffsetsTopic); found.ok()) return found;
  TopicConfig config;
  config.durability = Durability::kProcess;
  config.segment_bytes = 1 << 20;  // what a checkpoint covers goes by whole segments
  return AddTopic(kConsumerOffsetsTopic, config);
}

}  // namespace eventlog::inline v1::internal
