#include "io/absolute_path.h"

#include <filesystem>
#include <system_error>

namespace eventlog::inline v1::internal {

std::string AbsolutePath(const std::string& path) {
  std::error_code unknown;
  const std::string absolute = std::filesystem::absolute(path, unknown).string();
  return unknown ? path : absolute;
}

}  // namespace eventlog::inline v1::internal
