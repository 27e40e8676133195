#include "lab/random_work.h"

#include <algorithm>
#include <string>

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

TopicPartition RandomWork::AnyPlace(int topics) { return {kTopicNames[Below(topics)], Below(2)}; }

std::vector<TopicPartition> RandomWork::AnyPlaces() {
  std::vector<TopicPartition> places;
  for (int i = 2 + Below(3); i > 0; --i) places.push_back(AnyPlace(kPlainTopics));
  return places;
}

absl::Status RandomWork::MakeTopics() {
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, application_->log()->ListTopics());
  for (const std::string name : kTopicNames) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    EVENTLOG_RETURN_IF_ERROR(application_->CreateTopic(name, OptionsOf(name)));
  }
  return absl::OkStatus();
}

absl::Status RandomWork::RecreateTopic() {
  EVENTLOG_RETURN_IF_ERROR(application_->DeleteTopic("again"));
  return application_->CreateTopic("again", OptionsOf("again"));
}

absl::Status RandomWork::DeleteSome() {
  const TopicPartition place = AnyPlace(kPlainTopics);
  const Watermarks marks = application_->MarksOf(place);
  const auto records = static_cast<int>(marks.high_watermark - marks.log_start_offset);
  const int deleted = Below(3) == 0 ? records : Below(records + 1);
  deletions_ += deleted > 0 ? 1 : 0;
  return application_->DeleteRecords(place, marks.log_start_offset + deleted);
}

absl::Status RandomWork::Maintain(absl::Duration later) {
  const auto deleted = [this] {
    return application_->MarksOf({"aged", 0}).log_start_offset +
           application_->MarksOf({"sized", 0}).log_start_offset;
  };
  const int64_t before = deleted();
  EVENTLOG_RETURN_IF_ERROR(application_->Maintain(later));
  deletions_ += deleted() > before ? 1 : 0;
  return absl::OkStatus();
}

absl::Status RandomWork::Operate() {
  switch (Below(28)) {
    case 0:
    case 1:
      return application_->AppendAll(AnyPlace(kTopics), 40, 8 << 10);  // straight to the segment
    case 2:
      return Maintain(absl::Seconds(15));  // seals
    case 3:
      return Maintain(absl::Minutes(2));  // checkpoints, and some retention
    case 4:
      return Maintain(absl::Minutes(5));  // all is old enough
    case 5:
      return application_->Restart();
    case 6:
      return RecreateTopic();
    case 7:
    case 8:
      return DeleteSome();
    case 9:
    case 10:
      return application_->Write(AnyPlaces(), static_cast<std::size_t>(Below(500)), "relay");
    case 11:
    case 12:
      return application_->Write(AnyPlaces(), static_cast<std::size_t>(Below(500)));
    case 13:
    case 14:
      return application_->AppendAll(AnyPlace(kTopics), static_cast<std::size_t>(1 + Below(20)),
                                     300);
    case 15:
    case 16:
      return application_->Consume("readers", kTopicNames[Below(kPlainTopics)]);
    case 17:
    case 18:
      return application_->SendAll(AnyPlaces(), static_cast<std::size_t>(Below(900)));
    default:
      return application_->Append(AnyPlace(kTopics), static_cast<std::size_t>(10 + Below(900)));
  }
}

}  // namespace eventlog::test
