#include "partition/tail.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <limits>
#include <thread>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::StoredBatch;
using internal::Tail;
using internal::TailCursor;

constexpr int64_t kAppendMs = 5000;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

void Add(Tail* tail, int64_t offset, const std::string& value, std::size_t batch_bytes = 1000,
         int32_t epoch = 1, int64_t timestamp_ms = 0) {
  const ProducerRecord record = {.value = value};
  tail->Append(record, timestamp_ms == 0 ? offset : timestamp_ms, offset, epoch, {batch_bytes},
               kAppendMs + offset);
}

TEST_CASE("a batch knows when its first record was appended", "[partition]") {
  Tail tail;
  Add(&tail, 0, "a");
  Add(&tail, 1, "b");
  tail.CloseOpenBatch();
  Add(&tail, 2, "c");
  tail.CloseOpenBatch();
  const auto batches = tail.ClosedBelow(kAll);
  REQUIRE(batches.size() == 2);
  CHECK(batches[0]->append_ms() == kAppendMs);
  CHECK(batches[1]->append_ms() == kAppendMs + 2);
}

TEST_CASE("batches close at batch_bytes and at a new epoch", "[partition]") {
  Tail tail;
  CHECK(tail.empty());
  Add(&tail, 0, std::string(400, 'a'));
  Add(&tail, 1, std::string(400, 'b'));
  CHECK_FALSE(tail.WantsWriting());
  Add(&tail, 2, std::string(400, 'c'));
  CHECK(tail.WantsWriting());
  CHECK(tail.ClosedBelow(kAll).front()->end_offset() == 2);
  Add(&tail, 3, "d", 1000, /*epoch=*/2);
  CHECK(tail.ClosedBelow(kAll).size() == 2);
  tail.CloseOpenBatch();
  CHECK(tail.ClosedBelow(kAll).size() == 3);
  Add(&tail, 4, "e", 1000, 2);
  CHECK(tail.ClosedBelow(kAll).size() == 3);
}

TEST_CASE("a record larger than a batch has one of its own", "[partition]") {
  Tail tail;
  Add(&tail, 0, "a");
  Add(&tail, 1, std::string(5000, 'b'));
  Add(&tail, 2, "c");
  CHECK(tail.ClosedBelow(kAll).size() == 2);
}

TEST_CASE("a closed batch beyond the given end stays", "[partition]") {
  Tail tail;
  Add(&tail, 0, "a");
  tail.CloseOpenBatch();
  Add(&tail, 1, "b");
  tail.CloseOpenBatch();
  CHECK(tail.ClosedBelow(0).empty());
  CHECK(tail.ClosedBelow(1).size() == 1);
  CHECK(tail.ClosedBelow(1).size() == 1);
  const auto oldest = tail.ClosedBelow(1);
  CHECK(tail.OldestIsAmong(oldest));
  tail.PopOldest();
  CHECK_FALSE(tail.OldestIsAmong(oldest));
}

TEST_CASE("frames go on where the last ones ended", "[partition]") {
  Tail tail;
  internal::GroupBuilder group;
  const internal::Uuid log_id;
  int64_t expected = 0;
  int64_t offset = 0;
  for (const int count : {1, 5, 2, 7}) {
    for (int i = 0; i < count; ++i) Add(&tail, offset++, std::string(300, 'a'));
    group.Clear();
    tail.Collect(1, 0, &group);
    CHECK(tail.unjournaled_bytes() == 0);
    const std::string bytes(group.Finish(1, 1, 0, log_id));
    const auto decoded = internal::DecodeGroup(bytes, 1, log_id);
    REQUIRE(decoded.ok());
    for (const auto& frame : decoded->frames) {
      CHECK(frame.first_offset == expected);
      expected = frame.end_offset();
    }
    CHECK(expected == offset);
  }
  group.Clear();
  tail.Collect(1, 0, &group);
  CHECK(group.empty());
}

TEST_CASE("what is journaled is collected again from the first batch on", "[partition]") {
  Tail tail;
  internal::GroupBuilder group;
  const internal::Uuid log_id;
  int64_t offset = 0;
  while (offset < 7) Add(&tail, offset++, std::string(300, 'a'));
  tail.Collect(1, 0, &group);
  while (offset < 12) Add(&tail, offset++, std::string(300, 'b'));
  group.Clear();
  const auto before = static_cast<int64_t>(group.bytes());
  tail.CollectAgain(1, 0, &group);
  CHECK(static_cast<int64_t>(group.bytes()) - before <= tail.journaled_bytes());
  const std::string bytes(group.Finish(1, 1, 0, log_id));
  const auto decoded = internal::DecodeGroup(bytes, 1, log_id);
  REQUIRE(decoded.ok());
  int64_t expected = 0;
  for (const auto& frame : decoded->frames) {
    CHECK(frame.first_offset == expected);
    CHECK(frame.batch_base_offset == expected);
    expected = frame.end_offset();
  }
  CHECK(expected == 7);
  CHECK(tail.unjournaled_bytes() > 0);
}

TEST_CASE("what went to a segment is not journaled any more", "[partition]") {
  Tail tail;
  Add(&tail, 0, "a");
  tail.CloseOpenBatch();
  Add(&tail, 1, "b");
  const std::size_t both = tail.unjournaled_bytes();
  tail.MarkJournaledBelow(1);
  CHECK(tail.unjournaled_bytes() == both / 2);
  tail.MarkJournaledBelow(2);
  CHECK(tail.unjournaled_bytes() == 0);
}

TEST_CASE("readers see what is shown and go on behind it", "[partition]") {
  Tail tail;
  internal::GroupBuilder group;
  TailCursor cursor;
  StoredBatch batch;
  for (int64_t offset = 0; offset < 3; ++offset) Add(&tail, offset, std::string(1, 'a'));
  CHECK_FALSE(tail.Read(0, kAll, &cursor, &batch));
  tail.Collect(1, 0, &group);
  tail.ShowUpTo(3);
  Add(&tail, 3, "b");
  REQUIRE(tail.Read(0, kAll, &cursor, &batch));
  CHECK(ValuesOf(batch.records) == std::vector<std::string>{"a", "a", "a"});
  CHECK(batch.header.next_offset() == 3);
  CHECK_FALSE(tail.Read(3, kAll, &cursor, &batch));
  tail.ShowUpTo(4);
  REQUIRE(tail.Read(3, kAll, &cursor, &batch));
  CHECK(ValuesOf(batch.records) == std::vector<std::string>{"b"});
  CHECK(batch.header.base_offset == 0);
  CHECK(batch.header.record_count == 1);
  CHECK(batch.header.next_offset() == 4);
}

TEST_CASE("what a reader was handed stays, whatever becomes of the batch", "[partition]") {
  Tail tail;
  TailCursor cursor;
  StoredBatch batch;
  for (int64_t offset = 0; offset < 3; ++offset) Add(&tail, offset, "first", 10'000);
  tail.ShowUpTo(3);
  REQUIRE(tail.Read(0, kAll, &cursor, &batch));
  const std::vector<std::string> handed(3, "first");
  Add(&tail, 3, "then");
  CHECK(ValuesOf(batch.records) == handed);
  Add(&tail, 4, std::string(8000, 'x'), 10'000);  // a larger buffer for the same batch
  CHECK(ValuesOf(batch.records) == handed);
  tail.TruncateTo(3);
  Add(&tail, 3, "anew");
  CHECK(ValuesOf(batch.records) == handed);
  tail.Clear();
  CHECK(ValuesOf(batch.records) == handed);
}

TEST_CASE("a reader is not shown more than it asked for", "[partition]") {
  Tail tail;
  for (int64_t offset = 0; offset < 10; ++offset) {
    Add(&tail, offset, std::string(1, static_cast<char>('a' + offset)));
  }
  tail.ShowUpTo(10);
  TailCursor cursor;
  StoredBatch batch;
  REQUIRE(tail.Read(2, 5, &cursor, &batch));
  CHECK(ValuesOf(batch.records) == std::vector<std::string>{"c", "d", "e"});
  CHECK(batch.header.next_offset() == 5);
  CHECK_FALSE(tail.Read(5, 5, &cursor, &batch));
  REQUIRE(tail.Read(5, 10, &cursor, &batch));
  CHECK(ValuesOf(batch.records).front() == "f");
  CHECK(batch.header.next_offset() == 10);
}

TEST_CASE("a cursor stays right over grown buffers and closed batches", "[partition]") {
  Tail tail;
  TailCursor cursor;
  StoredBatch batch;
  int64_t next = 0;
  for (int64_t offset = 0; offset < 200; ++offset) {
    Add(&tail, offset, std::string(static_cast<std::size_t>(offset) * 7, 'x'), 40'000);
    tail.ShowUpTo(offset + 1);
    if (offset % 3 == 0) continue;
    while (next <= offset) {
      REQUIRE(tail.Read(next, kAll, &cursor, &batch));
      for (const std::string& value : ValuesOf(batch.records)) {
        REQUIRE(value.size() == static_cast<std::size_t>(next) * 7);
        ++next;
      }
      REQUIRE(batch.header.next_offset() == next);
    }
  }
}

TEST_CASE("a cursor that went elsewhere is only a hint", "[partition]") {
  Tail tail;
  for (int64_t offset = 0; offset < 6; ++offset) {
    Add(&tail, offset, std::string(1, static_cast<char>('a' + offset)));
    if (offset == 2) tail.CloseOpenBatch();
  }
  tail.ShowUpTo(6);
  TailCursor cursor;
  StoredBatch batch;
  for (const int64_t offset : {4, 0, 5, 1, 3, 2, 2}) {
    REQUIRE(tail.Read(offset, kAll, &cursor, &batch));
    CHECK(ValuesOf(batch.records).front() == std::string(1, static_cast<char>('a' + offset)));
  }
  tail.PopOldest();
  CHECK_FALSE(tail.Read(0, kAll, &cursor, &batch));
  CHECK(tail.Read(3, kAll, &cursor, &batch));
}

TEST_CASE("a truncated tail takes its offsets anew", "[partition]") {
  Tail tail;
  internal::GroupBuilder group;
  for (int64_t offset = 0; offset < 4; ++offset) Add(&tail, offset, "a");
  tail.Collect(1, 0, &group);
  tail.ShowUpTo(4);
  TailCursor cursor;
  StoredBatch batch;
  REQUIRE(tail.Read(0, kAll, &cursor, &batch));
  for (int64_t offset = 4; offset < 6; ++offset) Add(&tail, offset, "lost");
  tail.CloseOpenBatch();
  Add(&tail, 6, "lost");
  CHECK_FALSE(tail.Read(4, kAll, &cursor, &batch));
  tail.TruncateTo(4);
  CHECK(tail.unjournaled_bytes() == 0);
  for (int64_t offset = 4; offset < 7; ++offset) Add(&tail, offset, "kept");
  tail.ShowUpTo(7);
  REQUIRE(tail.Read(4, kAll, &cursor, &batch));
  CHECK(ValuesOf(batch.records) == std::vector<std::string>{"kept", "kept", "kept"});
}

TEST_CASE("the first record at or after a timestamp is found among the visible", "[partition]") {
  Tail tail;
  Add(&tail, 0, "a", 1000, 1, 100);
  Add(&tail, 1, "b", 1000, 1, 300);
  tail.CloseOpenBatch();
  Add(&tail, 2, "c", 1000, 1, 200);
  Add(&tail, 3, "d", 1000, 1, 400);
  CHECK(tail.FindTimestamp(0, kAll) == -1);
  tail.ShowUpTo(4);
  CHECK(tail.FindTimestamp(0, kAll) == 0);
  CHECK(tail.FindTimestamp(101, kAll) == 1);
  CHECK(tail.FindTimestamp(301, kAll) == 3);
  CHECK(tail.FindTimestamp(301, 3) == -1);
  CHECK(tail.FindTimestamp(401, kAll) == -1);
}

TEST_CASE("readers beside a writer see every record once and in order", "[partition]") {
  Tail tail;
  constexpr int64_t kRecords = 3000;
  std::atomic<int64_t> shown{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      TailCursor cursor;
      StoredBatch batch;
      for (int64_t next = 0; next < kRecords && failures == 0;) {
        const int64_t visible = shown;
        if (next >= visible) {
          std::this_thread::yield();
          continue;
        }
        if (!tail.Read(next, visible, &cursor, &batch)) {
          ++failures;
          break;
        }
        for (const std::string& value : ValuesOf(batch.records)) {
          if (value != std::to_string(next)) ++failures;
          ++next;
        }
        if (next > visible || batch.header.next_offset() != next) ++failures;
      }
    });
  }
  for (int64_t offset = 0; offset < kRecords; ++offset) {
    Add(&tail, offset, std::to_string(offset), 8000);
    tail.ShowUpTo(offset + 1);
    shown = offset + 1;
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(failures == 0);
}

}  // namespace
}  // namespace eventlog::test
