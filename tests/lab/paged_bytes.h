// The bytes of a file in pages that copies share until one of them writes.
//
// A page is written in place only by the PagedBytes that made it, and only until it is shared: both
// sides of Share take a new id and have to copy a page before they change it. So a shared page
// never changes, and copies may live in different threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace eventlog::test {

// Not thread-safe. Offsets are not negative.
class PagedBytes {
 public:
  static constexpr int64_t kPageBytes = 4096;

  PagedBytes() : PagedBytes(std::make_shared<Table>(), 0) {}
  PagedBytes(PagedBytes&&) = default;
  PagedBytes& operator=(PagedBytes&&) = default;

  // A copy, at the price of some pointers.
  PagedBytes Share();

  int64_t size() const { return size_; }
  // Up to the end; returns how many bytes.
  std::size_t Read(int64_t offset, absl::Span<char> to) const;
  // Leaves the size as it is: what lies beyond it is kept, to be seen when the file grows.
  void Store(int64_t offset, std::string_view bytes);
  // What lies beyond `bytes` is zero from now on.
  void SetSize(int64_t bytes);
  // The page that `other` has at this place.
  void TakePage(int64_t page, const PagedBytes& other);
  bool SamePage(int64_t page, const PagedBytes& other) const;

 private:
  struct Page {
    uint64_t owner;
    char bytes[kPageBytes];
  };
  struct Table {
    uint64_t owner = 0;                        // nobody
    std::vector<std::shared_ptr<Page>> pages;  // null: zeros
  };

  PagedBytes(std::shared_ptr<Table> table, int64_t size);
  const char* PageOrZeros(std::size_t page) const;
  Table* OwnTable();
  char* OwnPage(std::size_t page);

  uint64_t id_;
  std::shared_ptr<Table> table_;
  int64_t size_;
};

}  // namespace eventlog::test
