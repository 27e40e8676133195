#include "catalog/topic_config.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>

#include "base/error.h"
#include "catalog/edit_distance.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

// A field of TopicConfig, read and written as a number whatever its type, so that each rule below
// is written once for all of them.
struct Field {
  std::string_view key;  // Kafka's name; the field's own with dots
  int64_t min;
  int64_t max;
  std::array<std::string_view, 2> words;  // the text of 0 and 1 for an enum; empty for a number
  int64_t (*get)(const TopicConfig&);
  void (*set)(TopicConfig*, int64_t);

  bool is_word() const { return !words[0].empty(); }
};

template <auto kMember>
int64_t Get(const TopicConfig& config) {
  return static_cast<int64_t>(config.*kMember);
}

template <auto kMember>
void Set(TopicConfig* config, int64_t value) {
  auto& member = config->*kMember;
  member = static_cast<std::remove_reference_t<decltype(member)>>(value);
}

template <auto kMember>
constexpr Field NumberField(std::string_view key, int64_t min, int64_t max) {
  return {key, min, max, {}, &Get<kMember>, &Set<kMember>};
}

template <auto kMember>
constexpr Field WordField(std::string_view key, std::string_view zero, std::string_view one) {
  return {key, 0, 1, {zero, one}, &Get<kMember>, &Set<kMember>};
}

// 292 years: as a Duration, too, it is an exact number of nanoseconds.
constexpr int64_t kMaxMilliseconds = std::numeric_limits<int64_t>::max() / 1'000'000;

enum FieldIndex : std::size_t {
  kPartitionsField,
  kDurabilityField,
  kCompressionField,
  kSegmentBytesField,
  kBatchBytesField,
  kSegmentMsField,
  kFieldCount,
};

constexpr std::array<Field, kFieldCount> kFields = {
    NumberField<&TopicConfig::partitions>("partitions", 1, kMaxPartitions),
    WordField<&TopicConfig::durability>("durability", "disk", "process"),
    WordField<&TopicConfig::compression_type>("compression.type", "none", "lz4"),
    NumberField<&TopicConfig::segment_bytes>("segment.bytes", 64 << 10, 1 << 30),
    NumberField<&TopicConfig::batch_bytes>("batch.bytes", 1 << 10, 1 << 20),
    NumberField<&TopicConfig::segment_ms>("segment.ms", 1, kMaxMilliseconds),
};
static_assert(static_cast<int>(Durability::kDisk) == 0 &&
              static_cast<int>(Durability::kProcess) == 1);
static_assert(static_cast<int>(CompressionType::kNone) == 0 &&
              static_cast<int>(CompressionType::kLz4) == 1);

// The number of partitions is no config: it is not stored as text nor set from it.
constexpr std::size_t kFirstConfig = kPartitionsField + 1;

std::optional<std::size_t> FindConfig(std::string_view key) {
  for (std::size_t i = kFirstConfig; i < kFieldCount; ++i) {
    if (kFields[i].key == key) return i;
  }
  return std::nullopt;
}

std::string WithDots(std::string_view key) {
  std::string dotted(key);
  for (char& c : dotted) {
    if (c == '_') c = '.';
  }
  return dotted;
}

std::string_view NearestKey(std::string_view key) {
  std::string_view nearest = kFields[kFirstConfig].key;
  for (std::size_t i = kFirstConfig; i < kFieldCount; ++i) {
    if (EditDistance(key, kFields[i].key) < EditDistance(key, nearest)) nearest = kFields[i].key;
  }
  return nearest;
}

std::string ValueText(const Field& field, int64_t value) {
  if (!field.is_word()) return fmt::format("{}", value);
  return std::string(field.words[static_cast<std::size_t>(value)]);
}

// What is wrong with a value, for people; empty when nothing is.
std::string ValueProblem(const Field& field, int64_t value) {
  if (value >= field.min && value <= field.max) return {};
  return fmt::format("{} is {}; it must be {} to {}", field.key, value, field.min, field.max);
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseValue(const Field& field, std::string_view text) {
  if (!field.is_word()) return ParseNumber(text);
  for (std::size_t i = 0; i < field.words.size(); ++i) {
    if (field.words[i] == text) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

// What options ask for: one value per field, nullopt when unset, and all that is wrong with them.
struct Asked {
  std::array<std::optional<int64_t>, kFieldCount> values = {};
  std::vector<std::string> problems;

  void Set(std::size_t index, int64_t value) {
    if (values[index]) problems.push_back(fmt::format("{} is set twice", kFields[index].key));
    std::string problem = ValueProblem(kFields[index], value);
    if (!problem.empty()) problems.push_back(std::move(problem));
    values[index] = value;
  }
  void SetNumber(std::size_t index, int64_t value) {
    if (value != 0) Set(index, value);
  }
  void SetText(std::string_view key, std::string_view text) {
    const auto index = FindConfig(WithDots(key));
    if (!index) {
      problems.push_back(fmt::format("unknown config \"{}\"; did you mean \"{}\"?", key,
                                     NearestKey(WithDots(key))));
      return;
    }
    const Field& field = kFields[*index];
    if (const auto value = ParseValue(field, text)) return Set(*index, *value);
    problems.push_back(field.is_word()
                           ? fmt::format("{} is \"{}\"; it must be {} or {}", field.key, text,
                                         field.words[0], field.words[1])
                           : fmt::format("{} is \"{}\"; it must be a number", field.key, text));
  }
  absl::Status status() const {
    if (problems.empty()) return absl::OkStatus();
    return MakeError(ErrorReason::kInvalidOption, fmt::format("{}", fmt::join(problems, "; ")));
  }
};

Asked Resolve(const TopicOptions& options) {
  Asked asked;
  asked.SetNumber(kPartitionsField, options.partitions);
  if (options.durability) asked.Set(kDurabilityField, static_cast<int64_t>(*options.durability));
  if (options.compression_type) {
    asked.Set(kCompressionField, static_cast<int64_t>(*options.compression_type));
  }
  asked.SetNumber(kSegmentBytesField, options.segment_bytes);
  asked.SetNumber(kBatchBytesField, options.batch_bytes);
  for (const auto& [key, value] : options.configs) asked.SetText(key, value);
  return asked;
}

TopicConfig Apply(TopicConfig config, const Asked& asked) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (asked.values[i]) kFields[i].set(&config, *asked.values[i]);
  }
  return config;
}

}  // namespace

absl::StatusOr<TopicConfig> ConfigFromOptions(const TopicOptions& options) {
  const Asked asked = Resolve(options);
  EVENTLOG_RETURN_IF_ERROR(asked.status());
  return Apply(TopicConfig(), asked);
}

absl::Status CheckCompatible(const TopicConfig& stored, const TopicOptions& asked_options) {
  const Asked asked = Resolve(asked_options);
  EVENTLOG_RETURN_IF_ERROR(asked.status());
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const Field& field = kFields[i];
    if (!asked.values[i] || *asked.values[i] == field.get(stored)) continue;
    differences.push_back(fmt::format("{} is {}, not {}", field.key,
                                      ValueText(field, field.get(stored)),
                                      ValueText(field, *asked.values[i])));
  }
  if (differences.empty()) return absl::OkStatus();
  return MakeError(ErrorReason::kConfigMismatch, fmt::format("{}", fmt::join(differences, "; ")));
}

TopicConfig ApplyOptions(TopicConfig config, const TopicOptions& options) {
  return Apply(config, Resolve(options));
}

TopicOptions ToOptions(const TopicConfig& config) {
  TopicOptions options;
  options.partitions = config.partitions;
  options.durability = config.durability;
  options.compression_type = config.compression_type;
  options.segment_bytes = config.segment_bytes;
  options.batch_bytes = config.batch_bytes;
  const Field& segment_ms = kFields[kSegmentMsField];
  options.configs.emplace_back(segment_ms.key, ValueText(segment_ms, config.segment_ms));
  return options;
}

ConfigPairs ToConfigPairs(const TopicConfig& config) {
  ConfigPairs pairs;
  for (std::size_t i = kFirstConfig; i < kFieldCount; ++i) {
    pairs.emplace_back(kFields[i].key, ValueText(kFields[i], kFields[i].get(config)));
  }
  return pairs;
}

absl::StatusOr<TopicConfig> FromConfigPairs(int32_t partitions, const ConfigPairs& pairs) {
  Asked stored;
  stored.Set(kPartitionsField, partitions);
  for (const auto& [key, text] : pairs) {
    const auto index = FindConfig(key);
    if (!index || (kFields[*index].is_word() && !ParseValue(kFields[*index], text))) {
      return MakeError(ErrorReason::kNewerFormat,
                       fmt::format("config \"{}\" = \"{}\" is of a newer version", key, text));
    }
    stored.SetText(key, text);
  }
  if (!stored.problems.empty()) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("stored config: {}", fmt::join(stored.problems, "; ")));
  }
  return Apply(TopicConfig(), stored);
}

absl::Status CheckTopicName(std::string_view name) {
  constexpr std::size_t kMaxBytes = 249;
  const bool known_characters =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
      std::string_view::npos;
  if (!name.empty() && name.size() <= kMaxBytes && known_characters && name != "." &&
      name != "..") {
    return absl::OkStatus();
  }
  return MakeError(
      ErrorReason::kInvalidTopicName,
      fmt::format("topic name \"{}\": it must be 1 to {} of a-z, A-Z, 0-9, '.', '_' and "
                  "'-', and neither \".\" nor \"..\"",
                  name.substr(0, kMaxBytes), kMaxBytes));
}

absl::Status CheckNotReserved(std::string_view name) {
  if (name.substr(0, 2) != "__") return absl::OkStatus();
  return MakeError(
      ErrorReason::kReservedTopic,
      fmt::format("topic \"{}\": names that begin with \"__\" are the log's own", name));
}

}  // namespace eventlog::inline v1::internal

namespace eventlog::inline v1 {

absl::Status SetConfig(TopicOptions* options, std::string_view key, std::string_view value) {
  using namespace internal;  // NOLINT(build/namespaces)
  Asked asked;
  asked.SetText(key, value);
  EVENTLOG_RETURN_IF_ERROR(asked.status());
  std::erase_if(options->configs,
                [&](const auto& pair) { return WithDots(pair.first) == WithDots(key); });
  switch (*FindConfig(WithDots(key))) {
    case kDurabilityField:
      options->durability = static_cast<Durability>(*asked.values[kDurabilityField]);
      break;
    case kCompressionField:
      options->compression_type = static_cast<CompressionType>(*asked.values[kCompressionField]);
      break;
    case kSegmentBytesField:
      options->segment_bytes = *asked.values[kSegmentBytesField];
      break;
    case kBatchBytesField:
      options->batch_bytes = *asked.values[kBatchBytesField];
      break;
    default:
      options->configs.emplace_back(WithDots(key), value);
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1
