// RLIMIT_FSIZE, which raises SIGXFSZ, and RLIMIT_NOFILE, in a child process.
#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <string>

#include "limits/limited_log.h"
#include "support/child_report.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

void Limit(__rlimit_resource_t resource, rlim_t soft) {
  rlimit limit;
  EVENTLOG_ASSERT(getrlimit(resource, &limit) == 0);
  limit.rlim_cur = soft;
  EVENTLOG_ASSERT(setrlimit(resource, &limit) == 0);
}

}  // namespace

TEST_CASE("a limit of file sizes is a full disk and never a signal", "[limits]") {
  int refused = 0;
  for (const rlim_t bytes : std::initializer_list<rlim_t>{0, 5, 100, 4096, 70'000, 256 << 10,
                                                          300 << 10, 600 << 10, 1 << 20}) {
    for (const bool found : {false, true}) {  // a log that was made without the limit
      CAPTURE(bytes, found);
      const TempDir directory;
      const std::string report = ReportOfChild([&] {
        signal(SIGXFSZ, SIG_DFL);
        LimitedLog log(directory / "log");
        if (found) {
          log.Expect("Open", log.Open());
          log.Work(20);
          log.Expect("Close", log.application()->Close());
          if (log.refused() > 0) log.Fail("refused without a limit");
        }
        Limit(RLIMIT_FSIZE, bytes);
        const absl::Status opened = log.Open();
        log.Expect("Open with the limit", opened);
        if (opened.ok()) {
          log.Work(30);
          log.Judge("with the limit");
        }
        const bool any_refused = log.refused() > 0;
        Limit(RLIMIT_FSIZE, RLIM_INFINITY);
        if (!opened.ok()) log.Expect("Open", log.Open());
        log.Judge("without the limit");
        log.ExpectAllWell("without the limit");
        log.Judge("after all");
        log.Kill();
        log.Expect("Open after a kill", log.Open());
        log.Judge("after a kill");
        return log.wrong() + (any_refused ? "refused" : "");
      });
      INFO(report);
      CHECK((report.empty() || report == "refused"));
      if (report == "refused") ++refused;
    }
  }
  CHECK(refused > 5);
}

TEST_CASE("a limit of open files is an error and passes", "[limits]") {
  int refused = 0;
  for (rlim_t files = 3; files < 24; ++files) {
    CAPTURE(files);
    const TempDir directory;
    const std::string report = ReportOfChild([&] {
      LimitedLog log(directory / "log");
      log.Expect("Open", log.Open());
      log.Work(8);
      const rlim_t usual = 1024;
      // With the log open, and while it is opened.
      for (const bool open : {true, false}) {
        if (!open) log.Kill();
        Limit(RLIMIT_NOFILE, files);
        const absl::Status opened = open ? absl::OkStatus() : log.Open();
        log.Expect("Open with the limit", opened);
        if (opened.ok()) log.Work(8);
        Limit(RLIMIT_NOFILE, usual);
        if (!opened.ok()) log.Expect("Open", log.Open());
        log.Judge("without the limit");
        const int before = log.refused();
        log.Work(2);
        if (log.refused() != before) log.Fail("refused without the limit");
        log.Judge("after all");
      }
      return log.wrong() + (log.refused() > 0 ? "refused" : "");
    });
    INFO(report);
    CHECK((report.empty() || report == "refused"));
    if (report == "refused") ++refused;
  }
  CHECK(refused > 5);
}

}  // namespace eventlog::test
