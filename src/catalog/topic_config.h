// A topic's config with every field resolved, and the three forms it comes in: what a caller asked
// for (TopicOptions, where unset means "not asked for"), what the catalog stores (pairs of text
// under Kafka's names), and plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/options.h"

namespace eventlog::inline v1::internal {

inline constexpr int32_t kMaxPartitions = 10'000;
inline constexpr int64_t kUnlimited = -1;  // Kafka's, of a retention

struct TopicConfig {
  int32_t partitions = 1;
  Durability durability = Durability::kDisk;
  CompressionType compression_type = CompressionType::kNone;
  int64_t segment_bytes = int64_t{64} << 20;
  int64_t batch_bytes = int64_t{64} << 10;
  int64_t segment_ms = int64_t{7} * 24 * 3600 * 1000;
  int64_t retention_ms = kUnlimited;
  int64_t retention_bytes = kUnlimited;
  int64_t linger_ms = 0;
  friend bool operator==(const TopicConfig&, const TopicConfig&) = default;
};

using ConfigPairs = std::vector<std::pair<std::string, std::string>>;

// The config of a topic made with these options. InvalidArgument (kInvalidOption): every field and
// what fields mean together is checked, and the message lists all that is wrong.
absl::StatusOr<TopicConfig> ConfigFromOptions(const TopicOptions& options);

// `stored` with the fields that `asked` sets. Errors as ConfigFromOptions, judging the result;
// partitions can only become more.
absl::StatusOr<TopicConfig> AlteredConfig(const TopicConfig& stored, const TopicOptions& asked);

// Whether a topic stored as `stored` is what `asked` asks for: each field that is set is equal.
// FailedPrecondition (kConfigMismatch): names each field that differs and both values.
// InvalidArgument as ConfigFromOptions.
absl::Status CheckCompatible(const TopicConfig& stored, const TopicOptions& asked);

// Options with every field set, for descriptions. What has no field of its own is in `configs`.
TopicOptions ToOptions(const TopicConfig& config);

// Every config but the number of partitions, as the catalog stores it.
ConfigPairs ToConfigPairs(const TopicConfig& config);
// The way back; what is not stored has its default. Unimplemented (kNewerFormat): a key, or a word
// as value, that this version does not know; DataLoss (kCorruptData): a number that is none or out
// of range, a key twice, or `partitions` out of range.
absl::StatusOr<TopicConfig> FromConfigPairs(int32_t partitions, const ConfigPairs& pairs);

// Kafka's rule: 1 to 249 of a-z, A-Z, 0-9, '.', '_', '-'; not "." or "..". InvalidArgument
// (kInvalidTopicName).
absl::Status CheckTopicName(std::string_view name);
// PermissionDenied (kReservedTopic) for names that begin with "__": those are the log's own.
absl::Status CheckNotReserved(std::string_view name);
// Both of them: for topics that a program makes, alters and deletes.
absl::Status CheckUserTopicName(std::string_view name);

}  // namespace eventlog::inline v1::internal
