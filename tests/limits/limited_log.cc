#include "limits/limited_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/assert.h"
#include "eventlog/status_macros.h"

namespace eventlog::test {
namespace {

// The tests of this program lie in memory where there is such a place: no power is cut here, and
// the syncs of many small logs take their time.
[[maybe_unused]] const bool in_memory =
    access("/dev/shm", W_OK) == 0 && setenv("TMPDIR", "/dev/shm", /*overwrite=*/0) == 0;

TopicOptions OptionsOf(Durability durability) {
  return {
      .partitions = 2, .durability = durability, .segment_bytes = 64 << 10, .batch_bytes = 4 << 10};
}

}  // namespace

LimitedLog::LimitedLog(std::string directory, uint64_t seed)
    : directory_(std::move(directory)),
      application_(&clock_, seed, [this](const Fact& fact) { oracle_.Learn(fact); }) {}

absl::Status LimitedLog::Open() {
  EVENTLOG_RETURN_IF_ERROR(application_.Open(application_.Options(&files_, directory_)));
  if (!application_.log()->ListTopics()->empty()) return absl::OkStatus();
  for (const auto& [name, durability] :
       {std::pair{"disk", Durability::kDisk}, {"process", Durability::kProcess}}) {
    EVENTLOG_RETURN_IF_ERROR(application_.CreateTopic(name, OptionsOf(durability)));
  }
  return application_.CreateTopic("deleted", OptionsOf(Durability::kDisk));
}

void LimitedLog::Fail(const std::string& what) {
  if (wrong_.empty()) wrong_ = what;
}

void LimitedLog::Expect(const std::string& what, const absl::Status& status) {
  if (status.ok()) return;
  ++refused_;
  // A failed sync, of a descriptor that could not be had, say, stops the log.
  if (absl::IsResourceExhausted(status) || ReasonOf(status) == ErrorReason::kPoisoned) return;
  Fail(what + ": " + status.ToString());
}

void LimitedLog::Round(int round) {
  const int32_t partition = round % 2;
  const std::string name = round % 3 == 0 ? "process" : "disk";
  Expect("Append", application_.Append({name, partition}, 3000));
  Expect("AppendAll", application_.AppendAll({name, partition}, 6, 2000));
  Expect("Write", application_.Write({{"disk", 0}, {"process", 1}}, 2000, "relay"));
  Expect("SendAll", application_.SendAll({{"disk", 1}, {"process", 0}}, 500));
  if (round % 4 == 0) Expect("a bulk", application_.AppendAll({name, partition}, 14, 20'000));
  if (round % 5 == 0) Expect("Consume", application_.Consume("group", "disk"));
  if (round % 6 == 0) {
    Expect("CreateTopic", application_.CreateTopic("new" + std::to_string(topics_++), {}));
  }
  Expect("Maintain", application_.Maintain(absl::Seconds(15)));
}

void LimitedLog::Work(int rounds) {
  for (int round = 0; round < rounds; ++round) Round(round);
}

void LimitedLog::ExpectAllWell(const std::string& when) {
  const int before = refused_;
  Round(0);
  if (refused_ != before) Fail(when + ": something is refused");
}

void LimitedLog::ExpectRoom(const std::string& when) {
  absl::Status status = application_.Append({"disk", 0}, 100);
  status.Update(application_.Append({"process", 1}, 100));
  status.Update(application_.Write({{"disk", 1}, {"process", 0}}, 100, "relay"));
  status.Update(application_.Consume("group", "process"));
  if (!status.ok()) Fail(when + ": " + status.ToString());
}

void LimitedLog::Kill() {
  files_.Intercept([](const auto&) { return absl::InternalError("dead"); });
  application_.Abandon();
  files_.Heal();
}

void LimitedLog::Judge(const std::string& when) {
  absl::Status status = application_.Reopen();
  if (status.ok()) {
    const std::string wrong = oracle_.Judge(application_.log(), Crash::kNone, clock_.Monotonic());
    if (!wrong.empty()) Fail(when + ": " + wrong);
  } else if (ReasonOf(status) == ErrorReason::kDiskFull) {
    ++refused_;
  } else {
    Fail(when + ": Reopen: " + status.ToString());
  }
}

absl::Status LimitedLog::DeleteAll() {
  for (const int32_t partition : {0, 1}) {
    const TopicPartition place = {"disk", partition};
    const Watermarks marks = application_.MarksOf(place);
    EVENTLOG_RETURN_IF_ERROR(application_.DeleteRecords(place, marks.high_watermark));
  }
  return absl::OkStatus();
}

void Ballast::Fill(int pages_left) {
  const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EVENTLOG_ASSERT(fd >= 0);
  constexpr std::array<char, 4096> kPage = {'x'};
  off_t pages = lseek(fd, 0, SEEK_END) / static_cast<off_t>(kPage.size());
  while (write(fd, kPage.data(), kPage.size()) == static_cast<ssize_t>(kPage.size())) ++pages;
  EVENTLOG_ASSERT(ftruncate(fd, (pages - pages_left) * static_cast<off_t>(kPage.size())) == 0);
  close(fd);
}

void Ballast::Remove() { unlink(path_.c_str()); }

}  // namespace eventlog::test
