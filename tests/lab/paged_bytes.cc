#include "lab/paged_bytes.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace eventlog::test {
namespace {

uint64_t NewId() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

constexpr char kZeros[PagedBytes::kPageBytes] = {};

}  // namespace

PagedBytes::PagedBytes(std::shared_ptr<Table> table, int64_t size)
    : id_(NewId()), table_(std::move(table)), size_(size) {}

PagedBytes PagedBytes::Share() {
  id_ = NewId();
  return {table_, size_};
}

std::size_t PagedBytes::Read(int64_t offset, absl::Span<char> to) const {
  if (offset >= size_) return 0;
  const auto bytes = std::min(to.size(), static_cast<std::size_t>(size_ - offset));
  for (std::size_t done = 0; done < bytes;) {
    const int64_t at = offset + static_cast<int64_t>(done);
    const int64_t within = at % kPageBytes;
    const auto part = std::min(bytes - done, static_cast<std::size_t>(kPageBytes - within));
    std::memcpy(to.data() + done, PageOrZeros(static_cast<std::size_t>(at / kPageBytes)) + within,
                part);
    done += part;
  }
  return bytes;
}

void PagedBytes::Store(int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const int64_t within = offset % kPageBytes;
    const auto part = std::min(bytes.size(), static_cast<std::size_t>(kPageBytes - within));
    std::memcpy(OwnPage(static_cast<std::size_t>(offset / kPageBytes)) + within, bytes.data(),
                part);
    bytes.remove_prefix(part);
    offset += static_cast<int64_t>(part);
  }
}

void PagedBytes::SetSize(int64_t bytes) {
  size_ = bytes;
  const auto kept = static_cast<std::size_t>((bytes + kPageBytes - 1) / kPageBytes);
  if (table_->pages.size() > kept) OwnTable()->pages.resize(kept);
  const auto within = static_cast<std::size_t>(bytes % kPageBytes);
  if (within == 0 || table_->pages.size() < kept) return;
  const std::size_t rest = sizeof kZeros - within;
  if (std::memcmp(PageOrZeros(kept - 1) + within, kZeros, rest) == 0) return;
  std::memset(OwnPage(kept - 1) + within, 0, rest);
}

void PagedBytes::TakePage(int64_t page, const PagedBytes& other) {
  const auto index = static_cast<std::size_t>(page);
  Table* const table = OwnTable();
  if (table->pages.size() <= index) table->pages.resize(index + 1);
  const auto& theirs = other.table_->pages;
  table->pages[index] = nullptr;
  if (index < theirs.size() && theirs[index] != nullptr) {
    std::memcpy(OwnPage(index), theirs[index]->bytes, kPageBytes);
  }
}

bool PagedBytes::SamePage(int64_t page, const PagedBytes& other) const {
  const auto index = static_cast<std::size_t>(page);
  return std::memcmp(PageOrZeros(index), other.PageOrZeros(index), kPageBytes) == 0;
}

const char* PagedBytes::PageOrZeros(std::size_t page) const {
  const auto& pages = table_->pages;
  return page < pages.size() && pages[page] != nullptr ? pages[page]->bytes : kZeros;
}

PagedBytes::Table* PagedBytes::OwnTable() {
  if (table_->owner != id_) table_ = std::make_shared<Table>(Table{id_, table_->pages});
  return table_.get();
}

char* PagedBytes::OwnPage(std::size_t page) {
  Table* const table = OwnTable();
  if (table->pages.size() <= page) table->pages.resize(page + 1);
  std::shared_ptr<Page>& found = table->pages[page];
  if (found == nullptr) {
    found = std::make_shared<Page>(Page{id_, {}});
  } else if (found->owner != id_) {
    found = std::make_shared<Page>(*found);
    found->owner = id_;
  }
  return found->bytes;
}

}  // namespace eventlog::test
