// What a Consumer handle points to. One caller at a time, but for Wakeup.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/fetcher.h"
#include "client/log_core.h"
#include "eventlog/consumer.h"
#include "eventlog/options.h"
#include "partition/wait_set.h"

namespace eventlog::inline v1::internal {

class ConsumerState {
 public:
  // Resolves topics and assignment, joins the group. InvalidArgument (kInvalidOption), NotFound
  // (kUnknownTopic, kUnknownPartition), FailedPrecondition (kGroupActive), OutOfRange (`from`,
  // `until`).
  static absl::StatusOr<std::unique_ptr<ConsumerState>> Create(std::shared_ptr<LogCore> core,
                                                               ConsumerOptions options);
  ~ConsumerState();

  LogCore* core() const { return core_.get(); }
  const std::string& group() const { return options_.group; }
  bool closed() const { return closed_; }
  // Enters the gate itself, for its commit. It is closed whatever the commit says.
  absl::Status Close();

  // --- polling (consumer_poll.cc)
  // Outside the gate: enters it for each look, and waits outside.
  absl::Status Poll(absl::Duration timeout, ConsumerRecords* records);
  // By anybody.
  void Wakeup();
  // ResourceExhausted (open files).
  absl::StatusOr<int> ReadyFd();

  // The rest is called inside the gate.
  // --- what is read (consumer_state.cc)
  absl::Status Assign(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> Assignment() const;
  bool subscribed() const { return !options_.topics.empty(); }
  // All or none.
  absl::Status SetPaused(absl::Span<const TopicPartition> partitions, bool paused);
  // NotFound (kUnknownPartition).
  absl::StatusOr<PartitionFetcher*> Find(const TopicPartition& partition);

  // --- where it stands (consumer_offsets.cc)
  absl::Status Seek(PartitionFetcher* fetcher, const OffsetSpec& to);
  // All or none.
  absl::Status SeekAll(const OffsetSpec& to);
  absl::Status SeekTo(absl::Span<const TopicPartitionOffset> offsets);
  // Where the next Poll reads. OutOfRange (kNone reset and nothing committed).
  absl::StatusOr<int64_t> Position(PartitionFetcher* fetcher) const;
  absl::StatusOr<std::vector<TopicPartitionOffset>> ListOffsets(const OffsetSpec& spec) const;
  absl::StatusOr<int64_t> Lag() const;
  absl::Status CommitPositions();
  absl::Status Commit(std::vector<TopicPartitionOffset> offsets);
  absl::StatusOr<std::vector<TopicPartitionOffset>> Committed() const;

 private:
  using Fetchers = std::vector<std::unique_ptr<PartitionFetcher>>;
  // A topic of which all partitions are read, and how many of them are assigned already.
  struct Subscription {
    std::shared_ptr<TopicState> topic;
    std::size_t assigned = 0;
  };
  // The descriptor that event loops watch, signalled by whatever Poll has something to say about.
  struct Readiness {
    explicit Readiness(EventFd event_fd) : fd(event_fd.fd()), event(std::move(event_fd)) {}
    const int fd;
    Event event;
    std::optional<WaitRegistration> registration;
  };

  ConsumerState(std::shared_ptr<LogCore> core, ConsumerOptions options);
  absl::Status Subscribe();
  absl::Status Start(PartitionFetcher* fetcher) const;
  void Replace(Fetchers fetchers);
  bool has_new_partitions() const;
  void AssignNewPartitions();

  absl::StatusOr<int64_t> ResetPosition(const PartitionFetcher& fetcher,
                                        const absl::Status& why) const;
  absl::StatusOr<std::optional<int64_t>> CommittedPosition(const PartitionFetcher& fetcher) const;
  absl::StatusOr<int64_t> CommittedOrReset(const PartitionFetcher& fetcher) const;
  absl::StatusOr<int64_t> Resolve(const PartitionFetcher& fetcher, const OffsetSpec& to) const;
  absl::Status CommitWhenDue();

  absl::Status PollUntil(absl::Duration deadline, ConsumerRecords* records);
  // One look at every partition. `*moved`: records were handed out, or moved over.
  absl::Status PollOnce(ConsumerRecords* records, bool* moved);
  absl::StatusOr<bool> FetchFrom(PartitionFetcher* fetcher, std::size_t max_records,
                                 std::vector<RecordView>* records, RecordPins* pins);
  bool caught_up() const;
  bool at_until() const;
  bool has_to_commit() const {  // by auto_commit_interval, before it is too late
    return uncommitted_ && options_.auto_commit_interval != absl::InfiniteDuration();
  }
  bool has_news() const;
  std::vector<WaitSet*> WaitSets();
  // Looks again and again for as long as ConsumerTuning::spin says. False: nothing came.
  bool SpinForNews(absl::Duration timeout) const;
  void WaitForNews(absl::Duration timeout);
  void WaitOnManualClock(absl::Duration deadline);
  // To be called when what is read has changed, or where it stands: both do nothing without a
  // descriptor.
  void Watch();
  void UpdateReadiness();

  const std::shared_ptr<LogCore> core_;
  const ConsumerOptions options_;
  bool joined_ = false;
  bool closed_ = false;
  std::vector<Subscription> subscriptions_;
  Fetchers fetchers_;         // sorted
  std::size_t next_ = 0;      // the fetcher whose turn it is: every partition gets its share
  bool uncommitted_ = false;  // polls have moved on since the last commit of all positions
  absl::Duration next_commit_ = absl::InfiniteDuration();  // monotonic; of auto_commit_interval
  std::atomic<bool> woken_up_{false};
  Mutex wakeups_mutex_;
  WaitSet wakeups_{&wakeups_mutex_};  // told of woken_up_
  std::unique_ptr<Readiness> readiness_;
};

}  // namespace eventlog::inline v1::internal
