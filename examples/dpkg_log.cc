#include "dpkg_log.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace {

constexpr std::string_view kFolder = "/var/log";
constexpr std::string_view kName = "dpkg.log";

// How often a file has been rotated: 0 for dpkg.log, 2 for dpkg.log.2.gz, −1 for other files.
int Rotations(std::string_view name) {
  if (!name.starts_with(kName)) return -1;
  name.remove_prefix(kName.size());
  if (name.empty()) return 0;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (!name.starts_with('.')) return -1;
  int rotations = 0;
  const char* const end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + 1, end, rotations);
  return parsed.ec == std::errc() && parsed.ptr == end ? rotations : -1;
}

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
struct PipeClose {
  void operator()(std::FILE* pipe) const { pclose(pipe); }
};

absl::Status AppendFile(const std::string& path, std::string* text) {
  const std::unique_ptr<gzFile_s, GzClose> file(gzopen(path.c_str(), "rb"));  // plain files too
  if (file == nullptr) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  std::array<char, 65536> buffer = {};
  int count = 0;
  while ((count = gzread(file.get(), buffer.data(), buffer.size())) > 0) {
    text->append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) return absl::DataLossError(absl::StrCat("cannot read ", path));
  if (!text->empty() && text->back() != '\n') text->push_back('\n');
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> DpkgLogFiles() {
  std::vector<std::pair<int, std::string>> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, ignored)) {
    const int rotations = Rotations(entry.path().filename().string());
    if (rotations >= 0) found.emplace_back(-rotations, entry.path().string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> files;
  for (auto& [age, path] : found) files.push_back(std::move(path));
  return files;
}

absl::StatusOr<std::vector<std::string>> ReadLines(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& path : files) {
    if (absl::Status status = AppendFile(path, &text); !status.ok()) return status;
  }
  return std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()));
}

std::optional<DpkgEvent> ParseDpkgLine(std::string_view line) {
  // DATE TIME status STATE PACKAGE[:ARCHITECTURE] VERSION
  // DATE TIME ACTION PACKAGE[:ARCHITECTURE] OLD_VERSION NEW_VERSION
  std::array<std::string_view, 6> part;
  std::size_t at = 0;
  for (std::string_view& word : part) {
    if (at > line.size()) return std::nullopt;
    word = line.substr(at, line.find(' ', at) - at);
    at += word.size() + 1;
  }
  if (at <= line.size() || part[5].empty()) return std::nullopt;
  DpkgEvent event;
  event.time = line.substr(0, part[0].size() + 1 + part[1].size());
  event.action = part[2];
  const bool status = event.action == "status";
  constexpr std::string_view kActions[] = {"install",  "upgrade", "configure",
                                           "trigproc", "remove",  "purge"};
  if (!status &&
      std::find(std::begin(kActions), std::end(kActions), event.action) == std::end(kActions)) {
    return std::nullopt;
  }
  const std::string_view package = part[status ? 4 : 3];
  const std::size_t colon = package.find(':');
  event.package = package.substr(0, colon);
  if (colon != std::string_view::npos) event.architecture = package.substr(colon + 1);
  if (status) {
    event.state = part[3];
    event.version = part[5];
  }
  return event;
}

absl::StatusOr<std::vector<InstalledPackage>> QueryDpkg() {
  const std::unique_ptr<std::FILE, PipeClose> pipe(
      popen("dpkg-query -W -f='${binary:Package}\\t${Architecture}\\t${Multi-Arch}\\t"
            "${db:Status-Status}\\t${Version}\\n'",
            "re"));
  if (pipe == nullptr) return absl::UnavailableError("cannot run dpkg-query");
  std::string text;
  std::array<char, 65536> buffer = {};
  while (std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), count);
  }
  std::vector<InstalledPackage> packages;
  for (const auto row : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> field = absl::StrSplit(row, '\t');
    if (field.size() != 5) return absl::DataLossError(absl::StrCat("dpkg-query says: ", row));
    // binary:Package carries the architecture only where two of them can be installed.
    packages.push_back({.package = field[0].substr(0, field[0].find(':')),
                        .architecture = field[1],
                        .co_installable = field[2] == "same",
                        .state = field[3],
                        .version = field[4]});
  }
  if (packages.empty()) return absl::NotFoundError("dpkg-query knows no package");
  return packages;
}
