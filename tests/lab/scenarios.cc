#include "lab/scenarios.h"

#include <string>
#include <vector>

#include "eventlog/status_macros.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kBulkBytes = 8 << 10;  // 40 of these are a bulk write

TopicOptions OptionsOf(Durability durability, int32_t partitions = 1) {
  return {.partitions = partitions,
          .durability = durability,
          .segment_bytes = 64 << 10,
          .batch_bytes = 2 << 10};
}
TopicOptions Disk(int32_t partitions = 1) { return OptionsOf(Durability::kDisk, partitions); }
TopicOptions Process(int32_t partitions = 1) { return OptionsOf(Durability::kProcess, partitions); }

absl::Status AppendSome(Application* application, const TopicPartition& place, int count,
                        std::size_t value_bytes = 100) {
  for (int i = 0; i < count; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->Append(place, value_bytes));
  }
  return absl::OkStatus();
}

absl::Status Appends(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(2)));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 3));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 1}, 10, 300));
  return AppendSome(application, {"disk", 0}, 2, 5000);
}

absl::Status ProcessAppends(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 4));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 1));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 12, 700));
  return application->Maintain(absl::Seconds(15));
}

absl::Status GroupCommits(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(4)));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 4; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->SendAll(
        {{"disk", 0}, {"disk", 1}, {"process", 0}, {"disk", 2}, {"disk", 3}, {"disk", 0}}, 400));
  }
  return absl::OkStatus();
}

absl::Status AtomicWrites(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(2)));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 4; ++i) {
    EVENTLOG_RETURN_IF_ERROR(
        application->Write({{"disk", 0}, {"process", 0}, {"disk", 1}, {"process", 0}}, 600));
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"process", 0}}, 100));
  }
  return absl::OkStatus();
}

absl::Status AtomicWritesWithOffsets(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"disk", 0}, {"process", 0}}, 100, "relay"));
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"process", 0}}, 100, "relay"));
    EVENTLOG_RETURN_IF_ERROR(application->Write({}, 0, "relay"));
  }
  return application->Maintain(absl::Minutes(2));
}

// Behind appends that are in no segment yet.
absl::Status AtomicBehindProcess(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 5, 500));
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"process", 0}, {"disk", 0}}, 300));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 2, 1500));
  }
  return absl::OkStatus();
}

absl::Status BulkWrites(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 2));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 0}, 40, kBulkBytes));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 2));
  return application->AppendAll({"disk", 0}, 40, kBulkBytes);
}

absl::Status BulkBehindAtomic(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 3, 1500));
  EVENTLOG_RETURN_IF_ERROR(application->Write({{"process", 0}, {"disk", 0}}, 200));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"process", 0}, 40, kBulkBytes));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 0}, 40, kBulkBytes));
  return application->Write({{"process", 0}, {"disk", 0}}, 200);
}

absl::Status Seals(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 2; ++i) {
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 3, 1000));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 3, 1000));
    EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Seconds(15)));
  }
  return absl::OkStatus();
}

absl::Status CompressedSeals(Application* application) {
  TopicOptions options = Disk();
  options.compression_type = CompressionType::kLz4;
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("lz4", options));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"lz4", 0}, 12, 900));
  EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Seconds(15)));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"lz4", 0}, 40, kBulkBytes));
  return AppendSome(application, {"lz4", 0}, 2);
}

absl::Status Rolls(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 6; ++i) {
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 1, 25'000));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 1, 25'000));
  }
  return application->Maintain(absl::Minutes(2));
}

absl::Status RetentionByTime(Application* application) {
  TopicOptions options = Disk();
  options.retention = absl::Minutes(4);
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("aged", options));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"aged", 0}, 8, 15'000));
    EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Minutes(3)));
  }
  return absl::OkStatus();
}

absl::Status RetentionBySize(Application* application) {
  TopicOptions options = Disk();
  options.retention_bytes = 100 << 10;
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("sized", options));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"sized", 0}, 8, 15'000));
    EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Minutes(2)));
  }
  return AppendSome(application, {"sized", 0}, 2);
}

absl::Status Deletions(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 0}, 40, kBulkBytes));
  EVENTLOG_RETURN_IF_ERROR(application->DeleteRecords({"disk", 0}, 25));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 3));
  EVENTLOG_RETURN_IF_ERROR(application->DeleteRecords({"disk", 0}, 43));
  return AppendSome(application, {"disk", 0}, 1);
}

absl::Status Checkpoints(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(2)));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 2; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->SendAll({{"disk", 0}, {"disk", 1}, {"process", 0}}, 700));
    EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Minutes(2)));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 1));
  }
  return absl::OkStatus();
}

// Several times around a journal of 1 MiB; the log itself stays small.
absl::Status JournalReuse(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 12; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 0}, 8, 30'000));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 1, 5'000));
    if (i % 4 != 3) continue;
    const int64_t end = application->MarksOf({"disk", 0}).high_watermark;
    EVENTLOG_RETURN_IF_ERROR(application->DeleteRecords({"disk", 0}, end));
  }
  return absl::OkStatus();
}

// Until the journal is full, of one partition that is sealed and others that have little.
absl::Status CarryOver(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(4)));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 7; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->AppendAll({"disk", 0}, 8, 30'000));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 1 + i % 3}, 1));
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"disk", 1}, {"process", 0}, {"disk", 2}}, 150));
  }
  const int64_t end = application->MarksOf({"disk", 0}).high_watermark;
  EVENTLOG_RETURN_IF_ERROR(application->DeleteRecords({"disk", 0}, end));
  return AppendSome(application, {"disk", 3}, 1);
}

absl::Status TopicCreation(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("a", Disk()));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"a", 0}, 1));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("b", Process(3)));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"b", 2}, 1));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("c", Disk()));
  return application->Write({{"a", 0}, {"b", 0}, {"c", 0}}, 50);
}

absl::Status TopicChanges(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("grows", Disk()));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"grows", 0}, 2));
  EVENTLOG_RETURN_IF_ERROR(application->AddPartitions("grows", 3));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"grows", 2}, 2, 3000));
  EVENTLOG_RETURN_IF_ERROR(application->AddPartitions("grows", 4));
  return application->SendAll({{"grows", 3}, {"grows", 0}}, 100);
}

absl::Status TopicDeletion(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("stays", Disk()));
  for (int i = 0; i < 2; ++i) {
    EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("again", Disk(2)));
    EVENTLOG_RETURN_IF_ERROR(application->Write({{"again", 0}, {"stays", 0}}, 100));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"again", 1}, 2, 3000));
    EVENTLOG_RETURN_IF_ERROR(application->Consume("readers", "again"));
    EVENTLOG_RETURN_IF_ERROR(application->DeleteTopic("again"));
  }
  return AppendSome(application, {"stays", 0}, 1);
}

absl::Status OffsetCommits(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk(2)));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", i % 2}, 2));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 2));
    EVENTLOG_RETURN_IF_ERROR(application->Consume("readers", "disk"));
    EVENTLOG_RETURN_IF_ERROR(application->Consume("readers", "process"));
  }
  EVENTLOG_RETURN_IF_ERROR(application->Maintain(absl::Minutes(2)));
  EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 1));
  return application->Consume("readers", "process");
}

absl::Status Restarts(Application* application) {
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("disk", Disk()));
  EVENTLOG_RETURN_IF_ERROR(application->CreateTopic("process", Process()));
  for (int i = 0; i < 3; ++i) {
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"disk", 0}, 2, 1500));
    EVENTLOG_RETURN_IF_ERROR(AppendSome(application, {"process", 0}, 2, 1500));
    EVENTLOG_RETURN_IF_ERROR(application->Consume("readers", "disk"));
    EVENTLOG_RETURN_IF_ERROR(application->Restart());
  }
  return AppendSome(application, {"disk", 0}, 1);
}

constexpr Scenario kScenarios[] = {
    {"appends", Appends},
    {"process_appends", ProcessAppends},
    {"group_commits", GroupCommits},
    {"atomic_writes", AtomicWrites},
    {"atomic_writes_with_offsets", AtomicWritesWithOffsets},
    {"atomic_behind_process", AtomicBehindProcess},
    {"bulk_writes", BulkWrites},
    {"bulk_behind_atomic", BulkBehindAtomic},
    {"seals", Seals},
    {"compressed_seals", CompressedSeals},
    {"rolls", Rolls},
    {"retention_by_time", RetentionByTime},
    {"retention_by_size", RetentionBySize},
    {"deletions", Deletions},
    {"checkpoints", Checkpoints},
    {"journal_reuse", JournalReuse},
    {"carry_over", CarryOver},
    {"topic_creation", TopicCreation},
    {"topic_changes", TopicChanges},
    {"topic_deletion", TopicDeletion},
    {"offset_commits", OffsetCommits},
    {"restarts", Restarts},
};

}  // namespace

absl::Span<const Scenario> Scenarios() { return kScenarios; }

}  // namespace eventlog::test
