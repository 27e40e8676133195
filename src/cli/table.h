// Rows of text under a heading, for people.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eventlog::inline v1::cli {

// Columns are as wide as they have to be, two spaces apart; those that hold nothing but numbers
// stand right. The last column is not filled up.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  // Has as many cells as the heading.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // One line for the heading, one for each row.
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "812 bytes", "1.5 KiB", "64.0 MiB".
std::string HumanBytes(int64_t bytes);

}  // namespace eventlog::inline v1::cli
