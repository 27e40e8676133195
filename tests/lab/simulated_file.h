// One file of the simulated disk: what is on the device, what is in the cache, and what happened in
// between. Invariants:
// - pending_ applied to durable_ gives current_, but for the pages in lost_, which differ: a failed
//   sync left them clean in the cache.
// - A write to a lost page makes all of that page pending again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lab/dice.h"
#include "lab/paged_bytes.h"
#include "lab/survivors.h"

namespace eventlog::test {

// Not thread-safe.
class SimulatedFile {
 public:
  static constexpr int64_t kSectorBytes = 512;

  // A change of contents, of the size, or of both, that the device need not have.
  struct Pending {
    int64_t sequence;
    int64_t offset = 0;
    std::shared_ptr<const std::string> bytes;  // null: the size alone
    int64_t size = kSameSize;                  // after it
  };
  static constexpr int64_t kSameSize = -1;

  // Who survives a power cut: of writes by sector, of sizes, and how many sectors in 256 are torn.
  struct Cut {
    Dice* dice;
    Survivors contents;
    Survivors sizes;
    uint64_t torn = 0;
  };

  int64_t size() const { return current_.size(); }
  std::size_t Read(int64_t offset, absl::Span<char> to) const { return current_.Read(offset, to); }
  const std::vector<Pending>& pending() const { return pending_; }

  void Write(int64_t offset, std::string_view bytes, int64_t sequence);
  void SetSize(int64_t bytes, int64_t sequence);
  void Sync();
  // Of what was written the device has what survives the cut; sizes it has all.
  void FailSync(const Cut& cut);
  void DropCache();
  // The device has what the cache has, lost pages included.
  void MakeDurable();

  // The same file in the same state.
  SimulatedFile Copy();
  // Files without anything pending: of what is on the device, of what a sync would leave there, of
  // what a cut does.
  SimulatedFile AtDevice();
  SimulatedFile AsSynced();
  SimulatedFile After(const Cut& cut);

 private:
  PagedBytes Replay(const Cut& cut);
  static SimulatedFile Of(PagedBytes contents);
  void Redirty(int64_t page, int64_t sequence);

  PagedBytes durable_;
  PagedBytes current_;
  std::vector<Pending> pending_;
  std::set<int64_t> lost_;  // pages
};

}  // namespace eventlog::test
