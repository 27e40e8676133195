// How commands that only read come to a log's files, whoever has it open.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/sealed_log.h"

namespace eventlog::inline v1::cli {

// When nobody has the log open it is opened and closed, which brings what a crash left in the
// journal into segments. When somebody has, or when it may not be opened here, standard error is
// told that only what is sealed will be seen. Errors as Log::Open, but for those two.
absl::StatusOr<SealedLog> SettleAndRead(const std::string& directory);

}  // namespace eventlog::inline v1::cli
