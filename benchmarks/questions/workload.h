// The records that most questions are asked about, and who appends and polls them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "eventlog/eventlog.h"

namespace eventlog::bench {

inline constexpr std::size_t kKeyBytes = 8;
inline constexpr std::size_t kValueBytes = 100;
inline const std::string kValue(kValueBytes, 'v');
inline constexpr char kTopic[] = "records";

// The eight bytes of `number`, as long as it lives.
inline std::string_view KeyOf(const int64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// A log and its topic.
struct OpenedTopic {
  OpenedTopic(LogOptions log_options, const TopicOptions& topic_options);
  // On disk, one partition.
  OpenedTopic(const std::string& directory, Durability durability)
      : OpenedTopic({.directory = directory}, {.durability = durability}) {}
  Log log;
  Topic topic;
};

// Appends records with the keys [first, first + count), one by one.
void AppendSingly(const Topic& topic, int64_t count, int64_t first = 0);
// The same, so many to an AppendAll.
void AppendTogether(const Topic& topic, int64_t count, int64_t together);

// What reading a record touches: all of the key, both ends of the value.
inline int64_t Touch(std::string_view key, std::string_view value) {
  int64_t number = 0;
  if (key.size() == sizeof number) std::memcpy(&number, key.data(), sizeof number);
  return number + (value.front() ^ value.back());
}
// Polls to the end; the records must be those with the keys [0, count).
void PollAll(Consumer* consumer, int64_t count);

// Files of the topic's segments, all partitions.
std::vector<std::string> SegmentFiles(const std::string& directory);

inline double Millions(int64_t count, double seconds) {
  return static_cast<double>(count) / seconds / 1e6;
}

}  // namespace eventlog::bench
