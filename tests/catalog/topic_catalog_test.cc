#include "catalog/topic_catalog.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "io/durable_file.h"

namespace eventlog::internal {
namespace {

struct Disk {
  Disk() { REQUIRE(memory.CreateDirectory("log").ok()); }
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
};

absl::StatusOr<CatalogTopic> Add(TopicCatalog* catalog, std::string_view name,
                                 int32_t partitions = 2) {
  TopicConfig config;
  config.partitions = partitions;
  return catalog->Add(name, config, 1234, Random::System());
}

TEST_CASE("a catalog that is loaded again has what was added", "[catalog]") {
  Disk disk;
  const Uuid log_id = Uuid::Generate(Random::System());
  TopicCatalog catalog(&disk.files, "log");
  REQUIRE(catalog.Create(log_id).ok());
  const auto orders = Add(&catalog, "orders", 3);
  REQUIRE(orders.ok());
  REQUIRE(Add(&catalog, "carts").ok());

  TopicCatalog loaded(&disk.files, "log");
  REQUIRE(loaded.Load().ok());
  CHECK(loaded.log_id() == log_id);
  REQUIRE(loaded.topics().size() == 2);
  const CatalogTopic found = loaded.topics().front();
  CHECK(found.id == orders->id);
  CHECK(found.name == "orders");
  CHECK(found.uuid == orders->uuid);
  CHECK(found.partitions == 3);
  CHECK(found.created_ms == 1234);
  CHECK(loaded.topics().back().uuid != orders->uuid);
}

TEST_CASE("the id of a topic is never given again", "[catalog]") {
  Disk disk;
  TopicCatalog catalog(&disk.files, "log");
  REQUIRE(catalog.Create(Uuid::Generate(Random::System())).ok());
  const auto first = Add(&catalog, "orders");
  REQUIRE(first.ok());
  REQUIRE(catalog.Remove(first->id).ok());
  CHECK(catalog.topics().empty());
  TopicCatalog loaded(&disk.files, "log");
  REQUIRE(loaded.Load().ok());
  const auto second = Add(&loaded, "orders");
  REQUIRE(second.ok());
  CHECK(second->id > first->id);
  CHECK(second->uuid != first->uuid);
}

TEST_CASE("a name is there once and an id that is not there is unknown", "[catalog]") {
  Disk disk;
  TopicCatalog catalog(&disk.files, "log");
  REQUIRE(catalog.Create(Uuid::Generate(Random::System())).ok());
  REQUIRE(Add(&catalog, "orders").ok());
  CHECK(ReasonOf(Add(&catalog, "orders").status()) == ErrorReason::kTopicExists);
  CHECK(ReasonOf(catalog.Remove(77)) == ErrorReason::kUnknownTopic);
  CHECK(ReasonOf(catalog.SetConfig(77, {})) == ErrorReason::kUnknownTopic);
  CHECK(catalog.topics().size() == 1);
}

TEST_CASE("a changed config is stored with the partitions that it adds", "[catalog]") {
  Disk disk;
  TopicCatalog catalog(&disk.files, "log");
  REQUIRE(catalog.Create(Uuid::Generate(Random::System())).ok());
  const auto topic = Add(&catalog, "orders");
  REQUIRE(topic.ok());
  TopicConfig config;
  config.partitions = 3;
  config.durability = Durability::kProcess;
  config.segment_bytes = 1 << 20;
  REQUIRE(catalog.SetConfig(topic->id, config).ok());
  TopicCatalog loaded(&disk.files, "log");
  REQUIRE(loaded.Load().ok());
  const CatalogTopic found = loaded.topics().front();
  CHECK(*FromConfigPairs(found.partitions, found.configs) == config);
}

TEST_CASE("a change that fails has changed nothing", "[catalog]") {
  Disk disk;
  TopicCatalog catalog(&disk.files, "log");
  REQUIRE(catalog.Create(Uuid::Generate(Random::System())).ok());
  const auto topic = Add(&catalog, "orders");
  REQUIRE(topic.ok());
  for (const std::string_view failing : {"OpenFile", "WriteAt", "SyncData", "Rename"}) {
    disk.files.Intercept([&](const FaultFileSystem::Call& call) {
      return call.name == failing ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
    });
    INFO(failing);
    CHECK(ReasonOf(Add(&catalog, "carts").status()) == ErrorReason::kDiskFull);
    CHECK_FALSE(catalog.Remove(topic->id).ok());
    CHECK(catalog.topics().size() == 1);
    disk.files.Heal();
    TopicCatalog loaded(&disk.files, "log");
    REQUIRE(loaded.Load().ok());
    CHECK(loaded.topics().size() == 1);
  }
  CHECK(Add(&catalog, "carts").ok());
}

TEST_CASE("a catalog that is missing or damaged or newer is told apart", "[catalog]") {
  Disk disk;
  TopicCatalog catalog(&disk.files, "log");
  CHECK(absl::IsNotFound(catalog.Load()));
  REQUIRE(catalog.Create(Uuid::Generate(Random::System())).ok());
  REQUIRE(Add(&catalog, "orders").ok());
  std::string bytes = *ReadWholeFile(&disk.files, CatalogPath("log"), 1 << 20);
  for (const std::size_t at : {std::size_t{0}, std::size_t{30}, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    REQUIRE(ReplaceFile(&disk.files, CatalogPath("log"), damaged).ok());
    TopicCatalog loaded(&disk.files, "log");
    const absl::Status status = loaded.Load();
    INFO(at << ": " << status.ToString());
    CHECK(ReasonOf(status) == ErrorReason::kCorruptData);
    CHECK(status.message().find("catalog") != absl::string_view::npos);
    CHECK(loaded.topics().empty());
  }
}

TEST_CASE("a catalog with a config that cannot be is refused with the topic's name", "[catalog]") {
  Disk disk;
  CatalogFile file;
  file.next_topic_id = 2;
  file.topics.emplace_back();
  file.topics[0].id = 1;
  file.topics[0].name = "orders";
  file.topics[0].partitions = 1;
  file.topics[0].configs = {{"segment.bytes", "many"}};
  REQUIRE(ReplaceFile(&disk.files, CatalogPath("log"), EncodeCatalog(file)).ok());
  TopicCatalog catalog(&disk.files, "log");
  const absl::Status refused = catalog.Load();
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK(refused.message().find("topic orders") != absl::string_view::npos);
  CHECK(catalog.topics().empty());
}

}  // namespace
}  // namespace eventlog::internal
