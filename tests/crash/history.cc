#include "crash/history.h"

#include <algorithm>

#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr char kDirectory[] = "log";
constexpr char kGroup[] = "cursor";
constexpr absl::Duration kRetention = absl::Minutes(4);
constexpr int64_t kRetentionBytes = 150 << 10;
// Atomic writes and DeleteRecords are tried on the first kPlainTopics, which keep the rest.
constexpr int kPlainTopics = 3;
constexpr int kTopics = 5;
constexpr const char* kTopicNames[kTopics] = {"disk", "process", "again", "aged", "sized"};

TopicOptions OptionsOf(std::string_view name) {
  TopicOptions options = {.partitions = 2, .segment_bytes = 64 << 10, .batch_bytes = 2 << 10};
  options.durability = name == "process" ? Durability::kProcess : Durability::kDisk;
  if (name == "aged") options.retention = kRetention;
  if (name == "sized") options.retention_bytes = kRetentionBytes;
  return options;
}

}  // namespace

CrashHistory::CrashHistory(uint64_t seed) : random_(seed), failing_(&disk_) {
  failing_.SetHook([this](std::string_view, const std::string&) -> absl::Status {
    if (!crashed_ && calls_left_ >= 0 && calls_left_-- == 0) {
      crashed_ = true;
      if (power_) {
        WriteSomeFilesBack(kDirectory);
        disk_.CutPower();
      }
    }
    return crashed_ ? absl::UnavailableError("the machine is gone") : absl::OkStatus();
  });
}

CrashHistory::~CrashHistory() { crashed_ = true; }

// The kernel writes back when it likes: any file, any directory, or none.
void CrashHistory::WriteSomeFilesBack(const std::string& directory) {
  const auto names = disk_.List(directory);
  if (!names.ok()) return;
  const int chance = Below(4);
  for (const std::string& name : *names) {
    const std::string path = directory + "/" + name;
    if (disk_.List(path).ok()) {
      WriteSomeFilesBack(path);
    } else if (Below(4) < chance) {
      auto file = disk_.OpenFile(path, FileSystem::Open::kExisting);
      if (file.ok()) static_cast<void>((*file)->SyncData());
    }
  }
  if (Below(4) < chance) static_cast<void>(disk_.SyncDirectory(directory));
}

void CrashHistory::ArmCrash(int calls, bool power) {
  calls_left_ = calls;
  crashed_ = false;
  power_ = power;
}

absl::Status CrashHistory::OpenLog() {
  LogOptions options;
  options.directory = kDirectory;
  options.clock = &clock_;
  options.file_system = &failing_;
  options.max_write_bytes = 512 << 10;
  options.max_record_bytes = 32 << 10;
  options.tuning.journal_bytes = 1 << 20;
  options.tuning.retention_check_interval = absl::Minutes(1);
  EVENTLOG_ASSIGN_OR_RETURN(log_, Log::Open(options));
  for (const std::string name : kTopicNames) {
    EVENTLOG_ASSIGN_OR_RETURN(topics_[name], log_.OpenTopic(name, OptionsOf(name)));
    for (int32_t partition = 0; partition < 2; ++partition) {
      expected_[{name, partition}].disk = name != "process";
    }
  }
  return absl::OkStatus();
}

std::string CrashHistory::NewValue(std::size_t bytes) {
  std::string value = fmt::format("{:010}", next_id_++);
  value.resize(std::max(bytes, value.size()), static_cast<char>('a' + next_id_ % 26));
  return value;
}

CrashHistory::Place CrashHistory::RandomPlace(int topics) {
  return {kTopicNames[Below(topics)], Below(2)};
}

int64_t CrashHistory::LogStart(const Place& place) {
  const auto marks = TopicOf(place).GetWatermarks(place.second);
  return marks.ok() ? marks->log_start_offset : -1;
}

absl::Status CrashHistory::AppendOne() {
  const Place place = RandomPlace(kTopics);
  const std::string value = NewValue(static_cast<std::size_t>(10 + Below(900)));
  expected_[place].attempted.push_back(value);
  EVENTLOG_ASSIGN_OR_RETURN(const auto where,
                            TopicOf(place).Append({.value = value, .partition = place.second}));
  expected_[place].acknowledged[where.offset] = value;
  expected_[place].appended[where.offset] = clock_.Monotonic();
  return absl::OkStatus();
}

absl::Status CrashHistory::AppendMany(std::size_t count, std::size_t value_bytes) {
  const Place place = RandomPlace(kTopics);
  std::vector<std::string> values;
  std::vector<ProducerRecord> records;
  for (std::size_t i = 0; i < count; ++i) values.push_back(NewValue(value_bytes));
  for (const std::string& value : values) {
    expected_[place].attempted.push_back(value);
    records.push_back({.value = value, .partition = place.second});
  }
  std::vector<RecordMetadata> metadata;
  EVENTLOG_RETURN_IF_ERROR(TopicOf(place).AppendAll(records, &metadata));
  for (std::size_t i = 0; i < count; ++i) {
    expected_[place].acknowledged[metadata[i].offset] = values[i];
    expected_[place].appended[metadata[i].offset] = clock_.Monotonic();
  }
  return absl::OkStatus();
}

absl::Status CrashHistory::WriteAtomically() {
  Atomic atomic;
  WriteBatch batch;
  for (int i = 2 + Below(3); i > 0; --i) {
    const Place place = RandomPlace(kPlainTopics);
    const std::string value = NewValue(static_cast<std::size_t>(10 + Below(500)));
    expected_[place].attempted.push_back(value);
    atomic.parts.push_back({place, value});
    batch.Append(TopicOf(place), {.value = value, .partition = place.second});
  }
  const bool commits = Below(2) == 0;
  if (commits) {
    batch.CommitOffsets({.group = kGroup},
                        {{.topic = "elsewhere", .partition = 0, .offset = ++last_commit_tried_}});
  }
  atomics_.push_back(atomic);
  std::vector<RecordMetadata> metadata;
  EVENTLOG_RETURN_IF_ERROR(log_.Write(batch, &metadata));
  atomics_.back().acknowledged = true;
  if (commits) committed_ = last_commit_tried_;
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    Part& part = atomics_.back().parts[i];
    part.offset = metadata[i].offset;
    expected_[part.place].acknowledged[part.offset] = part.value;
  }
  return absl::OkStatus();
}

absl::Status CrashHistory::Restart() {
  EVENTLOG_RETURN_IF_ERROR(log_.Close());
  return OpenLog();
}

absl::Status CrashHistory::RecreateTopic() {
  // Once begun, either topic may be found after a crash, the old one whole or a new one empty.
  for (int32_t partition = 0; partition < 2; ++partition) {
    Expected& expected = expected_[{"again", partition}];
    expected = {};
    expected.either = true;
  }
  for (Atomic& atomic : atomics_) {
    std::erase_if(atomic.parts, [](const Part& part) { return part.place.first == "again"; });
  }
  EVENTLOG_RETURN_IF_ERROR(log_.DeleteTopic("again"));
  EVENTLOG_ASSIGN_OR_RETURN(topics_["again"], log_.OpenTopic("again", OptionsOf("again")));
  for (int32_t partition = 0; partition < 2; ++partition) {
    expected_[{"again", partition}].either = false;
  }
  return absl::OkStatus();
}

absl::Status CrashHistory::DeleteSome() {
  const Place place = RandomPlace(kPlainTopics);
  EVENTLOG_ASSIGN_OR_RETURN(const auto marks, TopicOf(place).GetWatermarks(place.second));
  const auto records = static_cast<int>(marks.high_watermark - marks.log_start_offset);
  const int64_t offset = marks.log_start_offset + (Below(3) == 0 ? records : Below(records + 1));
  Expected& expected = expected_[place];
  expected.log_start_tried = std::max(expected.log_start_tried, offset);
  EVENTLOG_RETURN_IF_ERROR(TopicOf(place).DeleteRecords(place.second, offset));
  expected.log_start = std::max(expected.log_start, offset);
  figures_.deleted += offset - marks.log_start_offset;
  return absl::OkStatus();
}

absl::Status CrashHistory::Maintain(absl::Duration later) {
  clock_.Advance(later);
  EVENTLOG_RETURN_IF_ERROR(log_.RunMaintenance());
  for (auto& [place, expected] : expected_) {
    const int64_t log_start = LogStart(place);
    if (place.first == "aged") figures_.expired += log_start - expected.log_start;
    if (place.first == "sized") figures_.outgrown += log_start - expected.log_start;
    expected.log_start = std::max(expected.log_start, log_start);
  }
  return absl::OkStatus();
}

absl::Status CrashHistory::Operate() {
  switch (Below(24)) {
    case 0:
    case 1:
      return AppendMany(40, 8 << 10);  // past the journal, straight to the segment
    case 2:
      return Maintain(absl::Seconds(15));  // seals
    case 3:
      return Maintain(absl::Minutes(2));  // checkpoints, and some retention
    case 4:
      return Maintain(absl::Minutes(5));  // all is old enough
    case 5:
      return Restart();
    case 6:
      return RecreateTopic();
    case 7:
    case 8:
      return DeleteSome();
    case 9:
    case 10:
    case 11:
    case 12:
      return WriteAtomically();
    case 13:
    case 14:
      return AppendMany(static_cast<std::size_t>(1 + Below(20)), 300);
    default:
      return AppendOne();
  }
}

std::string CrashHistory::Run(int crashes, int operations) {
  if (absl::Status opened = OpenLog(); !opened.ok()) return opened.ToString();
  for (int crash = 0; crash < crashes; ++crash) {
    ArmCrash(Below(6 * operations), Below(4) != 0);
    absl::Status status;
    for (int i = 0; i < operations && status.ok(); ++i) status = Operate();
    if (!status.ok() && !crashed_) return "an error without a crash: " + status.ToString();
    if (!crashed_) {  // between two calls
      if (power_) {
        WriteSomeFilesBack(kDirectory);
        disk_.CutPower();
      }
      crashed_ = true;
    }
    if (std::string wrong = RecoverAndJudge(); !wrong.empty()) return wrong;
  }
  return "";
}

std::string CrashHistory::RecoverAndJudge() {
  bool power_was_cut = power_;
  ++(power_ ? figures_.power_cuts : figures_.kills);
  absl::Status opened;
  for (int nested = Below(3) == 0 ? 1 + Below(3) : 0;; --nested) {
    topics_.clear();
    log_ = Log();
    if (nested > 0) {
      ArmCrash(Below(60), Below(3) != 0);
    } else {
      ArmCrash(-1, false);
    }
    opened = OpenLog();
    if (!crashed_) break;
    ++figures_.nested;
    power_was_cut = power_was_cut || power_;
  }
  ArmCrash(-1, false);
  if (!opened.ok()) return "recovery refused: " + opened.ToString();
  if (std::string wrong = Judge(power_was_cut); !wrong.empty()) return wrong;
  if (absl::Status again = Restart(); !again.ok()) return "second open: " + again.ToString();
  if (std::string wrong = Judge(false); !wrong.empty()) return "second recovery: " + wrong;
  return "";
}

absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> CrashHistory::ReadAll(
    const Place& place) {
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            log_.NewConsumer({.assignment = {{place.first, place.second}}}));
  std::vector<std::pair<int64_t, std::string>> found;
  ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) found.emplace_back(record.offset(), record.value());
  } while (!records.caught_up());
  return found;
}

std::string CrashHistory::Judge(bool power_was_cut) {
  std::map<Place, std::map<std::string, int64_t>> present;
  for (auto& [place, expected] : expected_) {
    const auto found = ReadAll(place);
    if (!found.ok()) return "reading: " + found.status().ToString();
    if (std::string wrong = JudgeLogStart(place, LogStart(place), &expected); !wrong.empty()) {
      return fmt::format("{}-{}: {}", place.first, place.second, wrong);
    }
    if (std::string wrong = JudgePlace(place, &expected, power_was_cut, *found); !wrong.empty()) {
      return fmt::format("{}-{}: {}", place.first, place.second, wrong);
    }
    for (const auto& [offset, value] : *found) present[place][value] = offset;
    figures_.acknowledged += static_cast<int64_t>(found->size());
  }
  const auto offsets = log_.CommittedOffsets(kGroup);
  if (!offsets.ok()) return offsets.status().ToString();
  const int64_t committed = offsets->empty() ? 0 : offsets->front().offset;
  if (committed < committed_.value_or(0) || committed > last_commit_tried_) {
    return fmt::format("committed offset {}, acknowledged {}, tried {}", committed,
                       committed_.value_or(0), last_commit_tried_);
  }
  if (committed > 0) committed_ = committed;
  return JudgeAtomics(present);
}

// Where the log begins, which it has kept since.
std::string CrashHistory::JudgeLogStart(const Place& place, int64_t log_start, Expected* expected) {
  if (expected->either) {
    expected->log_start = log_start;
    expected->log_start_tried = log_start;
    return "";
  }
  if (log_start < expected->log_start) {
    return fmt::format("the log start {} was {} before", log_start, expected->log_start);
  }
  if (place.first == "aged") {
    for (const auto& [offset, appended] : expected->appended) {
      if (offset < log_start && clock_.Monotonic() - appended < kRetention) {
        return fmt::format("offset {} was deleted early", offset);
      }
    }
  } else if (place.first == "sized") {
    const auto described = log_.DescribeTopic(place.first);
    if (!described.ok()) return described.status().ToString();
    const int64_t bytes = described->partitions[static_cast<std::size_t>(place.second)].bytes;
    if (log_start > 0 && bytes < kRetentionBytes) {
      return fmt::format("{} bytes are left of {} to be kept", bytes, kRetentionBytes);
    }
  } else if (log_start > expected->log_start_tried) {
    return fmt::format("the log start {} is beyond {}, where it was never put", log_start,
                       expected->log_start_tried);
  }
  expected->log_start = log_start;
  expected->log_start_tried = log_start;
  return "";
}

std::string CrashHistory::JudgePlace(const Place&, Expected* expected, bool power_was_cut,
                                     const std::vector<std::pair<int64_t, std::string>>& found) {
  if (expected->either) {  // whichever topic it is, it starts from here
    for (const auto& [offset, value] : found) expected->attempted.push_back(value);
    expected->either = false;
  }
  std::size_t at = 0;
  const int64_t log_start = expected->log_start;
  const int64_t end = log_start + static_cast<int64_t>(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [offset, value] = found[i];
    if (offset != log_start + static_cast<int64_t>(i)) {
      return fmt::format("offset {} at place {} behind {}", offset, i, log_start);
    }
    while (at < expected->attempted.size() && expected->attempted[at] != value) ++at;
    if (at == expected->attempted.size()) {
      return fmt::format("offset {}: invented, doubled or out of order: {}", offset,
                         value.substr(0, 10));
    }
    const auto acknowledged = expected->acknowledged.find(offset);
    if (acknowledged != expected->acknowledged.end() && acknowledged->second != value) {
      return fmt::format("offset {} changed its content", offset);
    }
  }
  const bool may_lose = power_was_cut && !expected->disk;
  if (!may_lose && !expected->acknowledged.empty() &&
      expected->acknowledged.rbegin()->first >= end) {
    return fmt::format("acknowledged lost: up to offset {}, the log ends at {}",
                       expected->acknowledged.rbegin()->first, end);
  }
  std::map<int64_t, absl::Duration> appended;
  expected->attempted.clear();
  expected->acknowledged.clear();
  for (const auto& [offset, value] : found) {
    expected->attempted.push_back(value);
    expected->acknowledged[offset] = value;
    const auto known = expected->appended.find(offset);
    appended[offset] = known == expected->appended.end() ? clock_.Monotonic() : known->second;
  }
  expected->appended = std::move(appended);
  return "";
}

std::string CrashHistory::JudgeAtomics(
    const std::map<Place, std::map<std::string, int64_t>>& present) {
  for (Atomic& atomic : atomics_) {
    std::erase_if(atomic.parts, [this](const Part& part) {  // deleted
      return part.offset >= 0 && part.offset < expected_[part.place].log_start;
    });
    std::size_t found = 0;
    for (Part& part : atomic.parts) {
      const auto values = present.find(part.place);
      if (values == present.end()) continue;
      const auto value = values->second.find(part.value);
      if (value == values->second.end()) continue;
      part.offset = value->second;
      ++found;
    }
    const bool all = found == atomic.parts.size();
    if (found > 0 && !all) {
      return fmt::format("an atomic write is half there: {} of {} parts, acknowledged: {}", found,
                         atomic.parts.size(), atomic.acknowledged);
    }
    const bool any_disk =
        std::any_of(atomic.parts.begin(), atomic.parts.end(),
                    [this](const Part& part) { return expected_[part.place].disk; });
    if (atomic.acknowledged && any_disk && !all) return "an acknowledged atomic write is lost";
  }
  return "";
}

}  // namespace eventlog::test
