#include "lab/damage_dice.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr int64_t kSectorBytes = 512;
constexpr int64_t kBlockBytes = 4096;
constexpr int64_t kToTheEnd = std::numeric_limits<int64_t>::max();

// Where the bytes of a file end that are not the zeros of its preallocation.
int64_t UsedBytes(const std::string& bytes) {
  const auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](char c) { return c != 0; });
  return std::distance(last, bytes.rend());
}

// What `files` has in these bytes; zeros where it has nothing.
std::string BytesAt(const FileContents& files, const std::string& path, int64_t begin,
                    int64_t bytes) {
  std::string there;
  const auto file = files.find(path);
  if (file != files.end() && begin < std::ssize(file->second)) {
    there = file->second.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(bytes));
  }
  there.resize(static_cast<std::size_t>(bytes));
  return there;
}

bool ShareFile(const Damage& a, const Damage& b) {
  return std::any_of(a.changes.begin(), a.changes.end(), [&](const FileDamage& change) {
    return std::any_of(b.changes.begin(), b.changes.end(),
                       [&](const FileDamage& other) { return other.path == change.path; });
  });
}

}  // namespace

FileContents ContentsOf(const SimulatedDisk& disk) {
  FileContents contents;
  for (const std::string& path : disk.Files()) contents[path] = disk.Contents(path);
  return contents;
}

void Apply(const Damage& damage, SimulatedDisk* disk) {
  for (const FileDamage& change : damage.changes) {
    switch (change.kind) {
      case FileDamage::Kind::kOverwrite:
        disk->Overwrite(change.path, change.begin, change.bytes);
        break;
      case FileDamage::Kind::kReplace:
        disk->Replace(change.path, change.bytes);
        break;
      case FileDamage::Kind::kDelete:
        disk->Delete(change.path);
        break;
    }
  }
}

FileDamage Overwritten(const FileContents& files, const std::string& path, int64_t begin,
                       std::string bytes) {
  const std::string& old = files.at(path);
  bytes.resize(std::min(bytes.size(), old.size() - static_cast<std::size_t>(begin)));
  const std::string_view before =
      std::string_view(old).substr(static_cast<std::size_t>(begin), bytes.size());
  const auto first = std::mismatch(bytes.begin(), bytes.end(), before.begin()).first;
  const auto last = std::mismatch(bytes.rbegin(), bytes.rend(), before.rbegin()).first.base();
  FileDamage change = {FileDamage::Kind::kOverwrite, path, begin + (first - bytes.begin()), "",
                       begin + (last - bytes.begin())};
  if (first < last) {
    change.bytes.assign(first, last);
    change.before =
        before.substr(static_cast<std::size_t>(first - bytes.begin()), change.bytes.size());
  }
  return change;
}

FileDamage Replaced(const FileContents& files, const std::string& path, std::string bytes) {
  const std::string& old = files.at(path);
  const std::size_t common = std::min(old.size(), bytes.size());
  const auto same =
      std::mismatch(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(common), old.begin())
          .first -
      bytes.begin();
  FileDamage change = {FileDamage::Kind::kReplace, path, same, std::move(bytes), kToTheEnd};
  if (change.bytes == old) change.end = change.begin;
  return change;
}

FileDamage Deleted(const std::string& path) {
  return {FileDamage::Kind::kDelete, path, 0, "", kToTheEnd};
}

bool ChangesSomething(const FileDamage& change) { return change.begin < change.end; }

bool ChangesWithin(const FileDamage& change, int64_t begin, int64_t end) {
  begin = std::max(begin, change.begin);
  end = std::min(end, change.end);
  if (begin >= end || change.kind != FileDamage::Kind::kOverwrite) return begin < end;
  const auto at = static_cast<std::size_t>(begin - change.begin);
  const auto bytes = static_cast<std::size_t>(end - begin);
  return change.bytes.compare(at, bytes, change.before, at, bytes) != 0;
}

Damage DamageDice::Throw() {
  for (;;) {
    Damage damage = ThrowOne();
    if (dice_.Below(8) == 0) {
      Damage second = ThrowOne();
      if (ShareFile(damage, second)) continue;  // each tells what it did to the files as they were
      damage.text += "; " + second.text;
      damage.strays = damage.strays || second.strays;
      std::move(second.changes.begin(), second.changes.end(), std::back_inserter(damage.changes));
    }
    std::erase_if(damage.changes,
                  [](const FileDamage& change) { return !ChangesSomething(change); });
    if (!damage.changes.empty()) return damage;
  }
}

Damage DamageDice::ThrowOne() {
  auto file = sources_->files.begin();
  std::advance(file, dice_.Below(sources_->files.size()));
  const auto& [path, bytes] = *file;
  const auto size = std::ssize(bytes);
  if (size == 0 || dice_.Below(6) == 0) return ThrowFile(path);
  // Often where something is, sometimes in the zeros behind it.
  const int64_t used = std::max<int64_t>(UsedBytes(bytes), 1);
  const int64_t end = dice_.Below(8) == 0 ? size : std::min(used + kSectorBytes, size);
  return ThrowBytes(path, 0, end);
}

Damage DamageDice::ThrowFile(const std::string& path) {
  const FileContents& files = sources_->files;
  const std::string& bytes = files.at(path);
  const auto with = [&](std::string_view text, FileDamage change) {
    return Damage{fmt::format("{}: {}", path, text), {std::move(change)}, true};
  };
  switch (dice_.Below(6)) {
    case 0:
      return with("deleted", Deleted(path));
    case 1:
      return with("emptied", Replaced(files, path, ""));
    case 2: {
      const auto& other = sources_->other;
      const auto found = other.find(path);
      if (found == other.end()) return with("deleted", Deleted(path));
      return with("replaced by another log's", Replaced(files, path, found->second));
    }
    case 3: {
      const FileContents* older = AnyOlder();
      if (older == nullptr || !older->contains(path)) return with("deleted", Deleted(path));
      return with("an older one", Replaced(files, path, older->at(path)));
    }
    case 4: {
      const int64_t more = 1 + static_cast<int64_t>(dice_.Below(5000));
      return with("extended by garbage", Replaced(files, path, bytes + Garbage(more)));
    }
    default: {
      const bool where_used = dice_.Below(4) != 0;
      const int64_t end = where_used ? UsedBytes(bytes) : std::ssize(bytes);
      const auto size = static_cast<std::size_t>(dice_.Below(static_cast<uint64_t>(end) + 1));
      return with(fmt::format("truncated to {} bytes", size),
                  Replaced(files, path, bytes.substr(0, size)));
    }
  }
}

Damage DamageDice::ThrowBytes(const std::string& path, int64_t begin, int64_t end) {
  const FileContents& files = sources_->files;
  const int64_t at = begin + static_cast<int64_t>(dice_.Below(static_cast<uint64_t>(end - begin)));
  const auto with = [&](std::string_view text, std::string bytes) {
    const auto size = bytes.size();
    return Damage{fmt::format("{}: {} bytes at {} {}", path, size, at, text),
                  {Overwritten(files, path, at, std::move(bytes))}};
  };
  switch (dice_.Below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      std::string byte = BytesAt(files, path, at, 1);
      const auto bit = static_cast<int>(dice_.Below(8));
      byte[0] = static_cast<char>(byte[0] ^ (1 << bit));
      return with(fmt::format("with bit {} flipped", bit), std::move(byte));
    }
    case 4:
      return with("zeroed", std::string(1 + dice_.Below(600), '\0'));
    case 5:
      return with("garbage", Garbage(1 + static_cast<int64_t>(dice_.Below(600))));
    case 6:
    case 7:
    case 8:
      return ThrowBlock(path, begin, end, kSectorBytes);
    default:
      return ThrowBlock(path, begin, end, kBlockBytes);
  }
}

Damage DamageDice::ThrowBlock(const std::string& path, int64_t begin, int64_t end,
                              int64_t block_bytes) {
  const FileContents& files = sources_->files;
  const int64_t any = begin + static_cast<int64_t>(dice_.Below(static_cast<uint64_t>(end - begin)));
  const int64_t at = any / block_bytes * block_bytes;
  const auto with = [&](std::string_view text, std::string bytes) {
    return Damage{fmt::format("{}: block of {} at {} {}", path, block_bytes, at, text),
                  {Overwritten(files, path, at, std::move(bytes))},
                  text == "stale"};
  };
  switch (dice_.Below(4)) {
    case 0:
      return with("zeroed", std::string(static_cast<std::size_t>(block_bytes), '\0'));
    case 1:
      return with("garbage", Garbage(block_bytes));
    case 2: {
      const FileContents* older = AnyOlder();
      static const FileContents kNone;
      return with("stale", BytesAt(older == nullptr ? kNone : *older, path, at, block_bytes));
    }
    default:
      return Misdirect(path, at, block_bytes);
  }
}

// The write of another block came here, and half the time is missing where it belongs.
Damage DamageDice::Misdirect(const std::string& path, int64_t at, int64_t block_bytes) {
  const FileContents& files = sources_->files;
  auto from = files.begin();
  std::advance(from, dice_.Below(files.size()));
  const int64_t used = std::max<int64_t>(UsedBytes(from->second), 1);
  const int64_t from_at =
      static_cast<int64_t>(dice_.Below(static_cast<uint64_t>(used))) / block_bytes * block_bytes;
  Damage damage = {
      fmt::format("{}: block of {} at {} is that of {} at {}", path, block_bytes, at, from->first,
                  from_at),
      {Overwritten(files, path, at, BytesAt(files, from->first, from_at, block_bytes))},
      true};
  if (from->first == path || from->second.empty() || dice_.Below(2) == 0) return damage;
  const FileContents* older = AnyOlder();
  static const FileContents kNone;
  damage.text += ", where it is missing";
  damage.changes.push_back(
      Overwritten(files, from->first, from_at,
                  BytesAt(older == nullptr ? kNone : *older, from->first, from_at, block_bytes)));
  return damage;
}

std::string DamageDice::Garbage(int64_t bytes) {
  std::string garbage(static_cast<std::size_t>(bytes), '\0');
  for (char& byte : garbage) byte = static_cast<char>(dice_.Next());
  return garbage;
}

const FileContents* DamageDice::AnyOlder() {
  const auto& older = sources_->older;
  return older.empty() ? nullptr : &older[dice_.Below(older.size())];
}

}  // namespace eventlog::test
