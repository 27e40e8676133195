#include "segment/batch_cache.h"

#include <catch2/catch.hpp>
#include <thread>

#include "format/record.h"
#include "segment_fixture.h"

namespace eventlog::test {
namespace {

using internal::BatchCache;
using internal::StoredBatch;

constexpr int64_t kRunBytes = 1000;

// A run of three batches from `position` on, that takes kRunBytes and a little.
std::vector<StoredBatch> MakeRun(int64_t position) {
  const auto bytes = std::make_shared<const std::string>(kRunBytes, 'b');
  std::vector<StoredBatch> run(3);
  for (std::size_t i = 0; i < run.size(); ++i) {
    const auto at = static_cast<int64_t>(i) * 300;
    run[i].header.base_offset = position + at;
    run[i].header.body_bytes = 300 - internal::kBatchHeaderBytes;
    run[i].position = position + at;
    run[i].stored = std::string_view(*bytes).substr(static_cast<std::size_t>(at), 300);
    run[i].records = run[i].stored.substr(internal::kBatchHeaderBytes);
    run[i].pin = bytes;
  }
  return run;
}

std::vector<StoredBatch> Add(BatchCache* cache, uint64_t segment, int64_t position) {
  std::vector<StoredBatch> batches;
  cache->Add(segment, MakeRun(position), &batches);
  return batches;
}

std::vector<StoredBatch> Find(BatchCache* cache, uint64_t segment, int64_t position) {
  std::vector<StoredBatch> batches;
  const bool found = cache->Find(segment, position, &batches);
  CHECK(found == !batches.empty());
  return batches;
}

// What reading a file of these batches gives.
std::vector<StoredBatch> ReadRun(const std::vector<SealedBatch>& batches) {
  SegmentFixture fixture;
  std::vector<StoredBatch> run;
  const auto segment = fixture.Create(batches);
  EVENTLOG_ASSERT(segment->Read(batches.front().header.base_offset, -1, 1 << 20, &run).ok());
  EVENTLOG_ASSERT(run.size() == batches.size());
  return run;
}

// What one run takes in a cache.
int64_t BytesOfRun() {
  BatchCache cache(1 << 20);
  Add(&cache, 1, 0);
  return cache.bytes();
}

}  // namespace

TEST_CASE("a run is found by the position of each of its batches", "[segment]") {
  BatchCache cache(1 << 20);
  CHECK(Add(&cache, 1, 5000).size() == 3);
  CHECK(Find(&cache, 1, 5000).size() == 3);
  CHECK(Find(&cache, 1, 5300).size() == 2);
  const auto last = Find(&cache, 1, 5600);
  REQUIRE(last.size() == 1);
  CHECK(last[0].position == 5600);
  CHECK(last[0].header.base_offset == 5600);
  CHECK(last[0].records.size() == 300 - internal::kBatchHeaderBytes);
  for (const int64_t nowhere : {0, 4999, 5001, 5601, 5900, 6000}) {
    CHECK(Find(&cache, 1, nowhere).empty());
  }
  CHECK(Find(&cache, 0, 5000).empty());
  CHECK(Find(&cache, 2, 5000).empty());
}

TEST_CASE("a batch keeps its bytes alive when the cache has dropped its run", "[segment]") {
  auto cache = std::make_unique<BatchCache>(1 << 20);
  Add(cache.get(), 1, 0);
  const auto found = Find(cache.get(), 1, 300);
  cache.reset();
  CHECK(found[1].records == std::string(300 - internal::kBatchHeaderBytes, 'b'));
}

TEST_CASE("a cache of no bytes keeps nothing", "[segment]") {
  BatchCache cache(0);
  CHECK(Add(&cache, 1, 0).size() == 3);
  CHECK(cache.bytes() == 0);
  CHECK(Find(&cache, 1, 0).empty());
}

TEST_CASE("the run that was not asked for longest makes room", "[segment]") {
  BatchCache cache(2 * BytesOfRun());
  Add(&cache, 1, 0);
  Add(&cache, 1, 5000);
  Add(&cache, 2, 0);
  CHECK(Find(&cache, 1, 0).empty());
  CHECK(Find(&cache, 1, 5000).size() == 3);
  CHECK(Find(&cache, 2, 0).size() == 3);
  CHECK(cache.bytes() == 2 * BytesOfRun());
}

TEST_CASE("what is held counts and stays", "[segment]") {
  BatchCache cache(2 * BytesOfRun());
  const auto held = Add(&cache, 1, 0);
  const auto also_held = Add(&cache, 1, 5000);
  CHECK(Add(&cache, 1, 9000).size() == 3);
  CHECK(cache.bytes() == 2 * BytesOfRun());
  CHECK(Find(&cache, 1, 9000).empty());
  CHECK(Find(&cache, 1, 0).size() == 3);
}

TEST_CASE("a scan does not take the place of what is asked for again", "[segment]") {
  BatchCache cache(8 * BytesOfRun());
  for (int64_t i = 0; i < 4; ++i) Add(&cache, 1, i * 5000);
  for (int64_t i = 0; i < 4; ++i) CHECK(!Find(&cache, 1, i * 5000).empty());
  for (int64_t i = 0; i < 100; ++i) Add(&cache, 2, i * 5000);
  for (int64_t i = 0; i < 4; ++i) CHECK(!Find(&cache, 1, i * 5000).empty());
  // Nor does what was asked for again take all the place for ever.
  for (int64_t i = 0; i < 100; ++i) {
    Add(&cache, 3, i * 5000);
    CHECK(!Find(&cache, 3, i * 5000).empty());
  }
  Add(&cache, 4, 0);
  Add(&cache, 4, 5000);
  CHECK(Find(&cache, 4, 0).size() == 3);
}

TEST_CASE("a run that has grown takes the place of the shorter one", "[segment]") {
  BatchCache cache(1 << 20);
  auto shorter = MakeRun(0);
  shorter.pop_back();
  std::vector<StoredBatch> batches;
  cache.Add(1, std::move(shorter), &batches);
  CHECK(Find(&cache, 1, 0).size() == 2);
  Add(&cache, 1, 0);
  CHECK(Find(&cache, 1, 0).size() == 3);
  CHECK(cache.bytes() == BytesOfRun());
}

TEST_CASE("what is asked for a third time is decoded for those to come", "[segment]") {
  const auto run = [](int64_t base_offset) {
    return ReadRun(MakeCountedBatches(3, 5, 20, base_offset));
  };
  BatchCache cache(1 << 20);
  std::vector<StoredBatch> batches;
  cache.Add(1, run(0), &batches);
  const int64_t position = batches.front().position;
  const int64_t plain_bytes = cache.bytes();
  CHECK(Find(&cache, 1, position).front().views.empty());
  CHECK(cache.bytes() == plain_bytes);
  for (int i = 0; i < 3; ++i) {
    const auto often = Find(&cache, 1, position);
    REQUIRE(often.size() == 3);
    for (const StoredBatch& batch : often) {
      REQUIRE(batch.views.size() == 5);
      for (const RecordView& view : batch.views) {
        CHECK(view.offset() == batch.header.base_offset + (&view - batch.views.data()));
        CHECK(view.value().data() > batch.records.data());
        CHECK(view.value().data() + view.value().size() <
              batch.records.data() + batch.records.size());
      }
    }
  }
  CHECK(cache.bytes() >= plain_bytes + static_cast<int64_t>(15 * sizeof(RecordView)));
  for (const StoredBatch& batch : batches) CHECK(batch.views.empty());
}

TEST_CASE("views take the place of nothing that was asked for meanwhile", "[segment]") {
  const auto add = [](BatchCache* cache, uint64_t segment) {
    std::vector<StoredBatch> batches;
    cache->Add(segment, ReadRun(MakeCountedBatches(3, 5)), &batches);
    return batches.front().position;
  };
  BatchCache measured(1 << 20);
  const int64_t position = add(&measured, 1);
  BatchCache cache(2 * measured.bytes());
  const bool asked_meanwhile = GENERATE(false, true);
  add(&cache, 1);
  CHECK(!Find(&cache, 1, position).empty());
  add(&cache, 2);
  if (asked_meanwhile) CHECK(!Find(&cache, 1, position).empty());
  CHECK(!Find(&cache, 2, position).empty());
  const bool viewed = !Find(&cache, 2, position).front().views.empty();
  CHECK(viewed != asked_meanwhile);
  CHECK(Find(&cache, 1, position).empty() == viewed);
  CHECK(cache.bytes() <= 2 * measured.bytes());
}

TEST_CASE("views for which there is no room drop nothing", "[segment]") {
  const auto run = ReadRun(MakeCountedBatches(3, 40));
  BatchCache measured(1 << 20);
  std::vector<StoredBatch> batches;
  measured.Add(1, run, &batches);
  const int64_t position = batches.front().position;
  BatchCache cache(measured.bytes() + 2 * BytesOfRun());
  Add(&cache, 2, 0);
  Add(&cache, 2, 5000);
  cache.Add(1, run, &batches);
  batches.clear();
  const int64_t before = cache.bytes();
  for (int i = 0; i < 3; ++i) CHECK(Find(&cache, 1, position).front().views.empty());
  CHECK(cache.bytes() == before);
  CHECK(Find(&cache, 2, 0).size() == 3);
  CHECK(Find(&cache, 2, 5000).size() == 3);
}

TEST_CASE("a batch whose offsets do not rise is left to its reader", "[segment]") {
  const int32_t second = GENERATE(0, 1, 2);  // of three: behind it only when it is 1
  std::string records;
  for (const int32_t delta : {0, second, 2}) {
    const ProducerRecord record = {.value = "v"};
    std::string bytes(internal::EncodedRecordBytes(record, 0, delta), '\0');
    internal::EncodeRecord(bytes.data(), record, 0, delta);
    records += bytes;
  }
  StoredBatch batch;
  batch.header.record_count = 3;
  batch.header.last_offset_delta = 2;
  batch.records = records;
  BatchCache cache(1 << 20);
  std::vector<StoredBatch> batches;
  cache.Add(1, {batch}, &batches);
  CHECK(Find(&cache, 1, 0).front().views.empty());
  CHECK(Find(&cache, 1, 0).front().views.size() == (second == 1 ? 3 : 0));
}

TEST_CASE("a batch whose records are not as many as it says is left to its reader", "[segment]") {
  auto run = ReadRun(MakeCountedBatches(2, 5));
  run[1].header.record_count = GENERATE(0, 4, 6, INT32_MAX);
  BatchCache cache(1 << 20);
  std::vector<StoredBatch> batches;
  const int64_t position = run.front().position;
  cache.Add(1, std::move(run), &batches);
  for (int i = 0; i < 3; ++i) {
    const auto found = Find(&cache, 1, position);
    REQUIRE(found.size() == 2);
    CHECK(found[0].views.size() == (i == 0 ? 0u : 5u));
    CHECK(found[1].views.empty());
  }
}

TEST_CASE("a cached batch is read without a call and where it was verified", "[segment]") {
  SegmentFixture fixture;
  BatchCache cache(1 << 20);
  const auto batches = MakeCountedBatches(8, 3);
  const auto segment = fixture.Create(batches);
  for (const int64_t offset : {0, 4, 23}) {
    std::vector<StoredBatch> read;
    REQUIRE(segment->Read(offset, -1, 1 << 20, &read, &cache).ok());
    fixture.disk.ResetCounts();
    std::vector<StoredBatch> again;
    REQUIRE(segment->Read(offset, -1, 1 << 20, &again, &cache).ok());
    CHECK(fixture.disk.Count("ReadAt") == 0);
    REQUIRE(again.size() == read.size());
    CHECK(again.front().header == batches[static_cast<std::size_t>(offset / 3)].header);
    CHECK(again.front().records.data() == read.front().records.data());
  }
}

TEST_CASE("what recovery makes of a file is not taken from what was read before", "[segment]") {
  SegmentFixture fixture;
  BatchCache cache(1 << 20);
  const auto before = MakeCountedBatches(2, 3, 20);
  const auto after = MakeCountedBatches(2, 3, 30);
  for (const auto& batches : {before, after}) {
    const auto segment = fixture.Adopt(batches, false);
    std::vector<StoredBatch> read;
    REQUIRE(segment->Read(0, -1, 1 << 20, &read, &cache).ok());
    REQUIRE(read.size() == 2);
    CHECK(Same(read[0], batches[0], internal::kSegmentHeaderBytes));
  }
}

TEST_CASE("threads share a cache", "[segment]") {
  BatchCache cache(3 * BytesOfRun());
  const auto work = [&cache](int64_t first) {
    for (int64_t i = 0; i < 2000; ++i) {
      const int64_t position = (first + i) % 7 * 5000;
      std::vector<StoredBatch> batches;
      if (!cache.Find(1, position, &batches)) cache.Add(1, MakeRun(position), &batches);
      if (batches.size() != 3 || batches[0].position != position) std::abort();
    }
  };
  std::thread other(work, 3);
  work(0);
  other.join();
  CHECK(cache.bytes() <= 3 * BytesOfRun());
}

}  // namespace eventlog::test
