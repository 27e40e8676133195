#include "format/catalog_file.h"

#include <algorithm>
#include <unordered_set>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kMinTopicBytes = 40;  // with an empty name and no configs
constexpr std::size_t kMinConfigBytes = 8;  // two lengths

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("catalog: {}", why));
}

// What cannot be in a catalog; null when all of it can.
const char* Problem(const CatalogFile& catalog) {
  std::unordered_set<std::string_view> names;
  int32_t last_id = -1;
  for (const CatalogTopic& topic : catalog.topics) {
    if (topic.id <= last_id || topic.id >= catalog.next_topic_id) return "topic id";
    if (topic.partitions < 1) return "partition count";
    if (topic.name.empty()) return "empty name";
    if (!names.insert(topic.name).second) return "name that is there twice";
    last_id = topic.id;
  }
  return nullptr;
}

void AppendTopic(std::string* to, const CatalogTopic& topic) {
  AppendLe(to, topic.id);
  to->append(topic.uuid.view());
  AppendLe(to, topic.partitions);
  AppendLe(to, topic.created_ms);
  AppendString(to, topic.name);
  AppendLe(to, static_cast<uint32_t>(topic.configs.size()));
  for (const auto& [key, value] : topic.configs) {
    AppendString(to, key);
    AppendString(to, value);
  }
}

bool ReadTopic(ByteReader* reader, CatalogTopic* topic) {
  topic->id = reader->Read<int32_t>();
  const std::string_view uuid = reader->ReadBytes(topic->uuid.bytes.size());
  std::copy(uuid.begin(), uuid.end(), topic->uuid.bytes.begin());
  topic->partitions = reader->Read<int32_t>();
  topic->created_ms = reader->Read<int64_t>();
  topic->name = reader->ReadString();
  const auto config_count = reader->Read<uint32_t>();
  if (!reader->ok() || config_count > reader->remaining() / kMinConfigBytes) return false;
  topic->configs.reserve(config_count);
  for (uint32_t i = 0; i < config_count; ++i) {
    const std::string_view key = reader->ReadString();
    const std::string_view value = reader->ReadString();
    topic->configs.emplace_back(key, value);
  }
  return reader->ok();
}

}  // namespace

std::string EncodeCatalog(const CatalogFile& catalog) {
  EVENTLOG_ASSERT(Problem(catalog) == nullptr);
  std::string bytes(kCatalogHeaderBytes, '\0');
  for (const CatalogTopic& topic : catalog.topics) AppendTopic(&bytes, topic);
  const std::size_t body_bytes = bytes.size() - kCatalogHeaderBytes;
  EVENTLOG_ASSERT(body_bytes <= UINT32_MAX);

  char* to = bytes.data();
  std::copy(catalog.log_id.bytes.begin(), catalog.log_id.bytes.end(), to + 8);
  StoreLe(to + 24, catalog.next_topic_id);
  StoreLe(to + 28, static_cast<uint32_t>(catalog.topics.size()));
  StoreLe(to + 32, static_cast<uint32_t>(body_bytes));
  StoreLe(to + 40, Hash64({to + kCatalogHeaderBytes, body_bytes}));
  FinishHeader(to, kCatalogFormat, 0);
  return bytes;
}

absl::StatusOr<CatalogFile> DecodeCatalog(std::string_view bytes) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, kCatalogFormat, 0));
  const char* from = bytes.data();
  const std::string_view body = bytes.substr(kCatalogHeaderBytes);
  const auto topic_count = LoadLe<uint32_t>(from + 28);
  if (body.size() != LoadLe<uint32_t>(from + 32)) return Corrupt("impossible length");
  if (LoadLe<uint32_t>(from + 36) != 0) return Corrupt("impossible reserved field");
  if (Hash64(body) != LoadLe<uint64_t>(from + 40)) return Corrupt("body hash does not match");
  if (topic_count > body.size() / kMinTopicBytes) return Corrupt("impossible topic count");

  CatalogFile catalog;
  std::copy_n(from + 8, catalog.log_id.bytes.size(), catalog.log_id.bytes.begin());
  catalog.next_topic_id = LoadLe<int32_t>(from + 24);
  catalog.topics.resize(topic_count);
  ByteReader reader(body);
  for (CatalogTopic& topic : catalog.topics) {
    if (!ReadTopic(&reader, &topic)) return Corrupt("a topic does not fit");
  }
  if (reader.remaining() != 0) return Corrupt("bytes after the last topic");
  if (catalog.next_topic_id < 0) return Corrupt("impossible next topic id");
  if (const char* problem = Problem(catalog); problem != nullptr) {
    return Corrupt(fmt::format("impossible {}", problem));
  }
  return catalog;
}

}  // namespace eventlog::inline v1::internal
