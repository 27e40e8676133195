#include <algorithm>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

// System calls that touch files or memory mappings, as free functions.
constexpr std::string_view kFileCalls[] = {
    "rename",    "renameat",        "renameat2",       "fsync",
    "fdatasync", "sync_file_range", "syncfs",          "open",
    "openat",    "creat",           "pwrite",          "pwritev",
    "pwritev2",  "pread",           "preadv",          "preadv2",
    "mmap",      "munmap",          "mremap",          "msync",
    "madvise",   "posix_fadvise",   "unlink",          "unlinkat",
    "ftruncate", "truncate",        "fallocate",       "link",
    "linkat",    "posix_fallocate", "symlink",         "mkdir",
    "mkdirat",   "rmdir",           "opendir",         "readdir",
    "stat",      "fstat",           "lstat",           "statfs",
    "fstatfs",   "flock",           "copy_file_range", "fcntl",
};
// The C and C++ libraries' ways to files. The tool may use them: its files are not the log's.
constexpr std::string_view kLibraryCalls[] = {"fopen",  "fdopen", "freopen",
                                              "fwrite", "fread",  "fclose"};
constexpr std::string_view kLibraryWords[] = {"std::ofstream", "std::ifstream", "std::fstream",
                                              "std::filesystem"};

struct Exception {
  std::string_view path;
  std::string_view call;
};
// The page that tells a forked child; the kernel's randomness.
constexpr Exception kExceptions[] = {
    {"src/base/fork_guard.cc", "mmap"},
    {"src/base/fork_guard.cc", "munmap"},
    {"src/base/fork_guard.cc", "madvise"},
};

bool IsExcepted(std::string_view path, std::string_view call) {
  return std::any_of(std::begin(kExceptions), std::end(kExceptions),
                     [&](const Exception& e) { return e.path == path && e.call == call; });
}

// Whether the word at `at` is called as a free function: `open(`, `::open(`, `std::rename(`, but
// neither `file.open(` nor a declaration's `Status open(`, which our names do not allow anyway.
bool IsFreeCall(std::string_view code, std::size_t at, std::string_view word) {
  const std::size_t after = code.find_first_not_of(' ', at + word.size());
  if (after == std::string_view::npos || code[after] != '(') return false;
  const std::string_view before = code.substr(0, at);
  if (before.ends_with('.') || before.ends_with("->")) return false;
  return !before.ends_with("::") || before.ends_with("std::") || before.size() < 3 ||
         !IsWordCharacter(before[before.size() - 3]);
}

template <typename Words>
void FindCalls(const SourceFile& file, std::string_view code, const Words& words,
               std::string_view why, Problems* problems) {
  for (const std::string_view word : words) {
    if (IsExcepted(file.path, word)) continue;
    for (const std::size_t at : FindWord(code, word)) {
      if (!IsFreeCall(code, at, word)) continue;
      problems->push_back(
          Problem(file.path, LineOf(code, at), std::string(word) + "() " + std::string(why)));
    }
  }
}

template <typename Words>
void FindWords(const SourceFile& file, std::string_view text, const Words& words,
               std::string_view why, Problems* problems) {
  for (const std::string_view word : words) {
    for (const std::size_t at : FindWord(text, word)) {
      problems->push_back(
          Problem(file.path, LineOf(text, at), std::string(word) + " " + std::string(why)));
    }
  }
}

bool IsSource(const SourceFile& file) { return file.path.starts_with("src/") && IsCode(file.path); }

}  // namespace

Problems CheckSystemCalls(const Tree& tree) {
  constexpr std::string_view kWhy = "goes around src/io/";
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!IsSource(file) || file.path.starts_with("src/io/")) continue;
    const std::string code = WithoutDirectives(SplitSource(file.text).code);
    FindCalls(file, code, kFileCalls, kWhy, &problems);
    if (file.path.starts_with("src/cli/")) continue;
    FindCalls(file, code, kLibraryCalls, kWhy, &problems);
    FindWords(file, code, kLibraryWords, kWhy, &problems);
  }
  return problems;
}

Problems CheckTimeAndRandomness(const Tree& tree) {
  constexpr std::string_view kCalls[] = {"clock_gettime", "gettimeofday", "time",
                                         "getrandom",     "rand",         "random"};
  constexpr std::string_view kWords[] = {"absl::Now", "std::random_device",
                                         "std::chrono::system_clock", "std::chrono::steady_clock"};
  constexpr std::string_view kWhy = "goes around Clock or Random";
  Problems problems;
  for (const SourceFile& file : tree) {
    const bool seam =
        file.path == "src/base/system_clock.cc" || file.path == "src/base/system_random.cc";
    if (!IsSource(file) || seam) continue;
    const std::string code = WithoutDirectives(SplitSource(file.text).code);
    FindCalls(file, code, kCalls, kWhy, &problems);
    FindWords(file, code, kWords, kWhy, &problems);
  }
  return problems;
}

Problems CheckLocks(const Tree& tree) {
  constexpr std::string_view kWords[] = {
      "std::mutex",      "std::timed_mutex", "std::recursive_mutex",    "std::shared_mutex",
      "std::lock_guard", "std::unique_lock", "std::scoped_lock",        "std::shared_lock",
      "absl::Mutex",     "absl::MutexLock",  "std::condition_variable", "absl::CondVar",
  };
  Problems problems;
  for (const SourceFile& file : tree) {
    const bool ours = IsSource(file) || file.path.starts_with("include/");
    if (!ours || file.path == "src/base/mutex.h") continue;
    FindWords(file, SplitSource(file.text).code, kWords, "has no thread-safety annotations here",
              &problems);
  }
  return problems;
}

Problems CheckUnfinishedWords(const Tree& tree) {
  constexpr std::string_view kWords[] = {"TODO", "FIXME", "XXX"};
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!IsCode(file.path)) {
      FindWords(file, file.text, kWords, "marks something unfinished", &problems);
      continue;
    }
    const Split split = SplitSource(file.text);
    FindWords(file, split.comments, kWords, "marks something unfinished", &problems);
    FindWords(file, split.code, kWords, "marks something unfinished", &problems);
  }
  return problems;
}

Problems CheckPragmaOnce(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.ends_with(".h")) continue;
    const std::string code = SplitSource(file.text).code;
    if (Trim(code).starts_with("#pragma once")) continue;
    problems.push_back(Problem(file.path, 1, "a header whose first code is not #pragma once"));
  }
  return problems;
}

}  // namespace eventlog::tidy
