// Runs the built tool, as a user would.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "support/temp_dir.h"

namespace eventlog::test {

using Arguments = std::vector<std::string>;

inline std::string ReadFileText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteFileText(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Starts the tool on these descriptors and returns its process id.
inline pid_t StartTool(const Arguments& arguments, int in, int out, int err) {
  std::vector<char*> words = {const_cast<char*>(EVENTLOG_TOOL)};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.data()));
  words.push_back(nullptr);
  const pid_t child = fork();
  EVENTLOG_ASSERT(child >= 0);
  if (child == 0) {
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
    execv(words[0], words.data());
    _exit(127);
  }
  return child;
}

// The exit code; minus the signal when one ended it.
inline int WaitFor(pid_t child) {
  int status = 0;
  EVENTLOG_ASSERT(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline int OpenForTool(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
  EVENTLOG_ASSERT(fd >= 0);
  return fd;
}

struct ToolResult {
  int exit_code = 0;
  std::string out = {};
  std::string err = {};
};

// Runs the tool to its end with `input` on its standard input.
inline ToolResult RunTool(const Arguments& arguments, std::string_view input = "") {
  const TempDir scratch;
  WriteFileText(scratch / "in", input);
  const int in = OpenForTool(scratch / "in", O_RDONLY);
  const int out = OpenForTool(scratch / "out", O_WRONLY | O_CREAT);
  const int err = OpenForTool(scratch / "err", O_WRONLY | O_CREAT);
  ToolResult result;
  result.exit_code = WaitFor(StartTool(arguments, in, out, err));
  close(in);
  close(out);
  close(err);
  result.out = ReadFileText(scratch / "out");
  result.err = ReadFileText(scratch / "err");
  return result;
}

// The first segment of a log's first topic.
inline std::string FirstSegment(const std::string& log_directory, int32_t partition = 0) {
  return log_directory + "/segments/1-" + std::to_string(partition) + "/00000000000000000000.log";
}

inline void FlipByte(const std::string& path, std::size_t position) {
  std::string bytes = ReadFileText(path);
  EVENTLOG_ASSERT(position < bytes.size());
  bytes[position] = static_cast<char>(bytes[position] ^ 0x40);
  WriteFileText(path, bytes);
}

}  // namespace eventlog::test
