#include "cli/progress.h"

#include <fcntl.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::cli {
namespace {

using test::Arguments;
using test::TempDir;

// What the tool writes to a terminal that is its standard error.
std::string OnTerminal(const Arguments& arguments) {
  const int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(ours >= 0);
  REQUIRE(grantpt(ours) == 0);
  REQUIRE(unlockpt(ours) == 0);
  const int theirs = test::OpenForTool(ptsname(ours), O_RDWR | O_NOCTTY);
  const int null = test::OpenForTool("/dev/null", O_RDWR);
  const pid_t tool = test::StartTool(arguments, null, null, theirs);
  close(theirs);
  close(null);
  std::string text;
  char chunk[4096];
  for (ssize_t got; (got = read(ours, chunk, sizeof chunk)) > 0;) {
    text.append(chunk, static_cast<std::size_t>(got));
  }
  close(ours);
  CHECK(test::WaitFor(tool) == 0);
  return text;
}

TEST_CASE("the line tells part and whole and how long it will take", "[cli]") {
  const Progress::Work work{.what = "verifying shop", .total_bytes = 1 << 20};
  CHECK(Progress::Line(work, 0, absl::ZeroDuration()) ==
        "verifying shop [........................]   0% of 1.0 MiB");
  CHECK(Progress::Line(work, 1 << 18, absl::Seconds(30)) ==
        "verifying shop [######..................]  25% of 1.0 MiB, 1 min 30 s left");
  CHECK(Progress::Line(work, 1 << 19, absl::Seconds(2)) ==
        "verifying shop [############............]  50% of 1.0 MiB, 2 s left");
  CHECK(Progress::Line(work, 1 << 21, absl::Seconds(2)).find("100% of 1.0 MiB, 0 s left") !=
        std::string::npos);
  CHECK(Progress::Line({.what = "recovering shop", .size_bytes = 2048}, 0, absl::Seconds(4)) ==
        "recovering shop: 2.0 KiB, 4 s so far");
}

TEST_CASE("progress is drawn for a large log on a terminal only", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  std::string megabyte;
  while (megabyte.size() < 1 << 20) megabyte += std::string(9999, 'x') + "\n";
  test::WriteFileText(directory / "lines", megabyte);
  REQUIRE(test::RunTool({"produce", log, "t", "--file", directory / "lines"}).exit_code == 0);
  CHECK(SegmentBytes(log) > 1 << 20);
  CHECK(OnTerminal({"verify", log}).empty());
  Arguments produce = {"produce", log, "t"};
  for (int i = 0; i < 64; ++i) {
    produce.insert(produce.end(), {"--file", directory / "lines"});
  }
  REQUIRE(test::RunTool(produce).exit_code == 0);
  const std::string drawn = OnTerminal({"verify", log});
  CHECK(drawn.find("verifying " + log + " [") != std::string::npos);
  CHECK(drawn.ends_with("\r\033[K"));
  CHECK(OnTerminal({"verify", log, "--no-progress"}).empty());
  CHECK(OnTerminal({"recover", log, "--mode", "refuse", "--no-progress"}).empty());
  CHECK(test::RunTool({"verify", log}).err.empty());
}

}  // namespace
}  // namespace eventlog::cli
