// Much at once: against write(2) of the same bytes and against LZ4 of the same blocks; and what a
// segment's end costs whoever appends.
#include <lz4.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "harness/measure.h"
#include "limits/files.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr std::size_t kLargeValueBytes = 1024;
constexpr std::size_t kTogether = 1000;
constexpr std::size_t kChunkBytes = 256 << 10;  // of a bulk write, and so of write(2)

// Larger than any cache: each side reads it once, from memory.
std::string ColdSource(int64_t bytes) {
  std::string source(static_cast<std::size_t>(bytes), '\0');
  std::mt19937_64 dice(1);
  for (std::size_t i = 0; i + 8 <= source.size(); i += 8) {
    const uint64_t random = dice();
    std::memcpy(&source[i], &random, 8);
  }
  return source;
}

double Megabytes(std::size_t bytes, double seconds) {
  return static_cast<double>(bytes) / seconds / 1e6;
}

Figures BulkBesideWrite(const std::string& parent, const std::string& source) {
  const Scratch ours(parent);
  const Scratch theirs(parent);
  const OpenedTopic opened(ours.path(), Durability::kProcess);
  const auto append = [&] {
    std::vector<ProducerRecord> records(kTogether);
    for (std::size_t at = 0; at + kTogether * kLargeValueBytes <= source.size();) {
      for (ProducerRecord& record : records) {
        record.value = std::string_view(source).substr(at, kLargeValueBytes);
        at += kLargeValueBytes;
      }
      Check(opened.topic.AppendAll(records));
    }
  };
  const GrowingFile file(theirs / "file");
  const auto write = [&] {
    for (std::size_t at = 0; at < source.size(); at += kChunkBytes) {
      file.Write(std::string_view(source).substr(at, kChunkBytes));
    }
  };
  return {Megabytes(source.size(), SecondsOf(append)), Megabytes(source.size(), SecondsOf(write))};
}

// Lines of a web server's log, made up.
std::vector<std::string> Lines(int64_t count) {
  constexpr const char* kPaths[] = {"/", "/cart", "/checkout", "/product/", "/search?q="};
  std::mt19937 dice(7);
  std::vector<std::string> lines;
  for (int64_t i = 0; i < count; ++i) {
    lines.push_back(absl::StrCat(R"({"at":")", 1'700'000'000 + i / 40, R"(","client":"10.0.)",
                                 dice() % 256, ".", dice() % 256, R"(","method":"GET","path":")",
                                 kPaths[dice() % std::size(kPaths)], dice() % 5000,
                                 R"(","status":)", dice() % 20 == 0 ? 404 : 200, R"(,"bytes":)",
                                 dice() % 60'000, R"(,"agent":"curl/7.88.1"})"));
  }
  return lines;
}

Figures Lz4BesideLz4(const std::string& parent, const std::vector<std::string>& lines) {
  constexpr std::size_t kBatchBytes = 64 << 10;
  const Scratch scratch(parent);
  const OpenedTopic opened(
      {.directory = scratch.path()},
      {.durability = Durability::kProcess, .compression_type = CompressionType::kLz4});
  std::size_t bytes = 0;
  std::string all;
  for (const std::string& line : lines) all += line;
  bytes = all.size();
  const double ours = SecondsOf([&] {
    std::vector<ProducerRecord> records;
    for (const std::string& line : lines) {
      records.push_back({.value = line});
      if (records.size() < kTogether) continue;
      Check(opened.topic.AppendAll(records));
      records.clear();
    }
    Check(opened.topic.AppendAll(records));
  });
  std::string compressed(static_cast<std::size_t>(LZ4_compressBound(kBatchBytes)), '\0');
  const double theirs = SecondsOf([&] {
    for (std::size_t at = 0; at < all.size(); at += kBatchBytes) {
      const auto block = static_cast<int>(std::min(kBatchBytes, all.size() - at));
      Check(LZ4_compress_default(all.data() + at, compressed.data(), block,
                                 static_cast<int>(compressed.size())) > 0,
            "LZ4 fails");
    }
  });
  return {Megabytes(bytes, ours), Megabytes(bytes, theirs)};
}

// The slowest append of each segment, of which the median: the one that finds the segment full.
double SlowestOfRolls(const std::string& parent, int64_t rolls) {
  constexpr int64_t kSegmentBytes = 8 << 20;
  const Scratch scratch(parent);
  const OpenedTopic opened({.directory = scratch.path()},
                           {.durability = Durability::kProcess, .segment_bytes = kSegmentBytes});
  constexpr int64_t kPerSegment = kSegmentBytes / static_cast<int64_t>(kValueBytes + 20);
  std::vector<double> slowest;
  for (int64_t roll = 0; roll < rolls; ++roll) {
    double worst = 0;
    for (int64_t i = 0; i < kPerSegment; ++i) {
      worst = std::max(worst, SecondsOf([&] { AppendSingly(opened.topic, 1, i); }));
    }
    slowest.push_back(worst * 1e6);
  }
  return Median(slowest);
}

}  // namespace

Questions BulkQuestions(const Settings& settings) {
  const std::string parent = settings.directory;
  const int64_t bulk_bytes = settings.Amount(int64_t{1} << 30, 8);
  const int64_t lines = settings.Amount(1'000'000);
  const int64_t rolls = settings.Amount(100);
  return {
      {.name = "append_batch_vs_write",
       .unit = "MB/s",
       .versus = "write(2) of 256 KiB from the same source",
       .bar = AtLeast(0.75, 0.95),
       .measure = [=] { return BulkBesideWrite(parent, ColdSource(bulk_bytes)); },
       .remark = "values of 1 KiB, 1,000 to an AppendAll, process durability; write(2) has no "
                 "checksums, offsets or index"},
      {.name = "append_lz4_vs_lz4",
       .unit = "MB/s",
       .versus = "LZ4_compress_default of the same bytes in blocks of 64 KiB",
       .bar = AtLeast(0.8, 0.95),
       .measure = [=] { return Lz4BesideLz4(parent, Lines(lines)); },
       .remark = "JSON lines of about 150 bytes, 1,000 to an AppendAll, process durability"},
      {.name = "roll_slowest_append_us",
       .unit = "microseconds",
       .bar = AtMost(300, 100),
       .measure = [=] { return Figures{SlowestOfRolls(parent, rolls)}; },
       .remark = "median over the segments of each one's slowest append, process durability"},
  };
}

}  // namespace eventlog::bench
