#include "client/encoded_headers.h"

#include "base/bytes.h"

namespace eventlog::inline v1::internal {
namespace {

void AppendVarint(std::string* to, int64_t value) {
  char buffer[kMaxVarintBytes];
  to->append(buffer, static_cast<std::size_t>(StoreVarint(buffer, value) - buffer));
}

}  // namespace

void AppendEncodedHeader(std::string* to, std::string_view key, BytesView value) {
  AppendVarint(to, static_cast<int64_t>(key.size()));
  to->append(key);
  AppendVarint(to, value.is_null() ? -1 : static_cast<int64_t>(value.view().size()));
  to->append(value.view());
}

}  // namespace eventlog::inline v1::internal
