#include "lab/random_history.h"

#include <algorithm>

#include "eventlog/status_macros.h"

namespace eventlog::test {
namespace {

// Atomic writes and DeleteRecords are tried on the first kPlainTopics, which keep the rest.
constexpr int kPlainTopics = 3;
constexpr int kTopics = 5;
constexpr const char* kTopicNames[kTopics] = {"disk", "process", "again", "aged", "sized"};

TopicOptions OptionsOf(std::string_view name) {
  TopicOptions options = {.partitions = 2, .segment_bytes = 64 << 10, .batch_bytes = 2 << 10};
  options.durability = name == "process" ? Durability::kProcess : Durability::kDisk;
  if (name == "aged") options.retention = absl::Minutes(4);
  if (name == "sized") options.retention_bytes = 150 << 10;
  return options;
}

}  // namespace

RandomHistory::RandomHistory(uint64_t seed)
    : dice_(seed),
      disk_(std::make_unique<SimulatedDisk>()),
      application_(&clock_, seed, [this](const Fact& fact) {
        if (left_ == nullptr) oracle_.Learn(fact);  // the dead learn nothing
      }) {}

RandomHistory::~RandomHistory() {
  if (left_ == nullptr) CrashNow();  // so that nothing is left to be written
}

void RandomHistory::ArmCrash(int calls, Crash crash) {
  calls_left_ = calls;
  crash_ = crash;
  left_ = nullptr;
}

void RandomHistory::CrashNow() {
  const auto survival =
      Below(4) == 0 ? SimulatedDisk::Survival::kNothing : SimulatedDisk::Survival::kSome;
  left_ = crash_ == Crash::kPowerCut ? disk_->AfterPowerCut(survival, dice_()) : disk_->AfterKill();
}

TopicPartition RandomHistory::AnyPlace(int topics) {
  return {kTopicNames[Below(topics)], Below(2)};
}

std::vector<TopicPartition> RandomHistory::AnyPlaces() {
  std::vector<TopicPartition> places;
  for (int i = 2 + Below(3); i > 0; --i) places.push_back(AnyPlace(kPlainTopics));
  return places;
}

absl::Status RandomHistory::MakeTopics() {
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, application_.log()->ListTopics());
  for (const std::string name : kTopicNames) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    EVENTLOG_RETURN_IF_ERROR(application_.CreateTopic(name, OptionsOf(name)));
  }
  return absl::OkStatus();
}

absl::Status RandomHistory::RecreateTopic() {
  EVENTLOG_RETURN_IF_ERROR(application_.DeleteTopic("again"));
  return application_.CreateTopic("again", OptionsOf("again"));
}

absl::Status RandomHistory::DeleteSome() {
  const TopicPartition place = AnyPlace(kPlainTopics);
  const Watermarks marks = application_.MarksOf(place);
  const auto records = static_cast<int>(marks.high_watermark - marks.log_start_offset);
  const int deleted = Below(3) == 0 ? records : Below(records + 1);
  deletions_ += deleted > 0 ? 1 : 0;
  return application_.DeleteRecords(place, marks.log_start_offset + deleted);
}

absl::Status RandomHistory::Maintain(absl::Duration later) {
  const auto deleted = [this] {
    return application_.MarksOf({"aged", 0}).log_start_offset +
           application_.MarksOf({"sized", 0}).log_start_offset;
  };
  const int64_t before = deleted();
  EVENTLOG_RETURN_IF_ERROR(application_.Maintain(later));
  deletions_ += deleted() > before ? 1 : 0;
  return absl::OkStatus();
}

absl::Status RandomHistory::Operate() {
  switch (Below(28)) {
    case 0:
    case 1:
      return application_.AppendAll(AnyPlace(kTopics), 40, 8 << 10);  // straight to the segment
    case 2:
      return Maintain(absl::Seconds(15));  // seals
    case 3:
      return Maintain(absl::Minutes(2));  // checkpoints, and some retention
    case 4:
      return Maintain(absl::Minutes(5));  // all is old enough
    case 5:
      return application_.Restart();
    case 6:
      return RecreateTopic();
    case 7:
    case 8:
      return DeleteSome();
    case 9:
    case 10:
      return application_.Write(AnyPlaces(), static_cast<std::size_t>(Below(500)), "relay");
    case 11:
    case 12:
      return application_.Write(AnyPlaces(), static_cast<std::size_t>(Below(500)));
    case 13:
    case 14:
      return application_.AppendAll(AnyPlace(kTopics), static_cast<std::size_t>(1 + Below(20)),
                                    300);
    case 15:
    case 16:
      return application_.Consume("readers", kTopicNames[Below(kPlainTopics)]);
    case 17:
    case 18:
      return application_.SendAll(AnyPlaces(), static_cast<std::size_t>(Below(900)));
    default:
      return application_.Append(AnyPlace(kTopics), static_cast<std::size_t>(10 + Below(900)));
  }
}

std::string RandomHistory::Run(int crashes, int operations) {
  for (int i = 0; i < crashes; ++i) {
    if (std::string wrong = RecoverAndJudge(); !wrong.empty()) return wrong;
    ArmCrash(Below(6 * operations), Below(4) != 0 ? Crash::kPowerCut : Crash::kKill);
    absl::Status status = MakeTopics();
    for (int done = 0; done < operations && status.ok(); ++done) status = Operate();
    if (!status.ok() && left_ == nullptr) return "an error without a crash: " + status.ToString();
    if (left_ == nullptr) CrashNow();  // between two calls
    ++(crash_ == Crash::kPowerCut ? figures_.power_cuts : figures_.kills);
  }
  std::string wrong = RecoverAndJudge();
  figures_.records_judged = oracle_.records_judged();
  return wrong;
}

std::string RandomHistory::RecoverAndJudge() {
  Crash crash = crash_;
  absl::Status opened;
  for (int again = Below(3) == 0 ? 1 + Below(3) : 0;; --again) {
    application_.Abandon();
    if (left_ != nullptr) disk_ = std::move(left_);
    calls_ = std::make_unique<FaultFileSystem>(disk_.get());
    calls_->Intercept([this](const FaultFileSystem::Call&) -> absl::Status {
      if (left_ == nullptr && calls_left_ >= 0 && calls_left_-- == 0) CrashNow();
      if (left_ == nullptr) return absl::OkStatus();
      return absl::UnavailableError("the machine is gone");
    });
    ArmCrash(again > 0 ? Below(60) : -1, Below(3) != 0 ? Crash::kPowerCut : Crash::kKill);
    opened = application_.Open(application_.Options(calls_.get()));
    if (left_ == nullptr) break;
    ++figures_.nested;
    ++(crash_ == Crash::kPowerCut ? figures_.power_cuts : figures_.kills);
    if (crash_ == Crash::kPowerCut) crash = Crash::kPowerCut;
  }
  ArmCrash(-1, Crash::kNone);
  if (!opened.ok()) return "recovery refused: " + opened.ToString();
  Log* const log = application_.log();
  if (std::string wrong = oracle_.Judge(log, crash, clock_.Monotonic()); !wrong.empty()) {
    return wrong;
  }
  if (absl::Status again = application_.Restart(); !again.ok()) {
    return "the second recovery refused: " + again.ToString();
  }
  if (std::string wrong = oracle_.Judge(log, Crash::kNone, clock_.Monotonic()); !wrong.empty()) {
    return "after a second recovery: " + wrong;
  }
  return "";
}

}  // namespace eventlog::test
