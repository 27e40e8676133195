// A child process: this program again, with other arguments, at the other end of two pipes.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Movable; a child that still runs when this is destroyed is killed.
class Child {
 public:
  static absl::StatusOr<Child> Start(const std::vector<std::string>& arguments);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  // The child's next line, without its end. OutOfRange when it has no more.
  absl::StatusOr<std::string> ReadLine();
  // Lets the child go on after a line.
  void Answer();
  // SIGKILL, as the kernel's out-of-memory killer sends it: nothing of the child runs any more.
  void Kill();
  // Waits for the end. OK when it ended by itself, with success.
  absl::Status Wait();

 private:
  Child() = default;

  pid_t pid_ = -1;  // −1: has ended
  std::FILE* from_ = nullptr;
  std::FILE* to_ = nullptr;
};

// In the child: sends a line and waits for its answer.
void SayToParent(const std::string& line);
