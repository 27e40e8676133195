// Writes seeds for the corpora with the project's own encoders: fuzz_seeds DIRECTORY. To be run
// again, into tests/fuzz/corpus, when a format has changed; what the fuzzers have found stays.
#include <lz4frame.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "format/compression.h"
#include "format/fixtures.h"
#include "format/journal_list.h"
#include "support/batch_factory.h"

namespace eventlog::test {
namespace {

using internal::Le;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // The next ones are of this target.
  Seeds& Of(std::string target) {
    target_ = std::move(target);
    std::filesystem::create_directories(directory_ / target_);
    return *this;
  }
  Seeds& Add(const std::string& name, std::string_view bytes) {
    std::ofstream out(directory_ / target_ / ("seed-" + name), std::ios::binary);
    out << bytes;
    EVENTLOG_ASSERT(out.good());
    return *this;
  }
  // As it is, damaged, and without its hashes, which `how` asks for.
  void AddHashed(const std::string& name, std::string bytes, char how = 1) {
    Add(name, '\0' + bytes);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    Add(name + "-damaged", '\0' + bytes);
    bytes.replace(bytes.size() < 96 ? bytes.size() - 8 : 88, 8, 8, '\0');
    Add(name + "-unhashed", how + bytes);
  }

 private:
  const std::filesystem::path directory_;
  std::string target_;
};

void AddRecords(Seeds* seeds) {
  const std::vector<Header> headers = {{"h", "x"}, {"h", nullptr}, {"", ""}};
  seeds->Of("record")
      .Add("empty-key", internal::Encode({.key = "", .value = ""}))
      .Add("null", internal::Encode({.key = nullptr, .value = nullptr}))
      .Add("headers", internal::Encode({.value = "v", .headers = headers}, -70000, 300))
      .Add("far", internal::Encode({.key = "k"}, INT64_MIN, INT32_MAX))
      .Add("long", internal::Encode({.value = std::string(200, 'v')}, INT64_MAX, 64))
      .Add("two", internal::FixtureRecords())
      .Add("cut", internal::FixtureRecords().substr(0, 20));
}

std::string EmptyBatch(int64_t base_offset) {
  internal::BatchHeader header;
  header.base_offset = base_offset;
  header.last_offset_delta = 9;
  return SealedBytes(&header, "", CompressionType::kNone, TestIdentity().Seed());
}

std::vector<std::string> Batches() {
  BatchSpec spec = {.base_offset = 15,
                    .records = {{.key = "k", .value = "v", .timestamp_ms = 40},
                                {.key = "", .value = "", .timestamp_ms = 7, .offset_delta = 4}},
                    .leader_epoch = 3,
                    .writer = {9001, 2},
                    .base_sequence = 40};
  return {MakeCountedBatch(TestIdentity(), 0, 3, 5).bytes,
          MakeCountedBatch(TestIdentity(), 3, 12, 40, CompressionType::kLz4).bytes,
          MakeBatch(TestIdentity(), spec).bytes, EmptyBatch(20)};
}

void AddBatches(Seeds* seeds) {
  const std::vector<std::string> batches = Batches();
  const char* const names[] = {"plain", "lz4", "producer", "empty"};
  seeds->Of("batch_header");
  for (std::size_t i = 0; i < batches.size(); ++i) {
    seeds->AddHashed(names[i], batches[i].substr(0, internal::kBatchHeaderBytes));
  }
  std::string newer = batches[0].substr(0, internal::kBatchHeaderBytes);
  newer[4] = 2;
  seeds->Add("newer", '\1' + newer);
  seeds->Of("batch_body");
  for (std::size_t i = 0; i < batches.size(); ++i) seeds->AddHashed(names[i], batches[i], 3);
}

std::string LinkedFrame(std::string_view contents) {
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  std::string frame(LZ4F_compressFrameBound(contents.size(), &preferences), '\0');
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), contents.data(), contents.size(),
                                  &preferences));
  return frame;
}

void AddFrames(Seeds* seeds) {
  std::string mixed;
  for (unsigned i = 0; i < 300; ++i) mixed += static_cast<char>(i * i * 37 >> 3);
  const std::vector<std::pair<std::string, std::string>> contents = {
      {"empty", ""}, {"short", "abcabcabcabc"}, {"mixed", mixed}, {"run", std::string(70000, 'r')}};
  seeds->Of("compressed_section");
  for (const auto& [name, bytes] : contents) {
    const std::string size = Le(static_cast<uint32_t>(bytes.size()));
    const std::string frame = internal::CompressLz4(bytes);
    seeds->Add(name, '\0' + size + frame);
    seeds->Add(name + "-cut", '\0' + size + frame.substr(0, frame.size() - 5));
    seeds->Add(name + "-linked", '\1' + size + LinkedFrame(bytes));
  }
}

internal::Uuid LogId() {
  internal::Uuid id;
  id.bytes.fill('l');
  return id;
}

void AddFiles(Seeds* seeds) {
  seeds->Of("catalog").AddHashed("two-topics", EncodeCatalog(internal::FixtureCatalog()), 3);
  internal::CatalogFile configured = internal::FixtureCatalog();
  configured.topics[0].configs = {{"durability", "process"},  {"compression.type", "lz4"},
                                  {"segment.bytes", "65536"}, {"batch.bytes", "1024"},
                                  {"retention.ms", "60000"},  {"linger.ms", "5"}};
  configured.topics.pop_back();
  seeds->AddHashed("configs", EncodeCatalog(configured), 3);
  configured.topics.clear();
  seeds->AddHashed("no-topics", EncodeCatalog(configured), 3);

  seeds->Of("checkpoint").AddHashed("full", EncodeCheckpoint(internal::FixtureCheckpoint()));
  internal::Checkpoint empty;
  seeds->AddHashed("empty", EncodeCheckpoint(empty));

  const std::string records = internal::FixtureRecords();
  internal::ArenaChunkHeader chunk = internal::FixtureArenaChunk();
  seeds->Of("arena_chunk").AddHashed("two", internal::FixtureArenaSlot(chunk) + records, 3);
  ++chunk.generation;
  seeds->AddHashed("later", internal::FixtureArenaSlot(chunk) + records, 3);
  seeds->Add("unused", std::string(100, '\0'));

  seeds->Of("journal_list")
      .AddHashed("three",
                 internal::EncodeJournalList({LogId(), {{0, 4096}, {1, 0}, {7, 1 << 20}}}));
  seeds->AddHashed("none", internal::EncodeJournalList({LogId(), {}}));

  const uint64_t seed = TestIdentity().Seed();
  internal::IndexFile index = {0, 1 << 20, {{5, 100}, {10, 300}, {35, 70'000}}};
  seeds->Of("offset_index")
      .AddHashed("three", EncodeIndexFile(index, internal::kOffsetIndexFormat, seed), 3);
  seeds->AddHashed(
      "lying",
      EncodeIndexFile({0, 1 << 20, {{5, 57}, {39, 500}}}, internal::kOffsetIndexFormat, seed), 3);
  index.entries = {{5, 200}, {9, 201}, {1000, 700}};
  seeds->Of("time_index")
      .AddHashed("three", EncodeIndexFile(index, internal::kTimeIndexFormat, seed), 3);
  index.entries.clear();
  seeds->AddHashed("none", EncodeIndexFile(index, internal::kTimeIndexFormat, seed), 3);
}

void AddSegments(Seeds* seeds) {
  const std::vector<std::string> batches = Batches();
  const std::string header = internal::EncodeSegmentHeader({TestIdentity(), 0, 1});
  seeds->Of("segment")
      .Add("one", '\1' + header + batches[0])
      .Add("all", '\1' + header + batches[0] + batches[1] + batches[2] + batches[3])
      .Add("sealed", '\5' + header + batches[0] + batches[1])
      .Add("active", '\1' + header + batches[0] + std::string(300, '\0'))
      .Add("gap", '\3' + header + batches[0] + batches[2])
      .Add("damaged", std::string(1, '\0') + header + batches[0] + "damage" + batches[1])
      .Add("torn", std::string(1, '\0') + header + batches[0] + batches[1].substr(0, 150));
}

// A piece of the journal target's input.
std::string Piece(int where, uint64_t sequence, uint64_t synced_upto, int frames = 1) {
  internal::GroupBuilder builder;
  const std::string records = internal::FixtureRecords();
  for (int i = 0; i < frames; ++i) {
    internal::JournalFrame frame = internal::FixtureFrames(records)[i % 2 == 0 ? 0 : 1];
    builder.Add(frame);
  }
  const std::string_view group = builder.Finish(7, sequence, synced_upto, LogId());
  return static_cast<char>(where) + Le(static_cast<uint16_t>(group.size())) + std::string(group);
}

// In file `number`, hashes made good, `unit` times 256 bytes from its start (31: behind the one
// before it).
int At(int number, int unit) { return 1 | number << 1 | unit << 3; }

void AddJournals(Seeds* seeds) {
  const std::string start = {1, 0, 0, 0};
  const std::string damaged = "\6\11" + std::string(1, '\0') + "not good!";
  seeds->Of("journal")
      .Add("one", start + Piece(At(0, 0), 1, 0))
      .Add("three",
           start + Piece(At(0, 0), 1, 0, 2) + Piece(At(0, 31), 2, 0) + Piece(At(0, 16), 3, 2))
      .Add("next-file", start + Piece(At(1, 0), 1, 0) + Piece(At(2, 0), 2, 1, 2))
      .Add("torn", start + Piece(At(0, 0), 1, 0) + damaged)
      .Add("lost", start + Piece(At(0, 0), 1, 0) + Piece(At(0, 16), 3, 2))
      .Add("proven", std::string{1, 0, 0, 5} + Piece(At(0, 0), 1, 0))
      .Add("unlisted", std::string{1, '\x80', 0, 0} + Piece(At(0, 0), 1, 0))
      .Add("missing-file", std::string{1, 0x40, 0, 0} + Piece(At(0, 0), 1, 0))
      .Add("empty", start);
}

void AddOffsetCommits(Seeds* seeds) {
  const auto input = [](const std::string& key, const std::string& value) {
    return static_cast<char>(key.size()) + key + value;
  };
  const std::string key = EncodeOffsetCommitKey(internal::FixtureCommitKey());
  const std::string value = EncodeOffsetCommitValue(internal::FixtureCommitValue());
  seeds->Of("offset_commit")
      .Add("cut", input(key, value.substr(0, value.size() - 1)))
      .Add("swapped", input(value, key))
      .Add("full", input(key, value))
      .Add("empty",
           input(internal::EncodeOffsetCommitKey({}), internal::EncodeOffsetCommitValue({})))
      .Add("deleted", '\xff' + internal::EncodeOffsetCommitKey(
                                   {std::string(200, 'g'), std::string(41, 't'), 7}));
}

// Operations of public_api, by their places in LogSession's list, with what they read.
std::string Op(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}
enum Operation {
  kAppend = 1,
  kAppendAll,
  kWrite,
  kSend,
  kCreateTopic,
  kAlterTopic,
  kDeleteTopic,
  kDeleteRecords,
  kAlterOffsets,
  kDeleteGroup,
  kMaintain,
  kRestart,
  kArmCrash,
  kNewReader,
  kPoll = 16,
  kCommit,
  kCommitSome,
  kSeek,
  kPause,
  kCloseReader,
  kCheckOffsets
};
enum Topics { kA, kB, kC };
enum Config { kProcess = 1, kLz4 = 2, kExpires = 4, kTwoPartitions = 8 };
enum Crash { kKillNow = 0, kPowerCutNow = 1, kKillLater = 0x40, kPowerCutLater = 0x41 };

void AddSessions(Seeds* seeds) {
  const std::string disk = Op({kCreateTopic, kA, kTwoPartitions});
  const std::string process = Op({kCreateTopic, kB, kProcess | kLz4});
  const std::string expiring = Op({kCreateTopic, kC, kExpires});
  std::string appends;
  for (int i = 0; i < 6; ++i) appends += Op({kAppend, i, 5 * i});
  const std::string many = Op({kAppendAll, 5, 0, 24, 0, 24, 0, 24, 4, 24, 0, 24});
  const std::string write = Op({kWrite, 0x81, 0, 1, 1, 4});
  const std::string read = Op({kNewReader, 0x1d, kPoll, 0, kCommit, 0});
  const std::string power_cut = Op({kArmCrash, kPowerCutNow, 0});
  const std::string kill = Op({kArmCrash, kKillNow, 0});
  seeds->Of("public_api")
      .Add("nothing", "")
      .Add("append", disk + appends)
      .Add("read", disk + process + appends + read + appends + Op({kPoll, 0, kCheckOffsets, 0, 0}))
      .Add("restart", disk + process + appends + read + Op({kRestart}) + appends + read)
      .Add("power-cut", disk + process + appends + write + read + power_cut + read)
      .Add("kill", disk + process + appends + write + read + kill + appends + write)
      .Add("send", disk + process + Op({kSend, 3, 0, 2, 1, 3, 4, 1}) + power_cut)
      .Add("seek", disk + appends + read + Op({kSeek, 0, 0, 0, kSeek, 0, 0x82, 1, kPoll, 0}) +
                       Op({kSeek, 0, 4, 9, kSeek, 0, 3, 2, kSeek, 0, 5, 0, kPoll, 0}))
      .Add("delete", disk + appends + Op({kDeleteRecords, 0, 1, kDeleteRecords, 0, 200}) + read +
                         Op({kDeleteTopic, kA, kDeleteTopic, kA}))
      .Add("alter", disk + process + appends + read + Op({kAlterTopic, kB, 16}) + appends +
                        Op({kPoll, 0}) + power_cut)
      .Add("expire", expiring + many + many + Op({kMaintain, 3, kMaintain, 3, kMaintain, 3}) + read)
      .Add("groups", disk + appends + Op({kAlterOffsets, 0, 0, 2, kDeleteGroup, 0}) +
                         Op({kAlterOffsets, 0, 0, 90}) + read + Op({kCommitSome, 0, 0, 1}) +
                         Op({kPause, 0, 0, kPoll, 0, kPause, 0, 0, kCloseReader, 0}))
      .Add("crash-later",
           disk + process + Op({kArmCrash, kPowerCutLater, 9}) + write + appends + many + read)
      .Add("crash-thrice", disk + process + appends +
                               Op({kArmCrash, kPowerCutLater | 4, 5, 12, 30}) + many + write);
}

}  // namespace
}  // namespace eventlog::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds DIRECTORY\n");
    return 2;
  }
  eventlog::test::Seeds seeds(argv[1]);
  eventlog::test::AddRecords(&seeds);
  eventlog::test::AddBatches(&seeds);
  eventlog::test::AddFrames(&seeds);
  eventlog::test::AddFiles(&seeds);
  eventlog::test::AddSegments(&seeds);
  eventlog::test::AddJournals(&seeds);
  eventlog::test::AddOffsetCommits(&seeds);
  eventlog::test::AddSessions(&seeds);
  return 0;
}
