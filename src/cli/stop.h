// Ending a command that runs for long, when SIGINT or SIGTERM asks for it.
#pragma once

namespace eventlog::inline v1::cli {

// From now on these signals are only noted.
void StopOnSignals();
bool StopRequested();

}  // namespace eventlog::inline v1::cli
