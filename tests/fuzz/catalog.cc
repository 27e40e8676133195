// The input: a byte, then a catalog. The byte's lowest bit asks for good hashes, the next one for
// the length in the header that fits the body.
#include <string>

#include "catalog/topic_config.h"
#include "format/catalog_file.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {
namespace {

void MakeGood(std::string* file, bool lengths) {
  if (file->size() < internal::kCatalogHeaderBytes) return;
  if (lengths) {
    const std::size_t body_bytes = file->size() - internal::kCatalogHeaderBytes;
    internal::StoreLe(file->data() + 32, static_cast<uint32_t>(body_bytes));
  }
  MakeHashesGood(file, internal::kCatalogFormat, 0, 40);
}

// What a log makes of the configs, if anything, is stored as what means the same.
void CheckConfigs(const internal::CatalogTopic& topic) {
  const auto config = internal::FromConfigPairs(topic.partitions, topic.configs);
  if (!config.ok()) {
    EVENTLOG_ASSERT(IsRefusal(config.status()));
    return;
  }
  const auto again = internal::FromConfigPairs(config->partitions, ToConfigPairs(*config));
  EVENTLOG_ASSERT(again.ok() && *again == *config);
}

}  // namespace

FUZZ_TARGET(catalog) {
  const auto how = Take<uint8_t>(&input);
  std::string file(input);
  if ((how & 1) != 0) MakeGood(&file, (how & 2) != 0);
  const auto catalog = WithBudget(16 * file.size(), [&] { return internal::DecodeCatalog(file); });
  if (!catalog.ok()) {
    EVENTLOG_ASSERT(IsRefusal(catalog.status()));
    return Outcome::kRefused;
  }
  EVENTLOG_ASSERT(EncodeCatalog(*catalog) == file);
  for (const internal::CatalogTopic& topic : catalog->topics) {
    EVENTLOG_ASSERT(topic.id >= 0 && topic.id < catalog->next_topic_id && topic.partitions > 0);
    CheckConfigs(topic);
  }
  return Outcome::kDecoded;
}

}  // namespace eventlog::test
