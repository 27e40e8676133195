#include "lab/simulated_file.h"

#include <algorithm>
#include <utility>

namespace eventlog::test {
namespace {

// The part of `bytes`, which one write changed within one sector, that a torn sector has.
std::string_view Torn(std::string_view bytes, Dice* dice, int64_t* offset) {
  const std::size_t kept = dice->Below(bytes.size());
  if (dice->Chance(128)) return bytes.substr(0, kept);
  *offset += static_cast<int64_t>(bytes.size() - kept);
  return bytes.substr(bytes.size() - kept);
}

void ReplayWrite(const SimulatedFile::Pending& write, const SimulatedFile::Cut& cut,
                 PagedBytes* device) {
  std::string_view rest = *write.bytes;
  int64_t offset = write.offset;
  while (!rest.empty()) {
    const int64_t room = SimulatedFile::kSectorBytes - offset % SimulatedFile::kSectorBytes;
    std::string_view sector = rest.substr(0, static_cast<std::size_t>(room));
    int64_t at = offset;
    rest.remove_prefix(sector.size());
    offset += static_cast<int64_t>(sector.size());
    if (!cut.contents.Keeps(write.sequence)) continue;
    if (cut.dice->Chance(cut.torn)) sector = Torn(sector, cut.dice, &at);
    device->Store(at, sector);
  }
}

}  // namespace

void SimulatedFile::Write(int64_t offset, std::string_view bytes, int64_t sequence) {
  if (bytes.empty()) return;
  const int64_t end = offset + static_cast<int64_t>(bytes.size());
  if (!lost_.empty()) {
    for (int64_t page = offset / PagedBytes::kPageBytes; page * PagedBytes::kPageBytes < end;
         ++page) {
      Redirty(page, sequence);
    }
  }
  pending_.push_back({sequence, offset, std::make_shared<const std::string>(bytes),
                      end > current_.size() ? end : kSameSize});
  if (end > current_.size()) current_.SetSize(end);
  current_.Store(offset, bytes);
}

void SimulatedFile::SetSize(int64_t bytes, int64_t sequence) {
  if (bytes == current_.size()) return;
  if (!lost_.empty() && bytes < current_.size()) {
    Redirty(bytes / PagedBytes::kPageBytes, sequence);
    lost_.erase(lost_.lower_bound(bytes / PagedBytes::kPageBytes), lost_.end());
  }
  pending_.push_back({sequence, 0, nullptr, bytes});
  current_.SetSize(bytes);
}

void SimulatedFile::Sync() {
  if (pending_.empty()) return;
  PagedBytes synced = current_.Share();
  for (const int64_t page : lost_) synced.TakePage(page, durable_);
  durable_ = std::move(synced);
  pending_.clear();
}

void SimulatedFile::FailSync(const Cut& cut) {
  durable_ = Replay({cut.dice, cut.contents, Survivors::All(cut.dice), cut.torn});
  for (const Pending& change : pending_) {
    if (change.bytes == nullptr) continue;
    const int64_t end = change.offset + static_cast<int64_t>(change.bytes->size());
    for (int64_t page = change.offset / PagedBytes::kPageBytes; page * PagedBytes::kPageBytes < end;
         ++page) {
      if (!durable_.SamePage(page, current_)) lost_.insert(page);
    }
  }
  pending_.clear();
}

void SimulatedFile::DropCache() {
  for (const int64_t page : lost_) current_.TakePage(page, durable_);
  lost_.clear();
}

void SimulatedFile::MakeDurable() {
  durable_ = current_.Share();
  pending_.clear();
  lost_.clear();
}

SimulatedFile SimulatedFile::Copy() {
  SimulatedFile copy;
  copy.durable_ = durable_.Share();
  copy.current_ = current_.Share();
  copy.pending_ = pending_;
  copy.lost_ = lost_;
  return copy;
}

SimulatedFile SimulatedFile::AtDevice() { return Of(durable_.Share()); }

SimulatedFile SimulatedFile::AsSynced() {
  SimulatedFile copy = Copy();
  copy.Sync();
  return Of(std::move(copy.durable_));
}

SimulatedFile SimulatedFile::After(const Cut& cut) { return Of(Replay(cut)); }

PagedBytes SimulatedFile::Replay(const Cut& cut) {
  PagedBytes device = durable_.Share();
  if (pending_.empty()) return device;
  for (const Pending& change : pending_) {
    if (change.bytes != nullptr) ReplayWrite(change, cut, &device);
    if (change.size != kSameSize && cut.sizes.Keeps(change.sequence)) device.SetSize(change.size);
  }
  device.SetSize(device.size());  // of what lies beyond it nothing is seen again
  return device;
}

SimulatedFile SimulatedFile::Of(PagedBytes contents) {
  SimulatedFile file;
  file.current_ = contents.Share();
  file.durable_ = std::move(contents);
  return file;
}

void SimulatedFile::Redirty(int64_t page, int64_t sequence) {
  if (lost_.erase(page) == 0) return;
  std::string bytes(PagedBytes::kPageBytes, '\0');
  bytes.resize(current_.Read(page * PagedBytes::kPageBytes, absl::MakeSpan(bytes)));
  pending_.push_back({sequence, page * PagedBytes::kPageBytes,
                      std::make_shared<const std::string>(std::move(bytes)), kSameSize});
}

}  // namespace eventlog::test
