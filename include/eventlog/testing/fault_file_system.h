// A disk that fails when a test says so, over one that works. Link eventlog::testing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1 {

// Hands every call on to another file system, those of its Files included, unless it was told to
// fail it. Calls go by the method's name, of FileSystem or File: "OpenFile", "WriteAt", "SyncData";
// a name that is none of theirs aborts the program, since a test of nothing would pass.
//
// Thread-safe; blocks where the other does. Must outlive every Log that was given it.
class FaultFileSystem final : public FileSystem {
 public:
  // What a call answers with instead of being made.
  enum class Fault {
    kIoError,           // Internal: the device failed
    kDiskFull,          // ResourceExhausted with kDiskFull
    kTooManyOpenFiles,  // ResourceExhausted
  };

  // A call that is about to be made.
  struct Call {
    std::string_view name;    // "WriteAt"
    const std::string& path;  // a File's: as it was opened; of two, the first
    int64_t number;           // of all calls since the start or the last ResetCounts: 1, 2, 3
  };

  // OK lets the call through; anything else is answered instead of it.
  using Interceptor = std::function<absl::Status(const Call& call)>;
  // What a call with that fault answers: for interceptors.
  static absl::Status ErrorOf(Fault fault, const Call& call);

  // `inner` does the work, and must outlive this and every File that it opened.
  explicit FaultFileSystem(FileSystem* inner);
  ~FaultFileSystem() override;

  // The next call of that name, by whomever, answers `fault`; told twice, the next two.
  void FailNext(std::string_view call, Fault fault);
  // Every call of that name does, until Heal.
  void FailAll(std::string_view call, Fault fault);
  // Is asked before every call that no fault awaits, in the caller's thread, under no lock;
  // replaces the one before, and null asks nobody. It may use this object, and may be asked by
  // several threads at once.
  void Intercept(Interceptor interceptor);
  // Forgets all faults and the interceptor: every call is made again.
  void Heal();

  // How often that was called since the start or the last ResetCounts, failed calls included.
  int64_t Count(std::string_view call) const;
  // The same of all calls together.
  int64_t Count() const;
  // Counts anew, from zero.
  void ResetCounts();

  absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path, Open how) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<File>> LockDirectory(const std::string& path) override;

 private:
  struct State;
  class FaultFile;

  FileSystem* const inner_;
  const std::shared_ptr<State> state_;  // open files share it
};

}  // namespace eventlog::inline v1
