#include "catalog/topic_config.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/text.h"
#include "eventlog/errors.h"

namespace eventlog::internal {
namespace {

using Catch::Matchers::Contains;

std::string Message(const absl::Status& status) { return std::string(ToStd(status.message())); }

TopicConfig Unusual() {
  TopicConfig config;
  config.partitions = 7;
  config.durability = Durability::kProcess;
  config.compression_type = CompressionType::kLz4;
  config.segment_bytes = 1 << 20;
  config.batch_bytes = 2048;
  config.segment_ms = 1234;
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
}

TEST_CASE("every option that is set reaches the config", "[catalog]") {
  const auto config = ConfigFromOptions({.partitions = 7,
                                         .durability = Durability::kProcess,
                                         .compression_type = CompressionType::kLz4,
                                         .segment_bytes = 1 << 20,
                                         .batch_bytes = 2048,
                                         .configs = {{"segment.ms", "1234"}}});
  REQUIRE(config.ok());
  CHECK(*config == Unusual());
}

TEST_CASE("all that is wrong with options is said at once", "[catalog]") {
  const auto config = ConfigFromOptions({.partitions = -1,
                                         .segment_bytes = 1,
                                         .batch_bytes = int64_t{1} << 40,
                                         .configs = {{"segment.ms", "soon"}, {"color", "red"}}});
  CHECK(ReasonOf(config.status()) == ErrorReason::kInvalidOption);
  CHECK(absl::IsInvalidArgument(config.status()));
  const std::string message = Message(config.status());
  CHECK_THAT(message, Contains("partitions is -1; it must be 1 to 10000"));
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

TEST_CASE("applying options changes only what they set", "[catalog]") {
  TopicConfig expected = Unusual();
  expected.durability = Durability::kDisk;
  expected.segment_ms = 9;
  CHECK(ApplyOptions(Unusual(), {.durability = Durability::kDisk,
                                 .configs = {{"segment_ms", "9"}}}) == expected);
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
                                                {"segment.ms", "1234"}});
}

TEST_CASE("a stored config that is missing has its default", "[catalog]") {
  const auto read = FromConfigPairs(3, {});
  REQUIRE(read.ok());
  CHECK(read->partitions == 3);
  CHECK(read->segment_bytes == TopicConfig().segment_bytes);
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
  CHECK(*ConfigFromOptions(options) == Unusual());
}

TEST_CASE("a config is set from text with dots or underscores", "[catalog]") {
  TopicOptions options;
  CHECK(SetConfig(&options, "durability", "process").ok());
  CHECK(SetConfig(&options, "compression_type", "lz4").ok());
  CHECK(SetConfig(&options, "segment.bytes", "1048576").ok());
  CHECK(SetConfig(&options, "batch_bytes", "2048").ok());
  CHECK(SetConfig(&options, "segment_ms", "1234").ok());
  options.partitions = 7;
  CHECK(*ConfigFromOptions(options) == Unusual());
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
