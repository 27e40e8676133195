// A real ext4 on a loop device over a file, and power cuts of it: the kernel forgets what it has
// not given to the device. For root.
#pragma once

#include <atomic>
#include <string>

namespace eventlog::test {

// Lives in a process of its own, which Isolate gave mounts of its own: however that ends, mount,
// loop device and image go with it. Not thread-safe, but for Cut.
class Ext4Disk {
 public:
  // Why this process cannot have one, or an empty string: then it sees mounts that nobody else
  // does.
  static std::string Isolate();

  // Mounted at `path`, a directory, in which the image is made.
  explicit Ext4Disk(std::string path) : path_(std::move(path)) {}
  ~Ext4Disk();
  Ext4Disk(const Ext4Disk&) = delete;
  Ext4Disk& operator=(const Ext4Disk&) = delete;

  // Why there is none here, or an empty string.
  std::string Make();
  // From here on every call fails, and nothing more reaches the device. Any thread, at any moment.
  void Cut();
  bool is_cut() const { return cut_; }
  // As the device has it. No file may be open.
  void MountAgain();
  // The kernel has found its own file system damaged, which a cut is not to do: whatever a log does
  // there shows nothing.
  bool is_damaged() const;

 private:
  std::string Mount();
  std::string AttachLoop(int* loop);

  const std::string path_;
  int image_ = -1;
  std::string device_;  // "loop0", while it is mounted
  int root_ = -1;       // of the mounted file system
  std::atomic<bool> cut_ = false;
};

}  // namespace eventlog::test
