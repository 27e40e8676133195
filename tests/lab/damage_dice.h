// Damage to the files of a log: what may happen to bytes on a device, by dice.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lab/dice.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

// Contents by full path.
using FileContents = std::map<std::string, std::string>;

FileContents ContentsOf(const SimulatedDisk& disk);

// One thing that happened to a file.
struct FileDamage {
  enum class Kind {
    kOverwrite,  // `bytes` stand at `begin`
    kReplace,    // `bytes` are all there is
    kDelete,
  };
  Kind kind = Kind::kOverwrite;
  std::string path;
  int64_t begin = 0;
  std::string bytes;
  // From the first byte that is not what it was to the last one: [begin, end).
  int64_t end = 0;
  std::string before = {};  // of an overwrite: what stood there
};

struct Damage {
  std::string text;  // kind, files and places
  std::vector<FileDamage> changes;
  // Whole batches or groups of the log may stand where others belong.
  bool strays = false;
};

void Apply(const Damage& damage, SimulatedDisk* disk);

// The changes, each told, of which something is left when what stays the same is left out.
FileDamage Overwritten(const FileContents& files, const std::string& path, int64_t begin,
                       std::string bytes);
FileDamage Replaced(const FileContents& files, const std::string& path, std::string bytes);
FileDamage Deleted(const std::string& path);
bool ChangesSomething(const FileDamage& change);
// Whether a byte in [begin, end) of its file is not what it was.
bool ChangesWithin(const FileDamage& change, int64_t begin, int64_t end);

// What a device may have instead: the same log's files at earlier moments, and another log's.
struct DamageSources {
  FileContents files;
  std::vector<FileContents> older;
  FileContents other;
};

// Not thread-safe. The sources have a file with bytes, and outlive it.
class DamageDice {
 public:
  DamageDice(const DamageSources* sources, uint64_t seed) : sources_(sources), dice_(seed) {}

  // Always changes something; one in eight is two at once.
  Damage Throw();
  // Of bytes of that file alone: no other size.
  Damage ThrowBytes(const std::string& path, int64_t begin, int64_t end);

 private:
  Damage ThrowOne();
  Damage ThrowFile(const std::string& path);
  Damage ThrowBlock(const std::string& path, int64_t begin, int64_t end, int64_t block_bytes);
  Damage Misdirect(const std::string& path, int64_t at, int64_t block_bytes);
  std::string Garbage(int64_t bytes);
  const FileContents* AnyOlder();

  const DamageSources* const sources_;
  Dice dice_;
};

}  // namespace eventlog::test
