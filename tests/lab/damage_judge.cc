#include "lab/damage_judge.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "format/arena_chunk.h"
#include "format/record_batch.h"
#include "format/segment_header.h"

namespace eventlog::test {
namespace {

constexpr uint64_t kNoCut = std::numeric_limits<uint64_t>::max();
constexpr char kOffsetsTopic[] = "__consumer_offsets";
constexpr char kCheckpoint[] = "/log/checkpoint";
constexpr char kCatalog[] = "/log/catalog";

// A file without which a log is whole.
bool CountsForNothing(std::string_view path) {
  return path.ends_with(".index") || path.ends_with(".timeindex") || path.ends_with(".tmp") ||
         path.ends_with("/lock");
}

class Judge {
 public:
  Judge(const LogImage& truth, const Damage& damage, RecoveryMode mode, Log* log)
      : truth_(truth), damage_(damage), mode_(mode), log_(log), report_(log->recovery_report()) {}

  std::string Run(DamageOutcome* outcome);

 private:
  std::string JudgeJournal();
  std::string JudgeTopics();
  std::string JudgePartition(const TopicPartition& place, const PartitionImage& image);
  // Why a record that is not to be had may not be missing; empty when it may.
  std::string JudgeLoss(const TopicPartition& place, const PartitionImage& image,
                        const Reading& found, int64_t offset);
  std::string JudgeCut(const PartitionImage& image, const Reading& found, int64_t offset);
  std::string JudgeRepaired(const TopicPartition& place, const PartitionImage& image,
                            int64_t offset);
  std::string JudgeCommits();
  bool InReplayedGroup(const Home& home) const { return home.sequence != 0; }
  // All of the file may be unlike what it was, and whole by itself.
  bool IsHit(const std::string& path) const {
    return Damages(damage_, {{}, 0, 0, path, 0, std::numeric_limits<int64_t>::max()});
  }
  // No header is left that would show where it was.
  bool IsErased(const Home& home) const {
    return std::any_of(
        damage_.changes.begin(), damage_.changes.end(), [&](const FileDamage& change) {
          const std::size_t header_bytes =
              home.in_arena ? internal::kArenaSlotBytes : internal::kBatchHeaderBytes;
          return change.path == home.path && change.begin <= home.begin &&
                 change.end >= home.begin + static_cast<int64_t>(header_bytes);
        });
  }
  bool IsStale(const std::string& path) const { return damage_.strays && IsHit(path); }
  bool HeaderIsDamaged(const std::string& path) const {
    return Damages(damage_, {{}, 0, 0, path, 0, internal::kSegmentHeaderBytes});
  }

  const LogImage& truth_;
  const Damage& damage_;
  const RecoveryMode mode_;
  Log* const log_;
  const RecoveryReport report_;
  uint64_t cut_ = kNoCut;  // the first group of the journal that is damaged
  bool proven_cut_ = false;
  bool erased_ = false;  // what is left of it cannot be told from what was never written
  bool loses_ = false;
};

std::string Judge::Run(DamageOutcome* outcome) {
  if (std::string wrong = JudgeJournal(); !wrong.empty()) return wrong;
  if (std::string wrong = JudgeTopics(); !wrong.empty()) return wrong;
  for (const auto& [place, image] : truth_.partitions) {
    if (std::string wrong = JudgePartition(place, image); !wrong.empty()) {
      return fmt::format("{}-{}: {}", place.topic, place.partition, wrong);
    }
  }
  *outcome = loses_ ? DamageOutcome::kReported : DamageOutcome::kHarmless;
  return JudgeCommits();
}

// R2: a missing group that an undamaged one, or the checkpoint, says was synced is not passed over.
std::string Judge::JudgeJournal() {
  uint64_t proven = truth_.synced_upto;
  for (const Home& group : truth_.groups) {
    if (Damages(damage_, group)) {
      cut_ = std::min(cut_, group.sequence);
    } else {
      proven = std::max(proven, group.synced_upto);
    }
  }
  for (const Home& group : truth_.groups) {
    if (group.sequence != cut_) continue;
    int signs = 0;  // magic, generation and sequence
    for (const auto& [from, to] : {std::pair(0, 4), std::pair(8, 16), std::pair(16, 24)}) {
      const Home sign = {{}, 0, 0, group.path, group.begin + from, group.begin + to};
      signs += Damages(damage_, sign) ? 0 : 1;
    }
    erased_ = signs < 2 || IsStale(group.path);  // an older group is there, whole
  }
  proven_cut_ = cut_ <= proven;
  if (!proven_cut_ || mode_ != RecoveryMode::kRefuse) return "";
  return fmt::format("group {} of the journal was synced, which is proven up to {}, and opens",
                     cut_, proven);
}

std::string Judge::JudgeTopics() {
  std::set<std::string> expected;
  for (const auto& [place, image] : truth_.partitions) {
    if (!place.topic.starts_with("__")) expected.insert(place.topic);
  }
  const auto listed = log_->ListTopics();
  if (!listed.ok()) return listed.status().ToString();
  if (IsStale(kCatalog)) return "";  // an older one: what has records is looked for below
  if (std::set<std::string>(listed->begin(), listed->end()) == expected) return "";
  return fmt::format("{} topics of {}, or others", listed->size(), expected.size());
}

std::string Judge::JudgePartition(const TopicPartition& place, const PartitionImage& image) {
  const auto found = ReadPartition(log_, place);
  if (absl::IsNotFound(found.status()) && IsStale(kCatalog)) {
    const bool betrayed = std::any_of(image.homes.begin(), image.homes.end(),
                                      [&](const Home& home) { return !Damages(damage_, home); });
    return betrayed ? "is not there, and its files are" : "";
  }
  if (!found.ok()) return found.status().ToString();
  if (found->high_watermark > image.high_watermark) {
    return fmt::format("ends at {}, behind {}", found->high_watermark, image.high_watermark);
  }
  // An older checkpoint knows of fewer deletions, and one that repairs may cut all there is.
  const bool may_fall = IsStale(kCheckpoint) || (mode_ != RecoveryMode::kRefuse &&
                                                 found->high_watermark <= image.log_start);
  if (found->log_start > image.log_start || (found->log_start < image.log_start && !may_fall)) {
    return fmt::format("starts at {} instead of {}", found->log_start, image.log_start);
  }
  for (const auto& [offset, status] : found->errors) {
    if (!IsDamageToRead(status)) return "a read's error: " + status.ToString();
  }
  for (const auto& [offset, fingerprint] : found->records) {
    if (offset < image.log_start && may_fall) continue;
    if (image.At(offset) == PartitionImage::kNone) return fmt::format("invented: {}", offset);
    if (image.At(offset) != fingerprint) return fmt::format("silently wrong: {}", offset);
  }
  for (int64_t offset = image.log_start; offset < image.high_watermark; ++offset) {
    if (image.At(offset) == PartitionImage::kNone || found->records.contains(offset)) continue;
    loses_ = true;
    const std::string wrong = JudgeLoss(place, image, *found, offset);
    if (!wrong.empty()) return fmt::format("offset {}: {}", offset, wrong);
  }
  return "";
}

std::string Judge::JudgeLoss(const TopicPartition& place, const PartitionImage& image,
                             const Reading& found, int64_t offset) {
  if (mode_ != RecoveryMode::kRefuse) return JudgeRepaired(place, image, offset);
  if (offset >= found.high_watermark) return JudgeCut(image, found, offset);
  if (!found.errors.contains(offset)) return "silently missing";
  for (const Home& home : image.homes) {
    const bool here = home.first <= offset && offset < home.next;
    if (!here || InReplayedGroup(home)) continue;
    if (Damages(damage_, home) || (damage_.strays && IsHit(home.path))) return "";
  }
  return "an error where nothing was damaged";
}

// At the end of a partition.
std::string Judge::JudgeCut(const PartitionImage& image, const Reading& found, int64_t offset) {
  // An older checkpoint, with a segment that is damaged as well, does not prove what a newer one
  // did.
  int64_t proven = IsStale(kCheckpoint) ? 0 : image.proven_end;
  bool is_hit = cut_ != kNoCut;
  bool erased = erased_;
  for (const Home& home : image.homes) {
    const bool damaged = Damages(damage_, home);
    is_hit = is_hit || IsHit(home.path);
    if (home.first == found.high_watermark) erased = erased || IsErased(home);
    // What a chunk has had before is whole by itself, and shorter.
    if (home.in_arena) erased = erased || IsErased(home) || IsStale(home.path);
    if (InReplayedGroup(home) && !damaged && home.sequence < cut_ && image.disk) {
      proven = std::max(proven, home.first);
      if (home.first <= offset && offset < home.next) return "cut, and a whole group has it";
    }
  }
  if (offset < proven) return fmt::format("cut, though offsets below {} are proven", proven);
  if (!is_hit) return fmt::format("cut at {}, where nothing was damaged", found.high_watermark);
  if (erased || !report_.text.empty()) return "";
  return "cut and not reported";
}

std::string Judge::JudgeRepaired(const TopicPartition& place, const PartitionImage& image,
                                 int64_t offset) {
  const bool touched = std::any_of(image.homes.begin(), image.homes.end(),
                                   [this](const Home& home) { return IsHit(home.path); });
  bool is_hit = false;
  bool erased = erased_;
  for (const Home& home : image.homes) {
    const bool unproven = home.first <= offset && home.first >= image.proven_end;
    erased = erased || (unproven && (IsErased(home) || (home.in_arena && IsStale(home.path))));
    const bool here = home.first <= offset && offset < home.next;
    const bool damaged = Damages(damage_, home);
    if (mode_ == RecoveryMode::kTruncate) {
      const bool before = home.first <= offset;
      is_hit = is_hit || (before && (damaged || (InReplayedGroup(home) && home.sequence >= cut_) ||
                                     (!InReplayedGroup(home) && HeaderIsDamaged(home.path))));
    } else if (here && !damaged && !InReplayedGroup(home)) {
      // Behind the checkpoint recovery goes from batch to batch, to the first that is not whole.
      const bool hidden = touched && (offset >= image.proven_end || damage_.strays);
      if (!hidden) return "left out, and its batch is whole";
      is_hit = true;
    } else if (here && !damaged && (home.sequence < cut_ || (proven_cut_ && !damage_.strays))) {
      // Where a group is twice, it is not clear what came behind it.
      return "left out, and its group is whole";
    } else {
      is_hit = is_hit || here;
    }
  }
  if (!is_hit && !IsStale(kCheckpoint)) return "gone, where nothing was damaged";
  const auto told = [&](const TopicPartitionOffset& cut) {
    return cut.topic == place.topic && cut.partition == place.partition;
  };
  const bool is_told = std::any_of(report_.cut.begin(), report_.cut.end(), told);
  return is_told || erased || !report_.text.empty() ? "" : "gone and not reported";
}

// Exactly what is left of the records that say them.
std::string Judge::JudgeCommits() {
  const auto commits = CommitsOf(*log_);
  if (!commits.ok()) return "committed offsets: " + commits.status().ToString();
  const CommittedOffsets& found = *commits;
  const CommittedOffsets& all = truth_.commits.rbegin()->second;
  if (found == all) return "";
  if (mode_ == RecoveryMode::kRefuse) {
    const auto described = log_->DescribeTopic(kOffsetsTopic);
    const int64_t end =
        described.ok() ? described->partitions.front().watermarks.high_watermark : 0;
    const auto at = truth_.commits.upper_bound(end);
    const bool is_first = at == truth_.commits.begin();
    if (found == (is_first ? truth_.commits.begin() : std::prev(at))->second) return "";
    return fmt::format("committed offsets are not those of the records up to {}", end);
  }
  for (const auto& [key, offset] : found) {
    const bool was = std::any_of(truth_.commits.begin(), truth_.commits.end(),
                                 [&key = key, offset = offset](const auto& at) {
                                   const auto commit = at.second.find(key);
                                   return commit != at.second.end() && commit->second == offset;
                                 });
    if (!was) return fmt::format("group {} never committed {}", std::get<0>(key), offset);
  }
  return report_.clean && !erased_ ? "committed offsets are gone and not reported" : "";
}

}  // namespace

bool IsDamageToRead(const absl::Status& status) {
  return absl::IsDataLoss(status) && status.message().find("log/segments/") != std::string::npos;
}

bool Damages(const Damage& damage, const Home& home) {
  return std::any_of(damage.changes.begin(), damage.changes.end(), [&](const FileDamage& change) {
    return change.path == home.path && ChangesWithin(change, home.begin, home.end);
  });
}

std::string JudgeReads(const PartitionImage& truth, const Damage& damage, Log* log,
                       DamageOutcome* outcome) {
  const auto is_hit = [&](const Home& home) { return Damages(damage, home); };
  const auto& homes = truth.homes;
  auto first = std::find_if(homes.begin(), homes.end(), is_hit);
  auto last = std::find_if(homes.rbegin(), homes.rend(), is_hit).base();
  if (first == homes.end()) {  // a header, or nothing that counts: all is to be read
    first = homes.begin();
    last = homes.end();
  }
  if (first != homes.begin()) --first;
  if (last != homes.end()) ++last;
  const TopicPartition& place = homes.front().place;
  int64_t expected = std::max(first->first, truth.log_start);
  const int64_t until = std::prev(last)->next;
  auto consumer = log->NewConsumer({.assignment = {place},
                                    .from = OffsetSpec::At(expected),
                                    .until = OffsetSpec::At(until),
                                    .tuning = {.fetch_bytes = 1024}});
  if (!consumer.ok()) return consumer.status().ToString();
  ConsumerRecords records;
  while (expected < until) {
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    for (const RecordView& record : records) {
      while (expected < record.offset() && truth.At(expected) == PartitionImage::kNone) ++expected;
      if (record.offset() != expected) return fmt::format("silently missing: {}", expected);
      if (Fingerprint(record) != truth.At(expected)) return fmt::format("wrong: {}", expected);
      while (first->next <= expected) ++first;
      if (is_hit(*first)) return fmt::format("damage around {} is not noticed", expected);
      ++expected;
    }
    if (polled.ok() && records.caught_up()) break;
    if (polled.ok()) continue;
    if (!IsDamageToRead(polled)) return "a read's error: " + polled.ToString();
    if (consumer->Poll(absl::ZeroDuration(), &records).ok()) {
      return fmt::format("passed over at {} by the second poll", expected);
    }
    *outcome = DamageOutcome::kReported;
    while (first->next <= expected) ++first;
    if (!is_hit(*first) && !damage.strays) {
      return fmt::format("an error at {}, where nothing is hit", expected);
    }
    expected = first->next;
    const absl::Status sought = consumer->Seek(place, OffsetSpec::At(expected));
    if (!sought.ok()) return "a seek's error: " + sought.ToString();
  }
  return expected >= until ? "" : fmt::format("ends at {} of {}", expected, until);
}

std::string JudgeRefusal(const absl::Status& opened, const Damage& damage) {
  const ErrorReason reason = ReasonOf(opened);
  if (reason != ErrorReason::kCorruptData && reason != ErrorReason::kDurableDataMissing) {
    return "refused with another error: " + opened.ToString();
  }
  if (opened.message().find("log/") == std::string::npos) {
    return "refused without a file's name: " + opened.ToString();
  }
  const bool matters =
      std::any_of(damage.changes.begin(), damage.changes.end(),
                  [](const FileDamage& change) { return !CountsForNothing(change.path); });
  return matters ? "" : "refused for a file that counts for nothing: " + opened.ToString();
}

std::string JudgeDamagedLog(const LogImage& truth, const Damage& damage, RecoveryMode mode,
                            Log* log, DamageOutcome* outcome) {
  return Judge(truth, damage, mode, log).Run(outcome);
}

}  // namespace eventlog::test
