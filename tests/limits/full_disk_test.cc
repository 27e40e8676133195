// A disk that is full to the last page: a small tmpfs, mounted in a namespace of a child's own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "limits/limited_log.h"
#include "support/child_report.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

constexpr char kSkipped[] = "no small disk can be mounted here";

bool WriteText(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

// Root mounts; anybody else as the root of a user namespace.
bool MountSmallDisk(const std::string& path) {
  const uid_t user = geteuid();
  if (user != 0) {
    const std::string map = "0 " + std::to_string(user) + " 1";
    if (unshare(CLONE_NEWUSER) != 0 || !WriteText("/proc/self/uid_map", map)) return false;
  }
  return unshare(CLONE_NEWNS) == 0 && mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", path.c_str(), "tmpfs", 0, "size=6m,mode=0700") == 0;
}

// What is wrong after `body`, a function of a path on a small disk.
template <typename Body>
void OnSmallDisk(Body body) {
  const TempDir directory;
  const std::string report = ReportOfChild([&] {
    return MountSmallDisk(directory.path()) ? body(directory.path()) : std::string(kSkipped);
  });
  if (report == kSkipped) {
    WARN(report << ": skipped");
    return;
  }
  CHECK(report == "");
}

}  // namespace

TEST_CASE("a full disk refuses what needs space and everything goes on when there is some",
          "[limits]") {
  for (const int pages_left : {0, 1, 20, 100}) {
    CAPTURE(pages_left);
    OnSmallDisk([&](const std::string& disk) {
      LimitedLog log(disk + "/log");
      Ballast ballast(disk + "/ballast");
      log.Expect("Open", log.Open());
      log.Work(12);
      if (log.refused() > 0) log.Fail("refused on a disk with space");
      for (int i = 0; i < 3; ++i) {
        ballast.Fill(pages_left);
        log.Work(12);
        if (log.refused() == 0) log.Fail("nothing is refused on a full disk");
        log.Judge("on a full disk");
        ballast.Remove();
        log.ExpectAllWell("with space");
        log.Judge("with space");
        log.Expect("DeleteAll", log.DeleteAll());
      }
      log.Expect("Restart", log.application()->Restart());
      log.Judge("after a restart");
      return log.wrong();
    });
  }
}

TEST_CASE("on a disk that is full to the last page deletion makes room", "[limits]") {
  enum Way { kRecords, kTopic, kRetention };
  const Way way = GENERATE(kRecords, kTopic, kRetention);
  const bool reopened = GENERATE(false, true);
  CAPTURE(way, reopened);
  OnSmallDisk([&](const std::string& disk) {
    LimitedLog log(disk + "/log");
    Ballast ballast(disk + "/ballast");
    log.Expect("Open", log.Open());
    log.Expect("AppendAll", log.application()->AppendAll({"deleted", 0}, 40, 8000));
    log.Expect("CreateTopic", log.application()->CreateTopic("aged", {.retention = absl::Hours(1),
                                                                      .segment_bytes = 64 << 10}));
    for (int i = 0; i < 2; ++i) {
      log.Expect("AppendAll", log.application()->AppendAll({"aged", 0}, 60, 8000));
    }
    log.Work(12);
    if (log.refused() > 0) log.Fail("refused on a disk with space");
    ballast.Fill();
    log.Work(12);  // takes what was reserved
    if (reopened) {
      log.Kill();
      if (absl::Status opened = log.Open(); !opened.ok()) return "Open: " + opened.ToString();
    }
    ballast.Fill();
    for (int i = 0; i < 3; ++i) {
      absl::Status deleted;
      if (way == kRecords) deleted = log.DeleteAll();
      if (way == kTopic && i == 0) deleted = log.application()->DeleteTopic("deleted");
      if (way == kRetention) deleted = log.application()->Maintain(absl::Hours(2));
      if (!deleted.ok()) log.Fail("deletion: " + deleted.ToString());
      log.ExpectRoom("after a deletion");
    }
    log.Judge("after the deletions");
    log.Kill();
    if (absl::Status opened = log.Open(); !opened.ok()) log.Fail("Open: " + opened.ToString());
    log.Judge("after a kill");
    return log.wrong();
  });
}

TEST_CASE("a log is opened again on a disk that is full to the last page", "[limits]") {
  const bool killed = GENERATE(false, true);
  const int pages_left = GENERATE(0, 1, 3, 40);
  CAPTURE(killed, pages_left);
  OnSmallDisk([&](const std::string& disk) {
    LimitedLog log(disk + "/log");
    Ballast ballast(disk + "/ballast");
    log.Expect("Open", log.Open());
    for (int i = 0; i < 4; ++i) {
      log.Work(5);
      ballast.Fill(pages_left);
      log.Work(i);
      if (killed) {
        log.Kill();
      } else {
        log.Expect("Close", log.application()->Close());
      }
      ballast.Fill();
      if (absl::Status opened = log.Open(); !opened.ok()) return "Open: " + opened.ToString();
      log.Judge("after it was opened on a full disk");
      ballast.Remove();
      log.ExpectAllWell("with space");
      log.Expect("DeleteAll", log.DeleteAll());
    }
    return log.wrong();
  });
}

}  // namespace eventlog::test
