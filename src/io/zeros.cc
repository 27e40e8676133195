#include "io/zeros.h"

#include <algorithm>
#include <string_view>

#include "absl/types/span.h"
#include "base/error.h"

namespace eventlog::inline v1::internal {

absl::Status WriteZeros(File* file, int64_t begin, int64_t end) {
  std::array<std::string_view, 64> pieces;  // which are all the same: little memory is read
  while (begin < end) {
    std::size_t count = 0;
    const int64_t from = begin;
    for (; count < pieces.size() && begin < end; ++count) {
      const auto bytes = std::min(static_cast<std::size_t>(end - begin), kZeros.size());
      pieces[count] = std::string_view(kZeros.data(), bytes);
      begin += static_cast<int64_t>(bytes);
    }
    EVENTLOG_RETURN_IF_ERROR(file->WriteAt(from, absl::MakeConstSpan(pieces.data(), count)));
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal
