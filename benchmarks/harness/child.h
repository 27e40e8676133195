// Work in a process of its own, for what only a process has: a death, a resident set, a thread
// count.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace eventlog::bench {

// Forks, runs `work` in the child and answers what it returned. Fork before there are threads. The
// child runs no destructors of the parent's.
double InChild(const std::function<double()>& work);

// The same of a child that kills itself by SIGKILL at the end of its work.
void InChildThatDies(const std::function<void()>& work);

// Of this process, from /proc.
int64_t ResidentBytes();
int64_t OpenFiles();
int64_t Threads();

}  // namespace eventlog::bench
