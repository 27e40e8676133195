#include "lab/log_image.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"
#include "eventlog/status_macros.h"
#include "format/arena_chunk.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/file_names.h"
#include "format/journal_group.h"
#include "lab/application.h"
#include "segment/segment_scan.h"

namespace eventlog::test {
namespace {

constexpr char kOffsetsTopic[] = "__consumer_offsets";
constexpr char kDirectory[] = "/log";  // SimulatedDisk::Files has full paths

// Reads the files, by the decoders of the library.
class ImageTaker {
 public:
  ImageTaker(SimulatedDisk* disk, Log* log, LogImage* image)
      : disk_(disk), log_(log), image_(image) {}

  absl::Status Run();

 private:
  absl::Status ReadRecords(const internal::CatalogTopic& topic);
  absl::Status FindBatches(const internal::CatalogTopic& topic, int32_t partition);
  void FindGroups(const std::string& path);
  void FindChunks(const std::string& path);
  absl::Status FoldCommits();

  SimulatedDisk* const disk_;
  Log* const log_;
  LogImage* const image_;
  internal::Checkpoint checkpoint_;
  std::map<int32_t, std::string> topics_;  // names by id
};

absl::Status ImageTaker::Run() {
  EVENTLOG_ASSIGN_OR_RETURN(
      checkpoint_,
      internal::DecodeCheckpoint(disk_->Contents(internal::CheckpointPath(kDirectory))));
  EVENTLOG_ASSIGN_OR_RETURN(
      const internal::CatalogFile catalog,
      internal::DecodeCatalog(disk_->Contents(internal::CatalogPath(kDirectory))));
  image_->synced_upto = checkpoint_.synced_upto;
  for (const internal::CatalogTopic& topic : catalog.topics) {
    topics_[topic.id] = topic.name;
    EVENTLOG_RETURN_IF_ERROR(ReadRecords(topic));
  }
  for (const auto& entry : checkpoint_.partitions) {
    const auto name = topics_.find(entry.topic_id);
    if (name == topics_.end()) continue;
    image_->partitions[{name->second, entry.partition}].proven_end = entry.end_offset;
  }
  const std::string journal = internal::JournalDirectory(kDirectory) + "/";
  const std::string arena = internal::ArenaDirectory(kDirectory) + "/";
  for (const std::string& path : disk_->Files()) {
    if (path.starts_with(journal)) FindGroups(path);
    if (path.starts_with(arena)) FindChunks(path);
  }
  for (auto& [place, partition] : image_->partitions) {
    std::stable_sort(partition.homes.begin(), partition.homes.end(),
                     [](const Home& a, const Home& b) { return a.first < b.first; });
  }
  return FoldCommits();
}

absl::Status ImageTaker::ReadRecords(const internal::CatalogTopic& topic) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto described, log_->DescribeTopic(topic.name));
  for (int32_t number = 0; number < topic.partitions; ++number) {
    const TopicPartition place = {topic.name, number};
    EVENTLOG_ASSIGN_OR_RETURN(const Reading reading, ReadPartition(log_, place));
    if (!reading.errors.empty()) return reading.errors.begin()->second;
    PartitionImage& image = image_->partitions[place];
    image.disk = described.options.durability == Durability::kDisk;
    image.log_start = reading.log_start;
    image.high_watermark = reading.high_watermark;
    image.records.resize(static_cast<std::size_t>(image.high_watermark - image.log_start));
    for (const auto& [offset, fingerprint] : reading.records) {
      image.records.at(static_cast<std::size_t>(offset - image.log_start)) = fingerprint;
    }
    EVENTLOG_RETURN_IF_ERROR(FindBatches(topic, number));
  }
  return absl::OkStatus();
}

absl::Status ImageTaker::FindBatches(const internal::CatalogTopic& topic, int32_t partition) {
  const TopicPartition place = {topic.name, partition};
  PartitionImage& image = image_->partitions.at(place);
  const std::string directory = internal::PartitionDirectory(kDirectory, topic.id, partition);
  const uint64_t seed = internal::PartitionIdentity{topic.uuid, partition}.Seed();
  const auto names = disk_->List(directory);
  if (!names.ok()) return absl::OkStatus();  // nothing was sealed yet
  for (const std::string& name : *names) {
    const auto base = internal::ParseSegmentName(name);
    if (!base.has_value()) continue;
    const std::string path = internal::SegmentPath(directory, *base);
    EVENTLOG_ASSIGN_OR_RETURN(auto file, disk_->OpenFile(path, FileSystem::Open::kReadOnly));
    const auto visit = [&](const internal::StoredBatch& batch) {
      const internal::BatchHeader& header = batch.header;
      if (header.next_offset() <= image.log_start) return absl::OkStatus();
      image.homes.push_back({place, header.base_offset, header.next_offset(), path, batch.position,
                             batch.position + header.batch_bytes()});
      return absl::OkStatus();
    };
    EVENTLOG_RETURN_IF_ERROR(internal::ScanSegment(file.get(), path, seed,
                                                   internal::kSegmentHeaderBytes, *base, INT32_MAX,
                                                   /*allow_gaps=*/true, visit)
                                 .status());
  }
  return absl::OkStatus();
}

void ImageTaker::FindGroups(const std::string& path) {
  const std::string bytes = disk_->Contents(path);
  for (std::size_t at = 0; at + internal::kGroupHeaderBytes <= bytes.size(); at += 8) {
    const std::string_view here = std::string_view(bytes).substr(at);
    if (internal::LoadLe<uint32_t>(here.data()) != internal::kJournalGroupFormat.magic) continue;
    const auto group = internal::DecodeGroup(here, checkpoint_.generation, checkpoint_.log_id);
    if (!group.ok() || group->sequence < checkpoint_.sequence) continue;
    const auto end = static_cast<int64_t>(
        at + *internal::GroupBytes(here, checkpoint_.generation, checkpoint_.log_id));
    Home home = {
        {}, 0, 0, path, static_cast<int64_t>(at), end, group->sequence, group->synced_upto};
    image_->groups.push_back(home);
    for (const internal::JournalFrame& frame : group->frames) {
      const auto name = topics_.find(frame.topic_id);
      if (name == topics_.end()) continue;  // deleted since
      home.place = {name->second, frame.partition};
      home.first = frame.first_offset;
      home.next = frame.end_offset();
      image_->partitions.at(home.place).homes.push_back(home);
    }
  }
}

// Those that have more than the segments.
void ImageTaker::FindChunks(const std::string& path) {
  const std::string bytes = disk_->Contents(path);
  if (bytes.size() != internal::kArenaFileBytes) return;
  for (std::size_t slot = 0; slot < internal::kArenaSlots; ++slot) {
    std::optional<internal::ArenaChunkHeader> header;
    const auto chunk = internal::DecodeArenaChunk(bytes, slot, checkpoint_.generation,
                                                  checkpoint_.log_id, &header);
    if (!chunk.ok() || !chunk->has_value()) continue;
    const auto name = topics_.find((*chunk)->topic_id);
    if (name == topics_.end()) continue;  // deleted since
    const TopicPartition place = {name->second, (*chunk)->partition};
    std::vector<Home>& homes = image_->partitions.at(place).homes;
    const bool sealed = std::any_of(homes.begin(), homes.end(), [&](const Home& home) {
      return home.sequence == 0 && !home.in_arena && home.next >= (*chunk)->end_offset();
    });
    if (sealed) continue;
    const auto end = (*chunk)->records.data() + (*chunk)->records.size() - bytes.data();
    Home home = {place,
                 (*chunk)->first_offset,
                 (*chunk)->end_offset(),
                 path,
                 static_cast<int64_t>(slot * internal::kArenaSlotBytes),
                 end};
    home.in_arena = true;
    homes.push_back(home);
  }
}

absl::Status ImageTaker::FoldCommits() {
  CommittedOffsets commits;
  for (const internal::CommittedOffset& commit : checkpoint_.offsets) {
    commits[{commit.key.group, commit.key.topic, commit.key.partition}] = commit.value.offset;
  }
  image_->commits[checkpoint_.offsets_upto] = commits;
  const TopicPartition place = {kOffsetsTopic, 0};
  if (!image_->partitions.contains(place)) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log_->NewConsumer({.assignment = {place}}));
  ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const RecordView& record : records) {
      if (record.offset() < checkpoint_.offsets_upto) continue;
      EVENTLOG_ASSIGN_OR_RETURN(const auto key, internal::DecodeOffsetCommitKey(record.key()));
      if (record.is_tombstone()) {
        commits.erase({key.group, key.topic, key.partition});
      } else {
        EVENTLOG_ASSIGN_OR_RETURN(const auto value,
                                  internal::DecodeOffsetCommitValue(record.value()));
        commits[{key.group, key.topic, key.partition}] = value.offset;
      }
      image_->commits[record.offset() + 1] = commits;
    }
  } while (!records.caught_up());
  return absl::OkStatus();
}

}  // namespace

uint64_t PartitionImage::At(int64_t offset) const {
  if (offset < log_start || offset >= high_watermark) return kNone;
  return records[static_cast<std::size_t>(offset - log_start)];
}

uint64_t Fingerprint(const RecordView& record) {
  const auto timestamp_ms = static_cast<uint64_t>(absl::ToUnixMillis(record.timestamp()));
  uint64_t hash = internal::Hash64(record.key(), timestamp_ms + record.headers().size());
  for (const Header& header : record.headers()) {
    hash = internal::Hash64(header.key, hash + (header.value.is_null() ? 1 : 0));
    hash = internal::Hash64(header.value.view(), hash);
  }
  return internal::Hash64(record.value(), hash) | 1;
}

absl::StatusOr<CommittedOffsets> CommitsOf(const Log& log) {
  CommittedOffsets commits;
  EVENTLOG_ASSIGN_OR_RETURN(const auto groups, log.ListGroups());
  for (const std::string& group : groups) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto offsets, log.CommittedOffsets(group));
    for (const auto& offset : offsets) {
      commits[{group, offset.topic, offset.partition}] = offset.offset;
    }
  }
  return commits;
}

bool operator==(const Reading& a, const Reading& b) {
  return a.log_start == b.log_start && a.high_watermark == b.high_watermark &&
         a.records == b.records && a.errors.size() == b.errors.size();
}

absl::StatusOr<Reading> ReadPartition(Log* log, const TopicPartition& place) {
  Reading reading;
  EVENTLOG_ASSIGN_OR_RETURN(const auto described, log->DescribeTopic(place.topic));
  if (std::ssize(described.partitions) <= place.partition) return absl::NotFoundError("partition");
  const Watermarks marks =
      described.partitions[static_cast<std::size_t>(place.partition)].watermarks;
  reading.log_start = marks.log_start_offset;
  reading.high_watermark = marks.high_watermark;
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log->NewConsumer({.assignment = {place}}));
  ConsumerRecords records;
  do {
    const absl::Status polled = consumer.Poll(absl::ZeroDuration(), &records);
    for (const RecordView& record : records) reading.records[record.offset()] = Fingerprint(record);
    if (polled.ok()) continue;
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t offset, consumer.Position(place));
    reading.errors[offset] = polled;
    EVENTLOG_RETURN_IF_ERROR(consumer.Seek(place, OffsetSpec::At(offset + 1)));
  } while (!records.caught_up());
  return reading;
}

absl::StatusOr<LogImage> TakeImage(SimulatedDisk* disk, Log* log) {
  LogImage image;
  EVENTLOG_RETURN_IF_ERROR(ImageTaker(disk, log, &image).Run());
  return image;
}

}  // namespace eventlog::test
