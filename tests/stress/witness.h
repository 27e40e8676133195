// What was written where, as everybody was told: values that prove their own place, what each
// offset holds, and what a reader may be handed next. A topic that is made again is another
// incarnation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/eventlog.h"

namespace eventlog::test {

// Who wrote a value, and as which of its own. Numbers of one writer rise in each partition.
struct Origin {
  int32_t writer = 0;
  int64_t number = 0;
  bool operator==(const Origin&) const = default;
};

// One partition's offsets. Thread-safe.
class Ledger {
 public:
  // False when somebody was told otherwise of that offset.
  bool Agrees(int64_t offset, const Origin& origin);
  // Behind the last offset that anybody was told of.
  int64_t end() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::optional<Origin>> origins_;
};

struct Incarnation {
  static constexpr std::size_t kMostPartitions = 6;

  // The value that this writer puts there, of `bytes` or a little more.
  std::string ValueOf(int32_t partition, const Origin& origin, std::size_t bytes) const;
  Ledger* ledger(int32_t partition) { return &ledgers[static_cast<std::size_t>(partition)]; }

  Topic handle;
  std::string topic;
  int number = 0;
  std::array<Ledger, kMostPartitions> ledgers;
};

// Thread-safe.
class Witness {
 public:
  void Add(std::shared_ptr<Incarnation> incarnation);
  // Null for one that there never was.
  std::shared_ptr<Incarnation> Find(std::string_view topic, int number) const;

  void Report(const std::string& problem);
  // Reports an error that is none of these.
  void Expect(const char* call, const absl::Status& status,
              std::initializer_list<ErrorReason> allowed);
  // What an acknowledgement says.
  void Acknowledged(Incarnation* incarnation, int32_t partition, int64_t offset,
                    const Origin& origin);
  // The first that were reported.
  std::vector<std::string> problems() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Incarnation>> incarnations_;
  std::vector<std::string> problems_;
};

// One consumer's. Not thread-safe.
class ReadCheck {
 public:
  explicit ReadCheck(Witness* witness) : witness_(witness) {}

  // The next record of that partition is this one, or the first that is there beyond.
  void MoveTo(const TopicPartition& place, int64_t offset);
  // The next record of each partition may be any.
  void Forget() { partitions_.clear(); }
  // What a poll handed out.
  void Check(const ConsumerRecords& records);
  // That it still is what it was.
  void CheckAgain(const ConsumerRecords& records);
  int64_t records_checked() const { return records_checked_; }

 private:
  struct Partition {
    std::optional<int64_t> next;
    std::shared_ptr<Incarnation> incarnation;  // null: nothing was read yet
    std::map<int32_t, int64_t> last_numbers;   // by writer
  };
  // The incarnation that wrote it there, or null, and `*origin`.
  std::shared_ptr<Incarnation> CheckValue(const RecordView& record, Origin* origin);
  void CheckOffset(const RecordView& record, const Partition& partition);
  void Report(const RecordView& record, const std::string& problem);

  Witness* const witness_;
  std::map<TopicPartition, Partition> partitions_;
  int64_t records_checked_ = 0;
};

}  // namespace eventlog::test
