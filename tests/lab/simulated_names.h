// The directories of the simulated disk: which names there are, and which of them the device has.
// Invariants:
// - Each directory has its names twice: as they are, and as the device has them. changes_ has, in
//   order, what makes the first of the second; a change that moves a name between directories loses
//   a half when one of them is synced.
// - A directory is forgotten when no name leads to it, none on the device and none that is pending.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lab/survivors.h"

namespace eventlog::test {

// Files and directories are numbers, which are never used again. Errors are FileSystem's. Not
// thread-safe; can be copied.
class SimulatedNames {
 public:
  static constexpr int64_t kRoot = 0;
  using Names = std::map<std::string, int64_t>;

  // Step `sequence` of the disk's history: a file gets a name, loses one, or both.
  struct Entry {
    int64_t directory = -1;  // none
    std::string name;
  };
  struct Change {
    int64_t sequence;
    int64_t node;
    Entry removed;
    Entry added;
  };

  bool IsDirectory(int64_t node) const { return directories_.contains(node); }
  // NotFound included.
  absl::StatusOr<int64_t> FindFile(const std::string& path) const;
  absl::StatusOr<int64_t> FindDirectory(const std::string& path) const;
  const Names& In(int64_t directory) const { return directories_.at(directory).names; }
  const std::vector<Change>& changes() const { return changes_; }

  absl::StatusOr<int64_t> CreateFile(const std::string& path, int64_t sequence);
  absl::Status CreateDirectory(const std::string& path, int64_t sequence);
  absl::Status Rename(const std::string& from, const std::string& to, int64_t sequence);
  absl::Status Link(const std::string& from, const std::string& to, int64_t sequence);
  absl::Status Remove(const std::string& path, int64_t sequence);
  absl::Status Sync(const std::string& path);

  // What names lead to now, directories included; and what they may lead to after a power cut too.
  std::set<int64_t> Reachable() const { return Reach(false); }
  std::set<int64_t> ReachableEver() const { return Reach(true); }

  // Names on the device when of the changes these survive, as far as they can be made then.
  SimulatedNames After(const Survivors& survivors) const;

 private:
  struct Directory {
    Names names;
    Names durable_names;
  };
  // Where a path leads: its parent's entry for its last component, which may be missing. The root
  // has no parent and an empty name.
  struct Place {
    Entry entry;
    int64_t node;
  };

  absl::StatusOr<Place> Find(const std::string& path) const;
  absl::StatusOr<Place> FindFree(const std::string& path) const;
  absl::Status CheckRename(const Place& source, const Place& target, const std::string& from,
                           const std::string& to) const;
  void Make(Change change);
  std::set<int64_t> Reach(bool ever) const;

  std::map<int64_t, Directory> directories_ = {{kRoot, {}}};
  std::vector<Change> changes_;
  int64_t last_node_ = kRoot;
};

}  // namespace eventlog::test
