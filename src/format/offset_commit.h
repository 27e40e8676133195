// A committed offset as a record of __consumer_offsets. Key and value are little-endian and begin
// with a version:
//
//   key:   u16 version 1 | group | topic (u32 length, bytes each) | partition i32
//   value: u16 version 1 | offset i64 | leader_epoch i32 | commit_ms i64 | metadata (u32, bytes)
//
// A null value deletes the entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace eventlog::inline v1::internal {

inline constexpr uint16_t kOffsetCommitVersion = 1;

struct OffsetCommitKey {
  std::string group;
  std::string topic;
  int32_t partition = 0;
  friend auto operator<=>(const OffsetCommitKey&, const OffsetCommitKey&) = default;
};

struct OffsetCommitValue {
  int64_t offset = 0;
  int32_t leader_epoch = -1;
  int64_t commit_ms = 0;
  std::string metadata;
  friend bool operator==(const OffsetCommitValue&, const OffsetCommitValue&) = default;
};

std::string EncodeOffsetCommitKey(const OffsetCommitKey& key);
std::string EncodeOffsetCommitValue(const OffsetCommitValue& value);
absl::StatusOr<OffsetCommitKey> DecodeOffsetCommitKey(std::string_view bytes);
absl::StatusOr<OffsetCommitValue> DecodeOffsetCommitValue(std::string_view bytes);

}  // namespace eventlog::inline v1::internal
