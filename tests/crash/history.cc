#include "crash/history.h"

#include <algorithm>

#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr char kDirectory[] = "log";
constexpr char kGroup[] = "cursor";

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
  EVENTLOG_ASSIGN_OR_RETURN(log_, Log::Open(options));
  for (const auto& [name, durability] :
       {std::pair{"disk", Durability::kDisk}, std::pair{"process", Durability::kProcess},
        std::pair{"again", Durability::kDisk}}) {
    EVENTLOG_ASSIGN_OR_RETURN(topics_[name], log_.OpenTopic(name, {.partitions = 2,
                                                                   .durability = durability,
                                                                   .segment_bytes = 64 << 10,
                                                                   .batch_bytes = 2 << 10}));
    for (int32_t partition = 0; partition < 2; ++partition) {
      expected_[{name, partition}].disk = durability == Durability::kDisk;
    }
  }
  return absl::OkStatus();
}

std::string CrashHistory::NewValue(std::size_t bytes) {
  std::string value = fmt::format("{:010}", next_id_++);
  value.resize(std::max(bytes, value.size()), static_cast<char>('a' + next_id_ % 26));
  return value;
}

CrashHistory::Place CrashHistory::RandomPlace() {
  static const char* const kNames[] = {"disk", "process", "again"};
  return {kNames[Below(3)], Below(2)};
}

absl::Status CrashHistory::AppendOne() {
  const Place place = RandomPlace();
  const std::string value = NewValue(static_cast<std::size_t>(10 + Below(900)));
  expected_[place].attempted.push_back(value);
  EVENTLOG_ASSIGN_OR_RETURN(const auto where,
                            TopicOf(place).Append({.value = value, .partition = place.second}));
  expected_[place].acknowledged[where.offset] = value;
  return absl::OkStatus();
}

absl::Status CrashHistory::AppendMany(std::size_t count, std::size_t value_bytes) {
  const Place place = RandomPlace();
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
  }
  return absl::OkStatus();
}

absl::Status CrashHistory::WriteAtomically() {
  Atomic atomic;
  WriteBatch batch;
  for (int i = 2 + Below(3); i > 0; --i) {
    const Place place = RandomPlace();
    const std::string value = NewValue(static_cast<std::size_t>(10 + Below(500)));
    expected_[place].attempted.push_back(value);
    atomic.parts.emplace_back(place, value);
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
    const auto& [place, value] = atomic.parts[i];
    expected_[place].acknowledged[metadata[i].offset] = value;
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
    expected_[{"again", partition}] = {};
  }
  for (Atomic& atomic : atomics_) {
    std::erase_if(atomic.parts, [](const auto& part) { return part.first.first == "again"; });
  }
  EVENTLOG_RETURN_IF_ERROR(log_.DeleteTopic("again"));
  EVENTLOG_ASSIGN_OR_RETURN(topics_["again"], log_.OpenTopic("again", {.partitions = 2,
                                                                       .segment_bytes = 64 << 10,
                                                                       .batch_bytes = 2 << 10}));
  return absl::OkStatus();
}

absl::Status CrashHistory::Operate() {
  switch (Below(20)) {
    case 0:
      return AppendMany(40, 8 << 10);  // past the journal, straight to the segment
    case 1:
      clock_.Advance(absl::Seconds(15));  // seals
      return log_.RunMaintenance();
    case 2:
      clock_.Advance(absl::Minutes(2));  // checkpoints
      return log_.RunMaintenance();
    case 3:
      return Restart();
    case 4:
      return RecreateTopic();
    case 5:
    case 6:
    case 7:
    case 8:
      return WriteAtomically();
    case 9:
    case 10:
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
  std::map<Place, std::set<std::string>> present;
  for (auto& [place, expected] : expected_) {
    const auto found = ReadAll(place);
    if (!found.ok()) return "reading: " + found.status().ToString();
    if (std::string wrong = JudgePlace(place, &expected, power_was_cut, *found); !wrong.empty()) {
      return fmt::format("{}-{}: {}", place.first, place.second, wrong);
    }
    for (const auto& [offset, value] : *found) present[place].insert(value);
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

std::string CrashHistory::JudgePlace(const Place& place, Expected* expected, bool power_was_cut,
                                     const std::vector<std::pair<int64_t, std::string>>& found) {
  const bool recreated = place.first == "again" && expected->attempted.empty();
  if (recreated) {  // whichever topic it is, it starts from here
    for (const auto& [offset, value] : found) expected->attempted.push_back(value);
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [offset, value] = found[i];
    if (offset != static_cast<int64_t>(i)) return fmt::format("offset {} at place {}", offset, i);
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
      expected->acknowledged.rbegin()->first >= static_cast<int64_t>(found.size())) {
    return fmt::format("acknowledged lost: up to offset {}, the log ends at {}",
                       expected->acknowledged.rbegin()->first, found.size());
  }
  expected->attempted.clear();
  expected->acknowledged.clear();
  for (const auto& [offset, value] : found) {
    expected->attempted.push_back(value);
    expected->acknowledged[offset] = value;
  }
  return "";
}

std::string CrashHistory::JudgeAtomics(const std::map<Place, std::set<std::string>>& present) {
  for (const Atomic& atomic : atomics_) {
    std::size_t found = 0;
    for (const auto& [place, value] : atomic.parts) {
      const auto values = present.find(place);
      if (values != present.end() && values->second.contains(value)) ++found;
    }
    const bool all = found == atomic.parts.size();
    if (found > 0 && !all) {
      return fmt::format("an atomic write is half there: {} of {} parts, acknowledged: {}", found,
                         atomic.parts.size(), atomic.acknowledged);
    }
    const bool any_disk =
        std::any_of(atomic.parts.begin(), atomic.parts.end(),
                    [this](const auto& part) { return expected_[part.first].disk; });
    if (atomic.acknowledged && any_disk && !all) return "an acknowledged atomic write is lost";
  }
  return "";
}

}  // namespace eventlog::test
