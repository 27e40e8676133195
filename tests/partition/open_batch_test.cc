#include "partition/open_batch.h"

#include <catch2/catch.hpp>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::OpenBatch;

void Add(OpenBatch* batch, const std::string& value, int64_t timestamp_ms = 1000) {
  const ProducerRecord record = {.value = value};
  const std::size_t bytes = internal::MaxEncodedRecordBytes(record);
  if (!batch->HasRoom(bytes)) {
    batch->ReplaceBuffer(batch->LargerBuffer(bytes));
  }
  batch->Append(record, timestamp_ms);
}

OpenBatch Batch(int64_t base_offset, int32_t leader_epoch) {
  return {base_offset, 1000, leader_epoch, 1, std::make_shared<internal::TailBuffer>(4096)};
}

TEST_CASE("an empty batch ends where it begins", "[partition]") {
  const OpenBatch batch = Batch(7, 3);
  CHECK(batch.end_offset() == 7);
  CHECK(batch.bytes() == 0);
  CHECK(batch.leader_epoch() == 3);
}

TEST_CASE("records are encoded one after another against the batch's base", "[partition]") {
  OpenBatch batch = Batch(7, 3);
  Add(&batch, "a", 1000);
  Add(&batch, "b", 1500);
  Add(&batch, "c", 900);
  CHECK(batch.end_offset() == 10);
  CHECK(ValuesOf(batch.records()) == std::vector<std::string>{"a", "b", "c"});
  const internal::BatchHeader header = batch.Header();
  CHECK(header.base_offset == 7);
  CHECK(header.base_timestamp_ms == 1000);
  CHECK(header.max_timestamp_ms == 1500);
  CHECK(header.record_count == 3);
  CHECK(header.last_offset_delta == 2);
  CHECK(header.leader_epoch == 3);
}

TEST_CASE("a frame has what no frame had before", "[partition]") {
  OpenBatch batch = Batch(7, 3);
  Add(&batch, "a");
  Add(&batch, "b");
  CHECK(batch.UnjournaledFrame(4, 5).records == batch.records());
  batch.MarkJournaled();
  CHECK(batch.unjournaled_bytes() == 0);
  Add(&batch, "c");
  const internal::JournalFrame frame = batch.UnjournaledFrame(4, 5);
  CHECK(frame.topic_id == 4);
  CHECK(frame.partition == 5);
  CHECK(frame.batch_base_offset == 7);
  CHECK(frame.first_offset == 9);
  CHECK(frame.end_offset() == 10);
  CHECK(ValuesOf(frame.records) == std::vector<std::string>{"c"});
}

TEST_CASE("a larger buffer has the same records and shows as many", "[partition]") {
  OpenBatch batch = Batch(0, 1);
  Add(&batch, "a");
  batch.ShowUpTo(1);
  const auto first = batch.buffer();
  Add(&batch, std::string(10'000, 'b'));
  CHECK(batch.buffer() != first);
  CHECK(batch.buffer()->visible() == first->visible());
  CHECK(ValuesOf(batch.records()) == std::vector<std::string>{"a", std::string(10'000, 'b')});
  CHECK(ValuesOf({first->bytes(), first->visible()}) == std::vector<std::string>{"a"});
}

TEST_CASE("what is shown are all records or those that are journaled", "[partition]") {
  OpenBatch batch = Batch(0, 1);
  Add(&batch, "a");
  batch.MarkJournaled();
  Add(&batch, "b");
  CHECK(batch.buffer()->visible() == 0);
  batch.ShowUpTo(1);
  CHECK(ValuesOf({batch.buffer()->bytes(), batch.buffer()->visible()}).size() == 1);
  batch.ShowUpTo(2);
  CHECK(batch.buffer()->visible() == batch.bytes());
  batch.ShowUpTo(1);  // never falls (that offset is journaled still)
  CHECK(batch.buffer()->visible() == batch.bytes());
}

TEST_CASE("a truncated batch forgets its last records and their timestamps", "[partition]") {
  OpenBatch batch = Batch(5, 1);
  Add(&batch, "a", 1000);
  Add(&batch, "b", 1200);
  Add(&batch, "c", 5000);
  batch.MarkJournaled();
  batch.TruncateTo(7);
  CHECK(batch.end_offset() == 7);
  CHECK(batch.journaled_end() == 7);
  CHECK(batch.unjournaled_bytes() == 0);
  CHECK(batch.max_timestamp_ms() == 1200);
  CHECK(ValuesOf(batch.records()) == std::vector<std::string>{"a", "b"});
  batch.TruncateTo(100);
  CHECK(batch.end_offset() == 7);
  batch.TruncateTo(5);
  CHECK(batch.bytes() == 0);
}

}  // namespace
}  // namespace eventlog::test
