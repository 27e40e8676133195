#include "cli/table.h"

#include <algorithm>

#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

bool IsNumber(const std::string& cell) {
  return cell == "-" || cell.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

std::string Table::ToString() const {
  const std::size_t columns = rows_[0].size();
  std::vector<std::size_t> widths(columns, 0);
  std::vector<bool> numbers(columns, true);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    for (std::size_t k = 0; k < columns; ++k) {
      widths[k] = std::max(widths[k], rows_[i][k].size());
      if (i > 0 && !IsNumber(rows_[i][k])) numbers[k] = false;
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (std::size_t k = 0; k < columns; ++k) {
      if (k > 0) line += "  ";
      line += numbers[k] ? fmt::format("{:>{}}", row[k], widths[k])
                         : fmt::format("{:<{}}", row[k], widths[k]);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string HumanBytes(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

}  // namespace eventlog::inline v1::cli
