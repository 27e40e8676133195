// Headers as bytes, in the form that a record has them in (format/record.h), for those who own
// some.
#pragma once

#include <string>
#include <string_view>

#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

void AppendEncodedHeader(std::string* to, std::string_view key, BytesView value);

}  // namespace eventlog::inline v1::internal
