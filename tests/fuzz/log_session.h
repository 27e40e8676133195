// One run of public_api: a log on a disk in memory, driven through the public API by the bytes of
// an input, beside the model of what it should hold. Each operation takes a byte for what it is and
// a few for its details; the end of the input reads as zeros.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "fuzz/log_model.h"

namespace eventlog::test {

class LogSession {
 public:
  explicit LogSession(std::string_view input);
  ~LogSession();

  // All of the input, then a look at everything. Returns how many records were appended.
  int Run();

 private:
  // What a consumer should do.
  struct Reader {
    Consumer consumer;
    std::string group = {};
    std::vector<std::string> topics = {};
    std::map<Place, int64_t> positions = {};
    std::set<Place> paused = {};
    ConsumerRecords records = {};
  };
  // The same ids each time.
  class CountingRandom final : public Random {
   public:
    void Fill(absl::Span<char> bytes) override;

   private:
    uint64_t next_ = 0;
  };

  // --- the input
  unsigned Byte();
  unsigned Below(unsigned limit) { return Byte() % limit; }
  std::string AnyName() { return {"abc"[Below(3)]}; }
  Place AnyPlace();  // of the model; an empty name when it has no topic
  ModelRecord AnyRecord();

  // --- the log (log_session.cc)
  void Operate();
  // True: acknowledged. False: the machine is gone. Aborts for any other error.
  bool Acknowledged(const absl::Status& status);
  void RequireReason(const absl::Status& status, ErrorReason reason);
  void Open();
  void Restart();
  void ArmCrash();
  void Crash(bool power);
  void Recover();
  void FollowRetention();
  FoundLog Look();
  void LookAtEverything(LogModel::Loss loss);
  void Append();
  void AppendAll();
  void Write();
  void Send();
  void CreateTopic();
  void AlterTopic();
  void DeleteTopic();
  void DeleteRecords();
  void AlterOffsets();
  void DeleteGroup();
  void Maintain();
  const Topic& TopicOf(const Place& place) { return topics_.at(place.first); }
  std::vector<std::pair<Place, ModelRecord>> AnyRecords(unsigned count);
  TopicOptions OptionsFrom(unsigned bits, ModelTopic* model) const;

  // --- consumers (log_session_readers.cc)
  Reader* AnyReader();
  void NewReader();
  void Start(Reader* reader, const Place& place);
  void Poll();
  void CheckPolled(Reader* reader);
  void Commit();
  void CommitSome();
  void Seek();
  void Pause();
  void CloseReader();
  void CheckOffsets();
  void EndReadersOf(const std::string& topic);
  // What the spec means there; nullopt: an error.
  std::optional<int64_t> Resolve(const Place& place, unsigned kind, int64_t value,
                                 const std::string& group) const;
  static OffsetSpec SpecOf(unsigned kind, int64_t value);

  std::string_view input_;
  ManualClock clock_;
  CountingRandom random_;
  MemoryFileSystem disk_;
  FaultFileSystem faults_;
  LogModel model_;
  Log log_;
  Producer producer_;
  std::map<std::string, Topic> topics_;
  std::vector<Reader> readers_;
  unsigned next_id_ = 0;
  std::size_t bytes_left_ = 256 << 10;  // of values: an input is to be quick
  int openings_left_ = 6;               // for the same reason
  int appended_ = 0;

  int calls_left_ = -1;          // of the file system until a crash; negative: none is armed
  std::vector<int> next_calls_;  // and until the ones after it, in recovery
  bool power_ = false;
  bool crashed_ = false;
};

}  // namespace eventlog::test
