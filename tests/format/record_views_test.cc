#include "format/record_views.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr ViewedBatch kBatch = {nullptr, 1000, 50'000};

// Five records of the offsets 1000 to 1008, as compaction may leave them.
std::string EvenRecords() {
  std::string bytes;
  for (int32_t i = 0; i < 5; ++i) {
    const std::string value(static_cast<std::size_t>(i), 'v');
    bytes += Encode({.key = "k", .value = value}, 3 * i, 2 * i);
  }
  return bytes;
}

struct Viewed {
  std::vector<int64_t> offsets;
  std::size_t left_bytes = 0;
  absl::Status status;
};

Viewed View(std::string_view bytes, const OffsetRange& range, std::size_t room = 10) {
  std::vector<RecordView> views(room);
  RecordView* end = views.data() + room;
  Viewed viewed;
  viewed.status = ViewRecords(kBatch, range, &bytes, views.data(), &end);
  for (const RecordView* view = views.data(); view != end; ++view) {
    const int64_t number = (view->offset() - 1000) / 2;
    CHECK(view->key() == "k");
    CHECK(view->value().size() == static_cast<std::size_t>(number));
    CHECK(view->timestamp() == absl::FromUnixMillis(50'000 + 3 * number));
    viewed.offsets.push_back(view->offset());
  }
  viewed.left_bytes = bytes.size();
  return viewed;
}

}  // namespace

TEST_CASE("all records of a batch are viewed where they are", "[format]") {
  const Viewed all = View(EvenRecords(), {0, INT64_MAX});
  CHECK(all.status.ok());
  CHECK(all.offsets == std::vector<int64_t>{1000, 1002, 1004, 1006, 1008});
  CHECK(all.left_bytes == 0);
}

TEST_CASE("views are of the records in the range and no more than there is room for", "[format]") {
  const std::string bytes = EvenRecords();
  CHECK(View(bytes, {1001, 1006}).offsets == std::vector<int64_t>{1002, 1004});
  CHECK(View(bytes, {1001, 1006}).left_bytes == 0);
  CHECK(View(bytes, {1009, 2000}).offsets.empty());
  CHECK(View(bytes, {0, 1000}).offsets.empty());
  const Viewed two = View(bytes, {1003, 2000}, 2);
  CHECK(two.offsets == std::vector<int64_t>{1004, 1006});
  CHECK(View(std::string_view(bytes).substr(bytes.size() - two.left_bytes), {0, 2000}).offsets ==
        std::vector<int64_t>{1008});
}

TEST_CASE("views end before a record that is damaged", "[format]") {
  const std::string bytes = EvenRecords();
  const Viewed cut = View(std::string_view(bytes).substr(0, bytes.size() - 1), {0, INT64_MAX});
  CHECK(IsDamage(cut.status));
  CHECK(cut.offsets == std::vector<int64_t>{1000, 1002, 1004, 1006});
}

}  // namespace eventlog::inline v1::internal
