#include "format/offset_commit.h"

#include "base/bytes.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("offset commit: {}", why));
}

absl::Status ReadVersion(ByteReader* reader) {
  const auto version = reader->Read<uint16_t>();
  if (!reader->ok() || version == 0) return Corrupt("no version");
  if (version > kOffsetCommitVersion) {
    return MakeError(ErrorReason::kNewerFormat,
                     fmt::format("offset commit has format version {}; this program reads up to {}",
                                 version, kOffsetCommitVersion));
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeOffsetCommitKey(const OffsetCommitKey& key) {
  std::string bytes;
  AppendLe(&bytes, kOffsetCommitVersion);
  AppendString(&bytes, key.group);
  AppendString(&bytes, key.topic);
  AppendLe(&bytes, key.partition);
  return bytes;
}

std::string EncodeOffsetCommitValue(const OffsetCommitValue& value) {
  std::string bytes;
  AppendLe(&bytes, kOffsetCommitVersion);
  AppendLe(&bytes, value.offset);
  AppendLe(&bytes, value.leader_epoch);
  AppendLe(&bytes, value.commit_ms);
  AppendString(&bytes, value.metadata);
  return bytes;
}

absl::StatusOr<OffsetCommitKey> DecodeOffsetCommitKey(std::string_view bytes) {
  ByteReader reader(bytes);
  EVENTLOG_RETURN_IF_ERROR(ReadVersion(&reader));
  OffsetCommitKey key;
  key.group = reader.ReadString();
  key.topic = reader.ReadString();
  key.partition = reader.Read<int32_t>();
  if (!reader.ok() || reader.remaining() != 0) return Corrupt("key and its lengths disagree");
  if (key.partition < 0) return Corrupt("impossible partition");
  return key;
}

absl::StatusOr<OffsetCommitValue> DecodeOffsetCommitValue(std::string_view bytes) {
  ByteReader reader(bytes);
  EVENTLOG_RETURN_IF_ERROR(ReadVersion(&reader));
  OffsetCommitValue value;
  value.offset = reader.Read<int64_t>();
  value.leader_epoch = reader.Read<int32_t>();
  value.commit_ms = reader.Read<int64_t>();
  value.metadata = reader.ReadString();
  if (!reader.ok() || reader.remaining() != 0) return Corrupt("value and its lengths disagree");
  if (value.offset < 0 || value.leader_epoch < -1) return Corrupt("impossible offset or epoch");
  return value;
}

}  // namespace eventlog::inline v1::internal
