#include "format/compression.h"

#include <lz4frame.h>

#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr uint32_t kFrameMagic = 0x184D2204;  // not one of LZ4's skippable frames
// A byte of an LZ4 block says at most "255 more", so nothing expands by more.
constexpr std::size_t kMaxRatio = 256;

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, std::string("LZ4 frame: ").append(why));
}

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

}  // namespace

std::string CompressLz4(std::string_view bytes) {
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;  // Kafka's Java reads nothing else
  preferences.frameInfo.contentSize = bytes.size();
  std::string frame(LZ4F_compressFrameBound(bytes.size(), &preferences), '\0');
  const std::size_t size =
      LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), &preferences);
  EVENTLOG_ASSERT(LZ4F_isError(size) == 0);
  frame.resize(size);
  return frame;
}

absl::Status DecompressLz4(std::string_view frame, std::size_t uncompressed_bytes,
                           std::string* to) {
  if (frame.size() < sizeof kFrameMagic || LoadLe<uint32_t>(frame.data()) != kFrameMagic) {
    return Corrupt("wrong magic");
  }
  if (uncompressed_bytes / kMaxRatio > frame.size()) return Corrupt("too short for its contents");
  LZ4F_dctx* raw = nullptr;
  EVENTLOG_ASSERT(LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) == 0);
  const std::unique_ptr<LZ4F_dctx, FreeContext> context(raw);

  to->resize(uncompressed_bytes);
  std::size_t written = 0;
  std::size_t read = 0;
  for (;;) {
    std::size_t more_written = uncompressed_bytes - written;
    std::size_t more_read = frame.size() - read;
    const std::size_t wanted = LZ4F_decompress(context.get(), to->data() + written, &more_written,
                                               frame.data() + read, &more_read, nullptr);
    if (LZ4F_isError(wanted) != 0) return Corrupt(LZ4F_getErrorName(wanted));
    written += more_written;
    read += more_read;
    if (wanted == 0) break;  // the frame's end
    // It wants more input than there is, or has more output than there should be.
    if (more_written == 0 && more_read == 0) return Corrupt("does not end where it should");
  }
  if (read != frame.size()) return Corrupt("bytes after its end");
  if (written != uncompressed_bytes) return Corrupt("shorter than it should be");
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
