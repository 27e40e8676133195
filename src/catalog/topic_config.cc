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
  int64_t (*get)(const TopicConfig&);
  void (*set)(TopicConfig*, int64_t);
  // Its field of TopicOptions; null: it is among `configs`.
  void (*set_option)(TopicOptions*, int64_t) = nullptr;
  bool can_be_unlimited = false;               // kUnlimited, besides min to max
  std::array<std::string_view, 2> words = {};  // the text of 0 and 1 for an enum

  bool is_word() const { return !words[0].empty(); }
};

template <auto kMember>
int64_t Get(const TopicConfig& config) {
  return static_cast<int64_t>(config.*kMember);
}

template <typename T>
void SetMember(T* member, int64_t value) {
  *member = static_cast<T>(value);
}
template <typename T>
void SetMember(std::optional<T>* member, int64_t value) {
  *member = static_cast<T>(value);
}
void SetMember(std::optional<absl::Duration>* member, int64_t milliseconds) {
  *member =
      milliseconds == kUnlimited ? absl::InfiniteDuration() : absl::Milliseconds(milliseconds);
}

template <auto kMember, typename Owner>
void Set(Owner* owner, int64_t value) {
  SetMember(&(owner->*kMember), value);
}

constexpr int64_t kMaxInt64 = std::numeric_limits<int64_t>::max();
// 292 years: as a Duration, too, it is an exact number of nanoseconds.
constexpr int64_t kMaxMilliseconds = kMaxInt64 / 1'000'000;
constexpr int64_t kMaxLingerMs = 3'600'000;

enum FieldIndex : std::size_t {
  kPartitionsField,
  kDurabilityField,
  kCompressionField,
  kSegmentBytesField,
  kBatchBytesField,
  kSegmentMsField,
  kRetentionMsField,
  kRetentionBytesField,
  kLingerMsField,
  kFieldCount,
};

template <auto kMember>
constexpr Field ConfigField(std::string_view key, int64_t min, int64_t max) {
  return {key, min, max, &Get<kMember>, &Set<kMember, TopicConfig>};
}

template <auto kMember, auto kOption>
constexpr Field OptionField(std::string_view key, int64_t min, int64_t max) {
  Field field = ConfigField<kMember>(key, min, max);
  field.set_option = &Set<kOption, TopicOptions>;
  return field;
}

template <auto kMember, auto kOption>
constexpr Field RetentionField(std::string_view key, int64_t max) {
  Field field = OptionField<kMember, kOption>(key, 1, max);
  field.can_be_unlimited = true;
  return field;
}

template <auto kMember, auto kOption>
constexpr Field WordField(std::string_view key, std::string_view zero, std::string_view one) {
  Field field = OptionField<kMember, kOption>(key, 0, 1);
  field.words = {zero, one};
  return field;
}

constexpr std::array<Field, kFieldCount> kFields = {
    OptionField<&TopicConfig::partitions, &TopicOptions::partitions>("partitions", 1,
                                                                     kMaxPartitions),
    WordField<&TopicConfig::durability, &TopicOptions::durability>("durability", "disk", "process"),
    WordField<&TopicConfig::compression_type, &TopicOptions::compression_type>("compression.type",
                                                                               "none", "lz4"),
    OptionField<&TopicConfig::segment_bytes, &TopicOptions::segment_bytes>("segment.bytes",
                                                                           64 << 10, 1 << 30),
    OptionField<&TopicConfig::batch_bytes, &TopicOptions::batch_bytes>("batch.bytes", 1 << 10,
                                                                       1 << 20),
    ConfigField<&TopicConfig::segment_ms>("segment.ms", 1, kMaxMilliseconds),
    RetentionField<&TopicConfig::retention_ms, &TopicOptions::retention>("retention.ms",
                                                                         kMaxMilliseconds),
    RetentionField<&TopicConfig::retention_bytes, &TopicOptions::retention_bytes>("retention.bytes",
                                                                                  kMaxInt64),
    OptionField<&TopicConfig::linger_ms, &TopicOptions::linger>("linger.ms", 0, kMaxLingerMs),
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

std::string RangeText(const Field& field) {
  if (field.is_word()) return fmt::format("{} or {}", field.words[0], field.words[1]);
  return fmt::format("{} to {}{}", field.min, field.max,
                     field.can_be_unlimited ? ", or -1 (unlimited)" : "");
}

// What is wrong with a value, for people; empty when nothing is.
std::string ValueProblem(const Field& field, int64_t value) {
  if (value >= field.min && value <= field.max) return {};
  if (field.can_be_unlimited && value == kUnlimited) return {};
  return fmt::format("{} is {}; it must be {}", field.key, value, RangeText(field));
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
  // The catalog has milliseconds, as Kafka: what would be rounded is refused.
  void SetDuration(std::size_t index, absl::Duration duration) {
    const Field& field = kFields[index];
    if (field.can_be_unlimited && duration == absl::InfiniteDuration()) {
      return Set(index, kUnlimited);
    }
    const int64_t milliseconds = absl::ToInt64Milliseconds(duration);
    if (milliseconds >= 0 && absl::Milliseconds(milliseconds) == duration) {
      return Set(index, milliseconds);
    }
    problems.push_back(fmt::format("{} is {}; as whole milliseconds it must be {}", field.key,
                                   absl::FormatDuration(duration), RangeText(field)));
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
    problems.push_back(fmt::format("{} is \"{}\"; it must be {}", field.key, text,
                                   field.is_word() ? RangeText(field) : "a number"));
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
  if (options.retention) asked.SetDuration(kRetentionMsField, *options.retention);
  asked.SetNumber(kRetentionBytesField, options.retention_bytes);
  if (options.linger) asked.SetDuration(kLingerMsField, *options.linger);
  for (const auto& [key, value] : options.configs) asked.SetText(key, value);
  return asked;
}

void StoreOption(TopicOptions* options, const Field& field, int64_t value) {
  if (field.set_option != nullptr) return field.set_option(options, value);
  options->configs.emplace_back(field.key, ValueText(field, value));
}

TopicConfig Apply(TopicConfig config, const Asked& asked) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (asked.values[i]) kFields[i].set(&config, *asked.values[i]);
  }
  return config;
}

// `config` with what is asked for. What fields mean together is judged only when each is well by
// itself.
absl::StatusOr<TopicConfig> ApplyChecked(const TopicConfig& config, Asked asked) {
  EVENTLOG_RETURN_IF_ERROR(asked.status());
  const TopicConfig applied = Apply(config, asked);
  if (applied.batch_bytes > applied.segment_bytes) {
    asked.problems.push_back(fmt::format("batch.bytes is {}, more than segment.bytes, which is {}",
                                         applied.batch_bytes, applied.segment_bytes));
  }
  EVENTLOG_RETURN_IF_ERROR(asked.status());
  return applied;
}

}  // namespace

absl::StatusOr<TopicConfig> ConfigFromOptions(const TopicOptions& options) {
  return ApplyChecked(TopicConfig(), Resolve(options));
}

absl::StatusOr<TopicConfig> AlteredConfig(const TopicConfig& stored, const TopicOptions& asked) {
  Asked resolved = Resolve(asked);
  if (asked.partitions > 0 && asked.partitions < stored.partitions) {
    resolved.problems.push_back(fmt::format("partitions is {}; there are {}, and none goes away",
                                            asked.partitions, stored.partitions));
  }
  return ApplyChecked(stored, std::move(resolved));
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

TopicOptions ToOptions(const TopicConfig& config) {
  TopicOptions options;
  for (const Field& field : kFields) StoreOption(&options, field, field.get(config));
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

absl::Status CheckUserTopicName(std::string_view name) {
  EVENTLOG_RETURN_IF_ERROR(CheckTopicName(name));
  return CheckNotReserved(name);
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
  const std::size_t index = *FindConfig(WithDots(key));
  StoreOption(options, kFields[index], *asked.values[index]);
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1
