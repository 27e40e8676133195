// A disk whose power can be cut at any moment, any number of times: a cut or a kill answers with a
// new disk and leaves this one as it is. Copies share their pages, so that they cost microseconds.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/file_system.h"

namespace eventlog::test {

// Every method does what FileSystem says, starting with an empty root directory; a relative path
// starts there too. What it leaves depends on the calls that were made and on seeds, on nothing
// else. Files are mapped as well (one mapping of a file at a time; Unimplemented for a second): a
// mapping's bytes are written like any others, at the latest when the file is synced, read or
// written, or the disk is copied.
//
// Thread-safe. Paths of the methods for damage must exist.
class SimulatedDisk final : public FileSystem {
 public:
  // How much of what was not synced reaches the device.
  enum class Survival {
    kNothing,
    kEverything,
    kSome,  // by dice: any 512-byte sector of any write, whole or torn; any size; any names
  };

  SimulatedDisk();
  ~SimulatedDisk() override;

  // What the next start finds if the power fails now. A sector is torn between bytes that one write
  // changed; bytes that no unsynced write touched are as they were synced. A size that survives
  // without its bytes reads as zeros. A rename within a directory survives whole or not at all.
  // Some seeds keep nearly all, some nearly nothing, some lose or keep a single write, some leave
  // the disk as it was some writes ago.
  std::unique_ptr<SimulatedDisk> AfterPowerCut(Survival unsynced, uint64_t seed) const;
  // What the next process finds if this one is killed now: all that was written; what was not
  // synced still is not.
  std::unique_ptr<SimulatedDisk> AfterKill() const;

  // The next SyncData of any file answers Internal, and what was unsynced of that file counts as
  // clean from then on, as Linux has it: of its bytes `unsynced` are on the device, the others are
  // read until DropCache, a cut or their page's next write, and no later sync writes them.
  void FailNextSync(Survival unsynced, uint64_t seed);
  // The next WriteAt writes this many of its bytes and answers Internal.
  void FailNextWrite(int64_t bytes);

  // From now on no file grows, by WriteAt or Allocate, when the files would have more bytes than
  // that together: kDiskFull. A file counts until its last name and its last File are gone.
  static constexpr int64_t kNoCapacity = std::numeric_limits<int64_t>::max();
  void SetCapacity(int64_t bytes);
  // What the files have now.
  int64_t Bytes() const;

  // Regular files by full path, sorted.
  std::vector<std::string> Files() const;
  std::string Contents(const std::string& path) const;

  // Damage, on the device and in the cache alike, seen by open Files. What was unsynced of that
  // file (of Delete: of its directory) becomes durable with it.
  void Replace(const std::string& path, std::string_view bytes);
  void Overwrite(const std::string& path, int64_t offset, std::string_view bytes);
  void FlipBit(const std::string& path, int64_t bit);
  void Delete(const std::string& path);

  absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path, Open how) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<File>> LockDirectory(const std::string& path) override;

 private:
  struct State;
  class OpenedFile;
  class HeldLock;
  explicit SimulatedDisk(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // files and locks that are open share it
};

}  // namespace eventlog::test
