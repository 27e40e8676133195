// Paths that stay right when the working directory changes.
#pragma once

#include <string>

namespace eventlog::inline v1::internal {

// `path` against the working directory of now; `path` itself when that cannot be told.
std::string AbsolutePath(const std::string& path);

}  // namespace eventlog::inline v1::internal
