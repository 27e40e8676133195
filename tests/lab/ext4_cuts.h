// Power cuts of a real file system: an application works on ext4, which loses power at a random
// call, or at any moment of one; it is mounted again, the log is opened and judged, and so on.
#pragma once

#include <cstdint>
#include <string>

#include "eventlog/file_system.h"

namespace eventlog::test {

struct Ext4Figures {
  int64_t cuts = 0;
  int64_t in_recovery = 0;
  int64_t records_judged = 0;
  int64_t damaged = 0;    // file systems that a cut damaged, as the kernel says: given up there
  bool possible = false;  // else the machine has no root, loop device or ext4 for us
};

struct Ext4Options {
  std::string directory;  // where the file system is mounted, for nobody else to see
  uint64_t seed = 1;
  int64_t cuts = 100;  // of one file system
  FileSystem* files = FileSystem::Posix();
};

// What went wrong first, or an empty string; when it is not possible here, why. Does it all in a
// forked child: call it from a process with one thread.
std::string RunExt4Cuts(const Ext4Options& options, Ext4Figures* figures);

}  // namespace eventlog::test
