#include "lab/damage.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "format/segment_header.h"
#include "lab/damage_dice.h"
#include "lab/damage_judge.h"
#include "lab/damaged_log.h"

namespace eventlog::test {
namespace {

constexpr std::array kSignals = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// Says what was under way when a signal kills the process.
class LastWords {
 public:
  LastWords() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) before_[i] = signal(kSignals[i], Speak);
  }
  ~LastWords() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) signal(kSignals[i], before_[i]);
  }
  void Set(std::string_view text) {
    size_ = std::min(text.size(), sizeof text_);
    text.copy(text_, size_);
  }

 private:
  static void Speak(int signal_number) {
    static_cast<void>(write(STDERR_FILENO, text_, size_) + write(STDERR_FILENO, "\n", 1));
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }

  std::array<void (*)(int), kSignals.size()> before_ = {};
  static inline char text_[1000] = {};
  static inline std::size_t size_ = 0;
};

class Campaign {
 public:
  Campaign(const DamageOptions& options, DamageFigures* figures)
      : options_(options), figures_(figures), dice_(options.seed) {}

  std::string Run();

 private:
  std::string Opens();
  std::string EveryBit();
  std::string EveryLength(const std::string& path);
  std::string Reads();
  std::string TryOpen(const Damage& damage, RecoveryMode mode);
  std::string TryAgain(SimulatedDisk* disk, Log log);
  void Count(DamageOutcome outcome);

  const DamageOptions& options_;
  DamageFigures* const figures_;
  Dice dice_;
  LastWords last_words_;
  DamagedLog log_;
};

std::string_view Name(Ending ending) {
  return ending == Ending::kClosed ? "closed" : ending == Ending::kKilled ? "killed" : "cut";
}
std::string_view Name(RecoveryMode mode) {
  return mode == RecoveryMode::kRefuse     ? "refuse"
         : mode == RecoveryMode::kTruncate ? "truncate"
                                           : "skip damaged";
}

std::string Campaign::Run() {
  const Scenario* scenario = options_.scenario;
  Ending ending = options_.ending;
  if (scenario == nullptr) {
    scenario = &Scenarios()[dice_.Below(Scenarios().size())];
    ending = static_cast<Ending>(dice_.Below(3));
  }
  const std::string where =
      fmt::format("{}, {}, seed {}", scenario->name, Name(ending), options_.seed);
  last_words_.Set(where);
  std::string wrong = log_.Make(*scenario, ending, options_.seed);
  if (wrong.empty()) wrong = Opens();
  if (wrong.empty() && options_.every_bit_of_bytes > 0) wrong = EveryBit();
  if (wrong.empty() && options_.reads > 0) wrong = Reads();
  if (wrong.empty()) return "";
  ++figures_->violations;
  return fmt::format("{}: {}", where, wrong);
}

void Campaign::Count(DamageOutcome outcome) {
  ++figures_->corruptions;
  ++(outcome == DamageOutcome::kRefused    ? figures_->refused
     : outcome == DamageOutcome::kReported ? figures_->reported
                                           : figures_->harmless);
}

std::string Campaign::Opens() {
  DamageDice damages(&log_.sources(), dice_.Next());
  for (int64_t i = 0; i < options_.opens; ++i) {
    const Damage damage = damages.Throw();
    const uint64_t mode = dice_.Below(8);
    std::string wrong = TryOpen(damage, mode == 0   ? RecoveryMode::kTruncate
                                        : mode == 1 ? RecoveryMode::kSkipDamaged
                                                    : RecoveryMode::kRefuse);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

// Of what Open reads: not of old segments as a whole, which Reads has.
std::string Campaign::EveryBit() {
  const FileContents& files = log_.sources().files;
  for (const auto& [path, bytes] : files) {
    const auto size = std::ssize(bytes);
    for (int64_t bit = 0; bit < size * 8; ++bit) {
      const int64_t at = bit / 8;
      if (at == options_.every_bit_of_bytes) {
        bit = std::max(bit, (size - options_.every_bit_of_bytes) * 8);
      }
      std::string byte(1, bytes[static_cast<std::size_t>(bit / 8)]);
      byte[0] = static_cast<char>(byte[0] ^ (1 << (bit % 8)));
      const Damage damage = {fmt::format("{}: bit {} flipped", path, bit),
                             {Overwritten(files, path, bit / 8, byte)}};
      std::string wrong = TryOpen(damage, RecoveryMode::kRefuse);
      if (!wrong.empty()) return wrong;
    }
    std::string wrong = EveryLength(path);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Campaign::EveryLength(const std::string& path) {
  const FileContents& files = log_.sources().files;
  const std::string& bytes = files.at(path);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (static_cast<int64_t>(size) == options_.every_bit_of_bytes) {
      size = std::max(size, bytes.size() - size);
    }
    const Damage damage = {fmt::format("{}: truncated to {} bytes", path, size),
                           {Replaced(files, path, bytes.substr(0, size))}};
    std::string wrong = TryOpen(damage, RecoveryMode::kRefuse);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Campaign::TryOpen(const Damage& damage, RecoveryMode mode) {
  const std::string where = fmt::format("{}, mode {}", damage.text, Name(mode));
  last_words_.Set(where);
  const auto disk = log_.Copy();
  Apply(damage, disk.get());
  const bool look_closer = dice_.Below(16) == 0;
  const FileContents before =
      look_closer && mode == RecoveryMode::kRefuse ? ContentsOf(*disk) : FileContents();
  auto log = log_.Open(disk.get(), mode);
  DamageOutcome outcome = DamageOutcome::kRefused;
  std::string wrong;
  if (log.ok()) {
    wrong = JudgeDamagedLog(log_.image(), damage, mode, &*log, &outcome);
    if (wrong.empty() && look_closer) wrong = TryAgain(disk.get(), *std::move(log));
  } else {
    wrong = JudgeRefusal(log.status(), damage);
    if (wrong.empty() && !before.empty() && ContentsOf(*disk) != before) {
      wrong = "refused, and files are not as they were: " + log.status().ToString();
    }
  }
  if (!wrong.empty()) return fmt::format("{}: {}", where, wrong);
  Count(outcome);
  return "";
}

// What was found once is found again.
std::string Campaign::TryAgain(SimulatedDisk* disk, Log log) {
  const auto commits = CommitsOf(log);
  std::map<TopicPartition, absl::StatusOr<Reading>> once;
  for (const auto& [place, image] : log_.image().partitions) {
    once.emplace(place, ReadPartition(&log, place));
  }
  if (const absl::Status closed = log.Close(); !closed.ok()) {
    return "closing: " + closed.ToString();
  }
  auto again = log_.Open(disk, RecoveryMode::kRefuse);
  if (!again.ok()) return "opened once, and not again: " + again.status().ToString();
  for (const auto& [place, reading] : once) {
    const auto twice = ReadPartition(&*again, place);
    if (!twice.ok() || *twice != *reading) {
      return fmt::format("{}-{} is another when it is opened again", place.topic, place.partition);
    }
  }
  return CommitsOf(*again) == commits ? "" : "other committed offsets when it is opened again";
}

// Segments that are open and all in files: opened once, damaged, read and mended.
std::string Campaign::Reads() {
  const auto disk = log_.Copy();
  {
    auto log = log_.Open(disk.get(), RecoveryMode::kRefuse);
    if (!log.ok() || !log->Close().ok()) return "cannot be opened and closed";
  }
  const auto closed = disk->AfterKill();
  auto log = log_.Open(disk.get(), RecoveryMode::kRefuse);
  if (!log.ok()) return log.status().ToString();
  const auto image = TakeImage(closed.get(), &*log);
  if (!image.ok()) return image.status().ToString();
  const DamageSources sources = {ContentsOf(*disk), log_.sources().older, log_.sources().other};
  std::vector<const PartitionImage*> partitions;
  for (const auto& [place, partition] : image->partitions) {
    if (!partition.homes.empty()) partitions.push_back(&partition);
  }
  if (partitions.empty()) return "";
  DamageDice damages(&sources, dice_.Next());
  for (int64_t i = 0; i < options_.reads; ++i) {
    const PartitionImage& partition = *partitions[dice_.Below(partitions.size())];
    const Home& home = partition.homes[dice_.Below(partition.homes.size())];
    const Damage damage = damages.ThrowBytes(home.path, home.begin, home.end);
    if (!ChangesSomething(damage.changes.front())) continue;
    last_words_.Set(damage.text);
    Apply(damage, disk.get());
    DamageOutcome outcome = DamageOutcome::kHarmless;
    const std::string wrong = JudgeReads(partition, damage, &*log, &outcome);
    if (!wrong.empty()) return fmt::format("{}, while it is open: {}", damage.text, wrong);
    for (const FileDamage& change : damage.changes) {
      const std::string& old = sources.files.at(change.path);
      disk->Overwrite(change.path, change.begin,
                      std::string_view(old).substr(static_cast<std::size_t>(change.begin),
                                                   change.bytes.size()));
    }
    Count(outcome);
  }
  return "";
}

}  // namespace

std::string RunDamage(const DamageOptions& options, DamageFigures* figures) {
  return Campaign(options, figures).Run();
}

}  // namespace eventlog::test
