#include "cli/output.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"

namespace eventlog::cli {
namespace {

TEST_CASE("output arrives at the flush or when much has come together", "[cli]") {
  const test::TempDir directory;
  const int fd = test::OpenForTool(directory / "out", O_WRONLY | O_CREAT);
  Output output(fd);
  REQUIRE(output.Append("a").ok());
  CHECK(test::ReadFileText(directory / "out").empty());
  REQUIRE(output.Flush().ok());
  CHECK(test::ReadFileText(directory / "out") == "a");
  REQUIRE(output.Append(std::string(Output::kBufferBytes, 'b')).ok());
  CHECK(test::ReadFileText(directory / "out").size() == Output::kBufferBytes + 1);
  close(fd);
}

TEST_CASE("a reader that has gone cancels the output for good", "[cli]") {
  auto* const before = signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  Output output(ends[1]);
  REQUIRE(output.Append("a").ok());
  CHECK(absl::IsCancelled(output.Flush()));
  CHECK(absl::IsCancelled(output.Append("b")));
  close(ends[1]);
  signal(SIGPIPE, before);
}

TEST_CASE("output that cannot be written is an error", "[cli]") {
  Output output(-1);
  REQUIRE(output.Append("a").ok());
  CHECK(absl::IsInternal(output.Flush()));
}

}  // namespace
}  // namespace eventlog::cli
