// Anything that an application does, by dice, to five topics that are kept in different ways.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "lab/application.h"

namespace eventlog::test {

// Not thread-safe. Both must outlive it.
class RandomWork {
 public:
  RandomWork(Application* application, std::mt19937_64* dice)
      : application_(application), dice_(*dice) {}

  // Those of the topics that are not there.
  absl::Status MakeTopics();
  absl::Status Operate();
  // How often an operation moved a log start.
  int64_t deletions() const { return deletions_; }

 private:
  absl::Status RecreateTopic();
  absl::Status DeleteSome();
  absl::Status Maintain(absl::Duration later);
  TopicPartition AnyPlace(int topics);
  std::vector<TopicPartition> AnyPlaces();
  int Below(int limit) { return static_cast<int>(dice_() % static_cast<uint64_t>(limit)); }

  Application* const application_;
  std::mt19937_64& dice_;
  int64_t deletions_ = 0;
};

}  // namespace eventlog::test
