// What dpkg says of itself: its log, rotated and gzipped elders included, and its database.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// The log's files, oldest first.
std::vector<std::string> DpkgLogFiles();

// All lines of these files in order, gzipped or not, the last one with or without newline.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::vector<std::string>& files);

// One line of the log that is about a package.
struct DpkgEvent {
  std::string_view time;          // "2026-11-21 12:47:03", local
  std::string_view action;        // status, install, upgrade, configure, trigproc, remove, purge
  std::string_view package;       // without architecture
  std::string_view architecture;  // "amd64", "all"; empty in logs of old dpkgs
  std::string_view state;         // of a status line: "installed", "config-files", ...
  std::string_view version;       // of a status line; "<none>" when there is none
};

// Views of `line`; nullopt for a line about no package (startup, conffile) or one that was cut off.
std::optional<DpkgEvent> ParseDpkgLine(std::string_view line);

// A row of dpkg's database.
struct InstalledPackage {
  std::string package;
  std::string architecture;
  bool co_installable = false;  // with other architectures of itself
  std::string state;
  std::string version;
};

// Asks dpkg-query.
absl::StatusOr<std::vector<InstalledPackage>> QueryDpkg();
