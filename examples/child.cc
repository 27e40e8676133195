#include "child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

absl::StatusOr<Child> Child::Start(const std::vector<std::string>& arguments) {
  signal(SIGPIPE, SIG_IGN);  // an answer to a child that is gone
  std::array<int, 2> up = {-1, -1};
  std::array<int, 2> down = {-1, -1};
  if (pipe(up.data()) != 0 || pipe(down.data()) != 0) {
    return absl::ErrnoToStatus(errno, "pipe");
  }
  std::vector<std::string> copies = arguments;
  copies.insert(copies.begin(), "package_history");
  std::vector<char*> argv;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Child child;
  child.pid_ = fork();
  if (child.pid_ == 0) {
    dup2(down[0], STDIN_FILENO);
    dup2(up[1], STDOUT_FILENO);
    for (const int end : {up[0], up[1], down[0], down[1]}) close(end);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  close(up[1]);
  close(down[0]);
  child.from_ = fdopen(up[0], "r");
  child.to_ = fdopen(down[1], "w");
  if (child.pid_ < 0) return absl::ErrnoToStatus(errno, "fork");
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      from_(std::exchange(other.from_, nullptr)),
      to_(std::exchange(other.to_, nullptr)) {}

Child::~Child() {
  if (pid_ > 0) {
    Kill();
    Wait().IgnoreError();
  }
  if (from_ != nullptr) std::fclose(from_);
  if (to_ != nullptr) std::fclose(to_);
}

absl::StatusOr<std::string> Child::ReadLine() {
  std::string line;
  for (int c = 0; (c = std::fgetc(from_)) != EOF;) {
    if (c == '\n') return line;
    line.push_back(static_cast<char>(c));
  }
  return absl::OutOfRangeError("the child says no more");
}

void Child::Answer() {
  std::fputc('\n', to_);
  std::fflush(to_);
}

void Child::Kill() { kill(pid_, SIGKILL); }

absl::Status Child::Wait() {
  int how = 0;
  while (waitpid(pid_, &how, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return absl::OkStatus();
  if (WIFSIGNALED(how)) return absl::AbortedError(absl::StrCat("killed by ", WTERMSIG(how)));
  return absl::UnknownError(absl::StrCat("exit code ", WEXITSTATUS(how)));
}

void SayToParent(const std::string& line) {
  std::cout << line << std::endl;
  std::string answer;
  if (!std::getline(std::cin, answer)) std::_Exit(1);  // the parent is gone
}
