#include "questions/workload.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "harness/measure.h"

namespace eventlog::bench {

OpenedTopic::OpenedTopic(LogOptions log_options, const TopicOptions& topic_options)
    : log(Value(Log::Open(std::move(log_options)))),
      topic(Value(log.OpenTopic(kTopic, topic_options))) {}

void AppendSingly(const Topic& topic, int64_t count, int64_t first) {
  for (int64_t i = first; i < first + count; ++i) {
    Check(topic.Append({.key = KeyOf(i), .value = kValue}).status());
  }
}

void AppendTogether(const Topic& topic, int64_t count, int64_t together) {
  std::vector<int64_t> keys(static_cast<std::size_t>(together));
  std::vector<ProducerRecord> records(keys.size());
  for (int64_t done = 0; done < count;) {
    const auto now = static_cast<std::size_t>(std::min(together, count - done));
    for (std::size_t i = 0; i < now; ++i) {
      keys[i] = done++;
      records[i] = {.key = KeyOf(keys[i]), .value = kValue};
    }
    Check(topic.AppendAll(absl::MakeSpan(records).first(now)));
  }
}

void PollAll(Consumer* consumer, int64_t count) {
  int64_t sum = 0;
  int64_t polled = 0;
  ConsumerRecords records;
  do {
    Check(consumer->Poll(absl::ZeroDuration(), &records));
    for (const RecordView& record : records) sum += Touch(record.key(), record.value());
    polled += std::ssize(records);
  } while (!records.caught_up());
  Check(polled == count && sum == count * (count - 1) / 2, "something else was polled");
}

std::vector<std::string> SegmentFiles(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".log") files.push_back(entry.path().string());
  }
  return files;
}

}  // namespace eventlog::bench
