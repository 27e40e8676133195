// The catalog: which topics there are and what they are called. Replaced atomically, as a whole.
// Names live here only; files carry ids.
//
//    0 magic u32 "ELCT" | 4 version u16 | 6 header_bytes u16 | 8 log uuid 16 bytes
//   24 next_topic_id i32 | 28 topic_count u32 | 32 body_bytes u32 | 36 reserved u32 (0)
//   40 body_hash u64 | 48 header_hash u64
//
// then topic_count topics: id i32, uuid 16 bytes, partitions i32, created_ms i64, name (u32 length,
// bytes), config_count u32, then that many key and value strings (u32 length, bytes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kCatalogFormat = {"catalog", Magic("ELCT"), 1, 56};
inline constexpr std::size_t kCatalogHeaderBytes = 56;

struct CatalogTopic {
  int32_t id = 0;  // below next_topic_id; never used twice (R13)
  Uuid uuid;
  int32_t partitions = 1;
  int64_t created_ms = 0;
  std::string name;
  std::vector<std::pair<std::string, std::string>> configs;  // Kafka's names; what was set
  friend bool operator==(const CatalogTopic&, const CatalogTopic&) = default;
};

struct CatalogFile {
  Uuid log_id;
  int32_t next_topic_id = 1;
  std::vector<CatalogTopic> topics;  // sorted by id
  friend bool operator==(const CatalogFile&, const CatalogFile&) = default;
};

std::string EncodeCatalog(const CatalogFile& catalog);
// DataLoss (kCorruptData): also ids at or above next_topic_id, ids or names twice, partitions < 1.
absl::StatusOr<CatalogFile> DecodeCatalog(std::string_view bytes);

}  // namespace eventlog::inline v1::internal
