#include "lab/ext4_disk.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/assert.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

// <linux/ext4.h> is not among the kernel's exported headers.
constexpr unsigned long kShutdown = _IOR('X', 125, uint32_t);
constexpr uint32_t kNoLogFlush = 2;  // not even what the file system's own journal has in memory
constexpr off_t kImageBytes = off_t{64} << 20;
constexpr int kTries = 20;  // another process may be quicker to take a free loop device

std::string Failed(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

std::string Ext4Disk::Isolate() {
  if (geteuid() != 0) return "not root";
  if (unshare(CLONE_NEWNS) != 0) return Failed("unshare");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return Failed("mount");
  return "";
}

std::string Ext4Disk::Make() {
  const std::string image = path_ + "/ext4.image";
  image_ = open(image.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  EVENTLOG_ASSERT(image_ >= 0 && ftruncate(image_, kImageBytes) == 0);
  const std::string mkfs = fmt::format(
      "PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -F -m 0 -J size=4 "
      "-E lazy_itable_init=0,lazy_journal_init=0 '{}' >&2",
      image);
  const bool made = std::system(mkfs.c_str()) == 0;
  unlink(image.c_str());  // gone with this process
  return made ? Mount() : "no mkfs.ext4";
}

std::string Ext4Disk::AttachLoop(int* loop) {
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return Failed("/dev/loop-control");
  std::string wrong = "no free loop device";
  for (int tries = 0; tries < kTries && !wrong.empty(); ++tries) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) break;
    device_ = fmt::format("loop{}", number);
    *loop = open(("/dev/" + device_).c_str(), O_RDWR | O_CLOEXEC);
    loop_info64 info = {};
    info.lo_flags = LO_FLAGS_AUTOCLEAR;  // goes with the last who has it open
    if (*loop >= 0 && ioctl(*loop, LOOP_SET_FD, image_) == 0 &&
        ioctl(*loop, LOOP_SET_STATUS64, &info) == 0) {
      wrong.clear();
    } else {
      wrong = Failed("/dev/" + device_);
      close(*loop);
    }
  }
  close(control);
  return wrong;
}

// Through a loop device that is new each time: of the one before the kernel may still know in
// memory what never reached the image.
std::string Ext4Disk::Mount() {
  int loop = -1;
  if (std::string wrong = AttachLoop(&loop); !wrong.empty()) return wrong;
  const bool mounted =
      mount(("/dev/" + device_).c_str(), path_.c_str(), "ext4", MS_NOATIME, nullptr) == 0;
  const std::string wrong = mounted ? "" : Failed("mount of ext4");
  close(loop);
  if (!mounted) return wrong;
  root_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EVENTLOG_ASSERT(root_ >= 0);
  cut_ = false;
  return "";
}

bool Ext4Disk::is_damaged() const {
  int64_t errors = 0;
  std::ifstream("/sys/fs/ext4/" + device_ + "/errors_count") >> errors;
  return errors > 0;
}

void Ext4Disk::Cut() {
  uint32_t flags = kNoLogFlush;
  cut_ = true;
  EVENTLOG_ASSERT(ioctl(root_, kShutdown, &flags) == 0);
}

void Ext4Disk::MountAgain() {
  close(root_);
  root_ = -1;
  EVENTLOG_ASSERT(umount2(path_.c_str(), 0) == 0);
  const std::string wrong = Mount();
  EVENTLOG_ASSERT(wrong.empty());
}

Ext4Disk::~Ext4Disk() {
  if (root_ >= 0) {
    close(root_);
    umount2(path_.c_str(), MNT_DETACH);
  }
  if (image_ >= 0) close(image_);
}

}  // namespace eventlog::test
