// LZ4 frames, as Kafka's codec 3 stores them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace eventlog::inline v1::internal {

// One LZ4 frame with the content size in its header.
std::string CompressLz4(std::string_view bytes);

// Replaces *to with the contents of the one frame that `frame` is. `uncompressed_bytes` is what it
// must come to, exactly: never more is allocated, whatever the frame says. DataLoss (kCorruptData).
absl::Status DecompressLz4(std::string_view frame, std::size_t uncompressed_bytes, std::string* to);

}  // namespace eventlog::inline v1::internal
