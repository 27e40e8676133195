// What a log says, record by record, and where in its files each record is: what a damaged copy of
// the files is judged by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "eventlog/eventlog.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

// Bytes that hold consecutive records of a partition: a batch, its part of a journal group, or a
// chunk of the arena, its slot included.
struct Home {
  TopicPartition place;
  int64_t first = 0;  // offsets [first, next)
  int64_t next = 0;
  std::string path;
  int64_t begin = 0;  // bytes [begin, end); of a group all
  int64_t end = 0;
  uint64_t sequence = 0;     // of a group that recovery replays; 0: a batch
  uint64_t synced_upto = 0;  // what that group says
  bool in_arena = false;
};

struct PartitionImage {
  static constexpr uint64_t kNone = 0;

  // What of a record must not change, as one number; kNone: there is none.
  uint64_t At(int64_t offset) const;

  bool disk = true;
  int64_t log_start = 0;
  int64_t high_watermark = 0;
  std::vector<uint64_t> records;  // from log_start on
  int64_t proven_end = 0;         // by the checkpoint
  std::vector<Home> homes;        // of records that recovery counts, in order of offsets
};

// By group, topic and partition.
using CommittedOffsets = std::map<std::tuple<std::string, std::string, int32_t>, int64_t>;

struct LogImage {
  std::map<TopicPartition, PartitionImage> partitions;  // the log's own topics included
  std::vector<Home> groups;  // of the journal, those that recovery counts; of no one partition
  uint64_t synced_upto = 0;  // what the checkpoint says
  // By the end of __consumer_offsets: what its records up to there leave. The first is what the
  // checkpoint has; nothing below it is asked for.
  std::map<int64_t, CommittedOffsets> commits;
};

// Of one record.
uint64_t Fingerprint(const RecordView& record);

// Of every group that the log knows.
absl::StatusOr<CommittedOffsets> CommitsOf(const Log& log);

// All that a consumer gets of a partition.
struct Reading {
  int64_t log_start = 0;
  int64_t high_watermark = 0;
  std::map<int64_t, uint64_t> records;     // fingerprints by offset
  std::map<int64_t, absl::Status> errors;  // by the offset that a poll could not get
  friend bool operator==(const Reading& a, const Reading& b);
};
absl::StatusOr<Reading> ReadPartition(Log* log, const TopicPartition& place);

// Of the files on `disk`, closed or left by a crash, and of `log`, which a copy of them recovered
// to.
absl::StatusOr<LogImage> TakeImage(SimulatedDisk* disk, Log* log);

}  // namespace eventlog::test
