#include "catalog/topic_config.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/text.h"
#include "eventlog/errors.h"

namespace eventlog::internal {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

std::string Message(const absl::Status& status) { return std::string(ToStd(status.message())); }

TopicConfig Unusual() {
  TopicConfig config;
  config.partitions = 7;
  config.durability = Durability::kProcess;
  config.compression_type = CompressionType::kLz4;
  config.segment_bytes = 1 << 20;
  config.batch_bytes = 2048;
  config.segment_ms = 1234;
  config.retention_ms = 86'400'000;
  config.retention_bytes = 5'000'000'000;
  config.linger_ms = 20;
  return config;
}

TEST_CASE("options that ask for nothing make the default config", "[catalog]") {
  const auto config = ConfigFromOptions({});
  REQUIRE(config.ok());
  CHECK(*config == TopicConfig());
  CHECK(config->partitions == 1);
  CHECK(config->durability == Durability::kDisk);
  CHECK(config->compression_type == CompressionType::kNone);
  CHECK(config->segment_bytes == 67'108'864);
  CHECK(config->batch_bytes == 65'536);
  CHECK(config->segment_ms == 604'800'000);
  CHECK(config->retention_ms == -1);
  CHECK(config->retention_bytes == -1);
  CHECK(config->linger_ms == 0);
}

TEST_CASE("every option that is set reaches the config", "[catalog]") {
  const auto config = ConfigFromOptions({.partitions = 7,
                                         .durability = Durability::kProcess,
                                         .compression_type = CompressionType::kLz4,
                                         .retention = absl::Hours(24),
                                         .retention_bytes = 5'000'000'000,
                                         .segment_bytes = 1 << 20,
                                         .batch_bytes = 2048,
                                         .linger = absl::Milliseconds(20),
                                         .configs = {{"segment.ms", "1234"}}});
  REQUIRE(config.ok());
  CHECK(*config == Unusual());
}

TEST_CASE("all that is wrong with options is said at once", "[catalog]") {
  const auto config = ConfigFromOptions({.partitions = -1,
                                         .durability = static_cast<Durability>(9),
                                         .retention = absl::ZeroDuration(),
                                         .retention_bytes = -2,
                                         .segment_bytes = 1,
                                         .batch_bytes = int64_t{1} << 40,
                                         .linger = absl::Hours(2),
                                         .configs = {{"segment.ms", "soon"}, {"color", "red"}}});
  CHECK(ReasonOf(config.status()) == ErrorReason::kInvalidOption);
  CHECK(absl::IsInvalidArgument(config.status()));
  const std::string message = Message(config.status());
  CHECK_THAT(message, Contains("partitions is -1; it must be 1 to 10000"));
  CHECK_THAT(message, Contains("durability is 9; it must be disk or process"));
  CHECK_THAT(message, Contains("retention.ms is 0; it must be 1 to 9223372036854, or -1 (unlim"));
  CHECK_THAT(message,
             Contains("retention.bytes is -2; it must be 1 to 9223372036854775807, or -1"));
  CHECK_THAT(message, Contains("linger.ms is 7200000; it must be 0 to 3600000"));
  CHECK_THAT(message, Contains("segment.bytes is 1; it must be 65536 to 1073741824"));
  CHECK_THAT(message, Contains("batch.bytes is 1099511627776"));
  CHECK_THAT(message, Contains("segment.ms is \"soon\"; it must be a number"));
  CHECK_THAT(message, Contains("unknown config \"color\""));
}

TEST_CASE("the ends of each range are allowed and one beyond is not", "[catalog]") {
  const auto ok = [](const TopicOptions& options) { return ConfigFromOptions(options).ok(); };
  CHECK(ok({.partitions = 10'000}));
  CHECK_FALSE(ok({.partitions = 10'001}));
  CHECK(ok({.segment_bytes = 64 << 10}));
  CHECK_FALSE(ok({.segment_bytes = (64 << 10) - 1}));
  CHECK(ok({.segment_bytes = 1 << 30}));
  CHECK_FALSE(ok({.segment_bytes = (1 << 30) + 1}));
  CHECK(ok({.batch_bytes = 1024}));
  CHECK_FALSE(ok({.batch_bytes = 1023}));
  CHECK(ok({.batch_bytes = 1 << 20}));
  CHECK_FALSE(ok({.batch_bytes = (1 << 20) + 1}));
  CHECK(ok({.configs = {{"segment.ms", "1"}}}));
  CHECK_FALSE(ok({.configs = {{"segment.ms", "0"}}}));
  CHECK(ok({.configs = {{"segment.ms", "9223372036854"}}}));
  CHECK_FALSE(ok({.configs = {{"segment.ms", "9223372036855"}}}));
  CHECK(ok({.retention = absl::Milliseconds(1)}));
  CHECK(ok({.retention = absl::Milliseconds(9223372036854)}));
  CHECK_FALSE(ok({.retention = absl::Milliseconds(9223372036855)}));
  CHECK(ok({.retention = absl::InfiniteDuration()}));
  CHECK_FALSE(ok({.retention = absl::ZeroDuration()}));
  CHECK(ok({.retention_bytes = 1}));
  CHECK(ok({.retention_bytes = INT64_MAX}));
  CHECK(ok({.retention_bytes = -1}));
  CHECK_FALSE(ok({.retention_bytes = -2}));
  CHECK(ok({.linger = absl::ZeroDuration()}));
  CHECK(ok({.linger = absl::Hours(1)}));
  CHECK_FALSE(ok({.linger = absl::Hours(1) + absl::Milliseconds(1)}));
  CHECK_FALSE(ok({.linger = absl::InfiniteDuration()}));
}

TEST_CASE("a duration is whole milliseconds and not negative", "[catalog]") {
  const auto wrong = [](const TopicOptions& options) {
    return Message(ConfigFromOptions(options).status());
  };
  // -1 ms is no way to say unlimited: in the text form it is.
  CHECK_THAT(wrong({.retention = absl::Milliseconds(-1)}), Contains("retention.ms is -1ms"));
  CHECK_THAT(wrong({.retention = -absl::InfiniteDuration()}), Contains("retention.ms is -inf"));
  CHECK_THAT(wrong({.retention = absl::Microseconds(1500)}), Contains("retention.ms is 1.5ms"));
  CHECK_THAT(wrong({.linger = absl::Microseconds(999)}),
             Contains("linger.ms is 999us; as whole milliseconds it must be 0 to 3600000"));
  CHECK_FALSE(wrong({.linger = -absl::Nanoseconds(1)}).empty());
}

TEST_CASE("a batch that does not fit into a segment is refused with both", "[catalog]") {
  CHECK(ConfigFromOptions({.segment_bytes = 1 << 17, .batch_bytes = 1 << 17}).ok());
  const absl::Status status =
      ConfigFromOptions({.segment_bytes = 1 << 17, .batch_bytes = (1 << 17) + 1}).status();
  CHECK(ReasonOf(status) == ErrorReason::kInvalidOption);
  CHECK(Message(status) == "batch.bytes is 131073, more than segment.bytes, which is 131072");
}

TEST_CASE("an enum value from nowhere is refused", "[catalog]") {
  CHECK_FALSE(ConfigFromOptions({.durability = static_cast<Durability>(9)}).ok());
  CHECK_FALSE(ConfigFromOptions({.compression_type = static_cast<CompressionType>(-1)}).ok());
}

TEST_CASE("a config given as field and as text is refused", "[catalog]") {
  const auto config =
      ConfigFromOptions({.batch_bytes = 2048, .configs = {{"batch_bytes", "2048"}}});
  CHECK_THAT(Message(config.status()), Contains("batch.bytes is set twice"));
}

TEST_CASE("what is not asked for is compatible with everything", "[catalog]") {
  CHECK(CheckCompatible(Unusual(), {}).ok());
}

TEST_CASE("what is asked for and stored is compatible", "[catalog]") {
  CHECK(CheckCompatible(Unusual(), ToOptions(Unusual())).ok());
}

TEST_CASE("a mismatch names each field with the stored and the given value", "[catalog]") {
  const absl::Status status = CheckCompatible(Unusual(), {.partitions = 4,
                                                          .durability = Durability::kDisk,
                                                          .batch_bytes = 2048,
                                                          .configs = {{"segment.ms", "5"}}});
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == ErrorReason::kConfigMismatch);
  CHECK(Message(status) ==
        "partitions is 7, not 4; durability is process, not disk; segment.ms is 1234, not 5");
}

TEST_CASE("wrong options are wrong before they are compared", "[catalog]") {
  CHECK(ReasonOf(CheckCompatible(Unusual(), {.partitions = -4})) == ErrorReason::kInvalidOption);
}

TEST_CASE("an alteration changes only what it sets", "[catalog]") {
  TopicConfig expected = Unusual();
  expected.partitions = 8;
  expected.durability = Durability::kDisk;
  expected.retention_ms = -1;
  expected.segment_ms = 9;
  const auto altered = AlteredConfig(Unusual(), {.partitions = 8,
                                                 .durability = Durability::kDisk,
                                                 .retention = absl::InfiniteDuration(),
                                                 .configs = {{"segment_ms", "9"}}});
  REQUIRE(altered.ok());
  CHECK(*altered == expected);
  CHECK(*AlteredConfig(Unusual(), {}) == Unusual());
  CHECK(*AlteredConfig(Unusual(), {.partitions = 7}) == Unusual());
}

TEST_CASE("an alteration is judged together with what is stored", "[catalog]") {
  TopicConfig stored = Unusual();
  stored.segment_bytes = 64 << 10;
  const absl::Status status = AlteredConfig(stored, {.batch_bytes = (64 << 10) + 1}).status();
  CHECK(ReasonOf(status) == ErrorReason::kInvalidOption);
  CHECK_THAT(Message(status), Contains("segment.bytes, which is 65536"));
  CHECK(AlteredConfig(stored, {.segment_bytes = 1 << 20, .batch_bytes = (64 << 10) + 1}).ok());
}

TEST_CASE("partitions that would go away are refused with all else that is wrong", "[catalog]") {
  const absl::Status status =
      AlteredConfig(Unusual(), {.partitions = 6, .batch_bytes = 5}).status();
  CHECK(ReasonOf(status) == ErrorReason::kInvalidOption);
  CHECK_THAT(Message(status), Contains("partitions is 6; there are 7, and none goes away"));
  CHECK_THAT(Message(status), Contains("batch.bytes is 5"));
  CHECK_THAT(Message(AlteredConfig(Unusual(), {.partitions = -6}).status()),
             Equals("partitions is -6; it must be 1 to 10000"));
}

TEST_CASE("a config survives its text form", "[catalog]") {
  for (const TopicConfig& config : {TopicConfig(), Unusual()}) {
    const auto read = FromConfigPairs(config.partitions, ToConfigPairs(config));
    REQUIRE(read.ok());
    CHECK(*read == config);
  }
}

TEST_CASE("the text form uses Kafka's names", "[catalog]") {
  CHECK(ToConfigPairs(Unusual()) == ConfigPairs{{"durability", "process"},
                                                {"compression.type", "lz4"},
                                                {"segment.bytes", "1048576"},
                                                {"batch.bytes", "2048"},
                                                {"segment.ms", "1234"},
                                                {"retention.ms", "86400000"},
                                                {"retention.bytes", "5000000000"},
                                                {"linger.ms", "20"}});
  const ConfigPairs defaults = ToConfigPairs(TopicConfig());
  CHECK(std::find(defaults.begin(), defaults.end(),
                  std::pair<std::string, std::string>("retention.ms", "-1")) != defaults.end());
}

TEST_CASE("a stored config that is missing has its default", "[catalog]") {
  const auto read = FromConfigPairs(3, {});
  REQUIRE(read.ok());
  CHECK(read->partitions == 3);
  CHECK(read->segment_bytes == TopicConfig().segment_bytes);
  CHECK(read->retention_ms == -1);
  CHECK(read->retention_bytes == -1);
  CHECK(read->linger_ms == 0);
}

TEST_CASE("a stored key or word of a newer version is refused as newer", "[catalog]") {
  CHECK(ReasonOf(FromConfigPairs(1, {{"color", "red"}}).status()) == ErrorReason::kNewerFormat);
  CHECK(ReasonOf(FromConfigPairs(1, {{"segment_ms", "5"}}).status()) == ErrorReason::kNewerFormat);
  CHECK(ReasonOf(FromConfigPairs(1, {{"compression.type", "zstd"}}).status()) ==
        ErrorReason::kNewerFormat);
  CHECK(ReasonOf(FromConfigPairs(1, {{"partitions", "2"}}).status()) == ErrorReason::kNewerFormat);
}

TEST_CASE("stored numbers that cannot be are damage", "[catalog]") {
  for (const char* text : {"", "x", "12x", " 12", "0", "-5", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(ReasonOf(FromConfigPairs(1, {{"segment.bytes", text}}).status()) ==
          ErrorReason::kCorruptData);
  }
  CHECK(ReasonOf(FromConfigPairs(0, {}).status()) == ErrorReason::kCorruptData);
  CHECK(ReasonOf(FromConfigPairs(1 << 30, {}).status()) == ErrorReason::kCorruptData);
  CHECK(ReasonOf(FromConfigPairs(1, {{"segment.ms", "5"}, {"segment.ms", "5"}}).status()) ==
        ErrorReason::kCorruptData);
}

TEST_CASE("a description sets every field and makes the same config again", "[catalog]") {
  const TopicOptions options = ToOptions(Unusual());
  CHECK(options.partitions == 7);
  CHECK(options.durability == Durability::kProcess);
  CHECK(options.compression_type == CompressionType::kLz4);
  CHECK(options.segment_bytes == 1 << 20);
  CHECK(options.batch_bytes == 2048);
  CHECK(options.retention == absl::Hours(24));
  CHECK(options.retention_bytes == 5'000'000'000);
  CHECK(options.linger == absl::Milliseconds(20));
  CHECK(*ConfigFromOptions(options) == Unusual());
  CHECK(ToOptions(TopicConfig()).retention == absl::InfiniteDuration());
  CHECK(ToOptions(TopicConfig()).retention_bytes == -1);
  CHECK(*ConfigFromOptions(ToOptions(TopicConfig())) == TopicConfig());
}

TEST_CASE("a config is set from text with dots or underscores", "[catalog]") {
  TopicOptions options;
  CHECK(SetConfig(&options, "durability", "process").ok());
  CHECK(SetConfig(&options, "compression_type", "lz4").ok());
  CHECK(SetConfig(&options, "segment.bytes", "1048576").ok());
  CHECK(SetConfig(&options, "batch_bytes", "2048").ok());
  CHECK(SetConfig(&options, "segment_ms", "1234").ok());
  CHECK(SetConfig(&options, "retention.ms", "86400000").ok());
  CHECK(SetConfig(&options, "retention_bytes", "5000000000").ok());
  CHECK(SetConfig(&options, "linger.ms", "20").ok());
  options.partitions = 7;
  CHECK(*ConfigFromOptions(options) == Unusual());
}

TEST_CASE("unlimited is -1 in text", "[catalog]") {
  TopicOptions options;
  REQUIRE(SetConfig(&options, "retention.ms", "-1").ok());
  REQUIRE(SetConfig(&options, "retention.bytes", "-1").ok());
  CHECK(options.retention == absl::InfiniteDuration());
  CHECK(options.retention_bytes == -1);
  CHECK_FALSE(SetConfig(&options, "linger.ms", "-1").ok());
  CHECK_FALSE(SetConfig(&options, "retention.ms", "-2").ok());
}

TEST_CASE("a config that is set again is overwritten", "[catalog]") {
  TopicOptions options;
  options.configs = {{"batch_bytes", "4096"}};
  CHECK(SetConfig(&options, "segment.ms", "5").ok());
  CHECK(SetConfig(&options, "segment_ms", "6").ok());
  CHECK(SetConfig(&options, "batch.bytes", "2048").ok());
  CHECK(options.configs == ConfigPairs{{"segment.ms", "6"}});
  CHECK(options.batch_bytes == 2048);
}

TEST_CASE("an unknown key is answered with the nearest one", "[catalog]") {
  TopicOptions options;
  const absl::Status status = SetConfig(&options, "segment_byte", "1048576");
  CHECK(ReasonOf(status) == ErrorReason::kInvalidOption);
  CHECK(Message(status) == "unknown config \"segment_byte\"; did you mean \"segment.bytes\"?");
  CHECK_THAT(Message(SetConfig(&options, "compresion.type", "lz4")), Contains("compression.type"));
  CHECK_THAT(Message(SetConfig(&options, "retention.min", "4")), Contains("\"retention.ms\"?"));
  CHECK_THAT(Message(SetConfig(&options, "partitions", "4")), Contains("unknown config"));
}

TEST_CASE("text that is no value leaves the options alone", "[catalog]") {
  TopicOptions options;
  CHECK_THAT(Message(SetConfig(&options, "durability", "disc")),
             Contains("durability is \"disc\"; it must be disk or process"));
  CHECK_FALSE(SetConfig(&options, "segment.ms", "-1").ok());
  CHECK_FALSE(SetConfig(&options, "batch.bytes", "0").ok());
  CHECK_FALSE(options.durability.has_value());
  CHECK(options.configs.empty());
  CHECK(options.batch_bytes == 0);
}

TEST_CASE("topic names follow Kafka's rule", "[catalog]") {
  for (const std::string& name : {std::string("a"), std::string("Orders-2_v.1"), std::string("..."),
                                  std::string("__x"), std::string(249, 'a')}) {
    CAPTURE(name);
    CHECK(CheckTopicName(name).ok());
  }
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("a/b"),
        std::string("\xc3\xa4"), std::string("a\0b", 3), std::string(250, 'a')}) {
    CAPTURE(name);
    CHECK(ReasonOf(CheckTopicName(name)) == ErrorReason::kInvalidTopicName);
  }
}

TEST_CASE("names that begin with two underscores are the log's own", "[catalog]") {
  CHECK(CheckNotReserved("_orders").ok());
  CHECK(CheckNotReserved("").ok());
  const absl::Status status = CheckNotReserved("__consumer_offsets");
  CHECK(absl::IsPermissionDenied(status));
  CHECK(ReasonOf(status) == ErrorReason::kReservedTopic);
}

}  // namespace
}  // namespace eventlog::internal
