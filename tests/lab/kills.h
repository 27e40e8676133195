// SIGKILL on real processes: a child opens a log and works on it until its parent kills it, at any
// moment; the parent knows what the child was answered, recovers the log and judges it. Shows
// atomicity, not durability: the kernel keeps what was written.
#pragma once

#include <cstdint>
#include <string>

#include "eventlog/file_system.h"

namespace eventlog::test {

struct KillFigures {
  int64_t kills = 0;
  int64_t in_recovery = 0;  // of them, before the log was open
  int64_t facts = 0;        // what the killed had told
  int64_t records_judged = 0;
};

struct KillOptions {
  std::string directory;  // for the log; not there yet
  uint64_t seed = 1;      // of what is done and when it ends; the kernel's own timing has no seed
  int64_t kills = 50;     // of one log
  // Several threads that append, and the log's own, in real time; else one that does everything.
  bool threads = false;
  FileSystem* files = FileSystem::Posix();  // the killed one's
};

// What went wrong first, or an empty string: 0 lost, 0 invented, and no child died of anything
// else. Call it from a process with one thread.
std::string RunKills(const KillOptions& options, KillFigures* figures);

}  // namespace eventlog::test
