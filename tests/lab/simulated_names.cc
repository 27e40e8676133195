#include "lab/simulated_names.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr int64_t kMissing = -1;

std::vector<std::string> Components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (part == "..") {
      if (!components.empty()) components.pop_back();
    } else if (!part.empty() && part != ".") {
      components.emplace_back(part);
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

absl::Status Missing(std::string_view path) {
  return absl::NotFoundError(fmt::format("{}: No such file or directory", path));
}
absl::Status WrongKind(std::string_view path, std::string_view what) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", path, what));
}

}  // namespace

absl::StatusOr<int64_t> SimulatedNames::FindFile(const std::string& path) const {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, Find(path));
  if (place.node == kMissing) return Missing(path);
  if (IsDirectory(place.node)) return WrongKind(path, "Is a directory");
  return place.node;
}

absl::StatusOr<int64_t> SimulatedNames::FindDirectory(const std::string& path) const {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, Find(path));
  if (place.node == kMissing) return Missing(path);
  if (!IsDirectory(place.node)) return WrongKind(path, "Not a directory");
  return place.node;
}

absl::StatusOr<int64_t> SimulatedNames::CreateFile(const std::string& path, int64_t sequence) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, FindFree(path));
  Make({sequence, ++last_node_, {}, place.entry});
  return last_node_;
}

absl::Status SimulatedNames::CreateDirectory(const std::string& path, int64_t sequence) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, FindFree(path));
  Make({sequence, ++last_node_, {}, place.entry});
  directories_[last_node_];
  return absl::OkStatus();
}

absl::Status SimulatedNames::Rename(const std::string& from, const std::string& to,
                                    int64_t sequence) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place source, Find(from));
  EVENTLOG_ASSIGN_OR_RETURN(const Place target, Find(to));
  if (source.node == kMissing) return Missing(from);
  if (source.node == target.node) return absl::OkStatus();
  EVENTLOG_RETURN_IF_ERROR(CheckRename(source, target, from, to));
  Make({sequence, source.node, source.entry, target.entry});
  return absl::OkStatus();
}

absl::Status SimulatedNames::Link(const std::string& from, const std::string& to,
                                  int64_t sequence) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place source, Find(from));
  if (source.node == kMissing) return Missing(from);
  if (IsDirectory(source.node)) {
    return absl::PermissionDeniedError(fmt::format("{}: Operation not permitted", from));
  }
  EVENTLOG_ASSIGN_OR_RETURN(const Place target, FindFree(to));
  Make({sequence, source.node, {}, target.entry});
  return absl::OkStatus();
}

absl::Status SimulatedNames::Remove(const std::string& path, int64_t sequence) {
  EVENTLOG_ASSIGN_OR_RETURN(const Place place, Find(path));
  if (place.node == kMissing) return Missing(path);
  if (place.node == kRoot) return WrongKind(path, "the root is not removed");
  if (IsDirectory(place.node) && !In(place.node).empty()) {
    return WrongKind(path, "Directory not empty");
  }
  Make({sequence, place.node, place.entry, {}});
  return absl::OkStatus();
}

absl::Status SimulatedNames::Sync(const std::string& path) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t number, FindDirectory(path));
  Directory& directory = directories_.at(number);
  directory.durable_names = directory.names;
  for (Change& change : changes_) {
    if (change.removed.directory == number) change.removed = {};
    if (change.added.directory == number) change.added = {};
  }
  std::erase_if(changes_, [](const Change& change) {
    return change.removed.directory < 0 && change.added.directory < 0;
  });
  const std::set<int64_t> reached = ReachableEver();
  std::erase_if(directories_, [&](const auto& entry) { return !reached.contains(entry.first); });
  return absl::OkStatus();
}

SimulatedNames SimulatedNames::After(const Survivors& survivors) const {
  std::map<int64_t, Names> after;
  for (const auto& [number, directory] : directories_) after[number] = directory.durable_names;
  const auto is_full = [&](int64_t node) {
    const auto found = after.find(node);
    return found != after.end() && !found->second.empty();
  };
  for (const auto& [sequence, node, removed, added] : changes_) {
    if (!survivors.Keeps(sequence)) continue;
    Names* const from = removed.directory < 0 ? nullptr : &after.at(removed.directory);
    Names* const to = added.directory < 0 ? nullptr : &after.at(added.directory);
    if (from != nullptr) {
      const auto old = from->find(removed.name);
      if (old == from->end() || old->second != node) continue;
    }
    if (to == nullptr) {
      if (is_full(node)) continue;
    } else if (const auto there = to->find(added.name); there != to->end()) {
      // Only a rename replaces, and no directory that has something in it.
      if (from == nullptr || is_full(there->second)) continue;
    }
    if (from != nullptr) from->erase(removed.name);
    if (to != nullptr) (*to)[added.name] = node;
  }

  SimulatedNames names;
  names.last_node_ = last_node_;
  for (std::vector<int64_t> open = {kRoot}; !open.empty();) {
    const int64_t number = open.back();
    open.pop_back();
    for (const auto& [name, node] : after.at(number)) {
      if (IsDirectory(node)) open.push_back(node);
    }
    names.directories_[number] = {after.at(number), after.at(number)};
  }
  return names;
}

absl::StatusOr<SimulatedNames::Place> SimulatedNames::Find(const std::string& path) const {
  if (path.empty()) return Missing(path);
  Place place = {{}, kRoot};
  for (std::string& name : Components(path)) {
    if (place.node == kMissing) return Missing(path);
    if (!IsDirectory(place.node)) return WrongKind(path, "Not a directory");
    place.entry = {place.node, std::move(name)};
    const Names& names = In(place.node);
    const auto found = names.find(place.entry.name);
    place.node = found == names.end() ? kMissing : found->second;
  }
  return place;
}

absl::StatusOr<SimulatedNames::Place> SimulatedNames::FindFree(const std::string& path) const {
  EVENTLOG_ASSIGN_OR_RETURN(Place place, Find(path));
  if (place.node != kMissing) {
    return absl::AlreadyExistsError(fmt::format("{}: File exists", path));
  }
  return place;
}

absl::Status SimulatedNames::CheckRename(const Place& source, const Place& target,
                                         const std::string& from, const std::string& to) const {
  if (source.node == kRoot || target.node == kRoot) {
    return WrongKind(from, "the root is not renamed");
  }
  if (!IsDirectory(source.node)) {
    return IsDirectory(target.node) ? WrongKind(to, "Is a directory") : absl::OkStatus();
  }
  const auto below = Components(to);
  const auto above = Components(from);
  if (below.size() > above.size() && std::equal(above.begin(), above.end(), below.begin())) {
    return absl::InternalError(fmt::format("{}: Invalid argument", to));
  }
  if (target.node == kMissing) return absl::OkStatus();
  if (!IsDirectory(target.node)) return WrongKind(to, "Not a directory");
  return In(target.node).empty() ? absl::OkStatus() : WrongKind(to, "Directory not empty");
}

void SimulatedNames::Make(Change change) {
  const auto& [sequence, node, removed, added] = change;
  if (removed.directory >= 0) directories_.at(removed.directory).names.erase(removed.name);
  if (added.directory >= 0) directories_.at(added.directory).names[added.name] = node;
  changes_.push_back(std::move(change));
}

std::set<int64_t> SimulatedNames::Reach(bool ever) const {
  std::set<int64_t> reached;
  std::vector<int64_t> open = {kRoot};
  if (ever) {
    for (const Change& change : changes_) {
      open.insert(open.end(), {change.node, change.removed.directory, change.added.directory});
    }
  }
  while (!open.empty()) {
    const int64_t node = open.back();
    open.pop_back();
    if (node < 0 || !reached.insert(node).second || !IsDirectory(node)) continue;
    const Directory& directory = directories_.at(node);
    for (const auto& [name, child] : directory.names) open.push_back(child);
    if (!ever) continue;
    for (const auto& [name, child] : directory.durable_names) open.push_back(child);
  }
  return reached;
}

}  // namespace eventlog::test
