#include "catalog/topic_catalog.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "io/durable_file.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kMaxCatalogBytes = int64_t{256} << 20;

auto FindTopic(CatalogFile* catalog, int32_t id) {
  return std::find_if(catalog->topics.begin(), catalog->topics.end(),
                      [id](const CatalogTopic& topic) { return topic.id == id; });
}

absl::Status UnknownTopic(int32_t id) {
  return MakeError(ErrorReason::kUnknownTopic, fmt::format("there is no topic of id {}", id));
}

}  // namespace

TopicCatalog::TopicCatalog(FileSystem* file_system, std::string log_directory)
    : file_system_(file_system), path_(CatalogPath(log_directory)), file_(file_system, path_) {}

absl::Status TopicCatalog::Create(const Uuid& log_id) {
  MutexLock change(&change_mutex_);
  CatalogFile empty;
  empty.log_id = log_id;
  return Replace(std::move(empty));
}

absl::Status TopicCatalog::Load() {
  EVENTLOG_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadWholeFile(file_system_, path_, kMaxCatalogBytes));
  auto loaded = DecodeCatalog(bytes);
  if (!loaded.ok()) return Annotate(loaded.status(), path_);
  for (const CatalogTopic& topic : loaded->topics) {
    auto config = FromConfigPairs(topic.partitions, topic.configs);
    if (!config.ok()) return Annotate(config.status(), path_ + ": topic " + topic.name);
  }
  MutexLock lock(&mutex_);
  catalog_ = *std::move(loaded);
  return absl::OkStatus();
}

Uuid TopicCatalog::log_id() const {
  MutexLock lock(&mutex_);
  return catalog_.log_id;
}

int32_t TopicCatalog::next_topic_id() const {
  MutexLock lock(&mutex_);
  return catalog_.next_topic_id;
}

std::vector<CatalogTopic> TopicCatalog::topics() const { return Copy().topics; }

CatalogFile TopicCatalog::Copy() const {
  MutexLock lock(&mutex_);
  return catalog_;
}

absl::Status TopicCatalog::Replace(CatalogFile changed) {
  if (file_system_ != nullptr) EVENTLOG_RETURN_IF_ERROR(file_.Replace(EncodeCatalog(changed)));
  MutexLock lock(&mutex_);
  catalog_ = std::move(changed);
  return absl::OkStatus();
}

absl::StatusOr<CatalogTopic> TopicCatalog::Add(std::string_view name, const TopicConfig& config,
                                               int64_t created_ms, Random* random) {
  MutexLock change(&change_mutex_);
  CatalogFile changed = Copy();
  for (const CatalogTopic& topic : changed.topics) {
    if (topic.name == name) {
      return MakeError(ErrorReason::kTopicExists, fmt::format("topic {} exists already", name));
    }
  }
  CatalogTopic topic;
  topic.id = changed.next_topic_id++;
  topic.uuid = Uuid::Generate(random);
  topic.partitions = config.partitions;
  topic.created_ms = created_ms;
  topic.name = std::string(name);
  topic.configs = ToConfigPairs(config);
  changed.topics.push_back(topic);
  EVENTLOG_RETURN_IF_ERROR(Replace(std::move(changed)));
  return topic;
}

absl::Status TopicCatalog::SetConfig(int32_t id, const TopicConfig& config) {
  MutexLock change(&change_mutex_);
  CatalogFile changed = Copy();
  const auto topic = FindTopic(&changed, id);
  if (topic == changed.topics.end()) return UnknownTopic(id);
  topic->partitions = config.partitions;
  topic->configs = ToConfigPairs(config);
  return Replace(std::move(changed));
}

absl::Status TopicCatalog::Remove(int32_t id) {
  MutexLock change(&change_mutex_);
  CatalogFile changed = Copy();
  const auto topic = FindTopic(&changed, id);
  if (topic == changed.topics.end()) return UnknownTopic(id);
  changed.topics.erase(topic);
  return Replace(std::move(changed));
}

}  // namespace eventlog::inline v1::internal
