// The records of the laboratory's applications: a label at the start of the value says which key,
// headers and timestamp belong to it, so that whoever reads a record can tell whether it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "eventlog/record.h"

namespace eventlog::test {

// A value of that many bytes, or of the label alone. No number is to be used twice.
std::string LabelledValue(int64_t number, absl::Time timestamp, std::size_t bytes);

// The record of a labelled value, which it views.
class LabelledRecord {
 public:
  // Records whose numbers are so far apart, and whose values are as long, have the same size.
  static constexpr int64_t kShapes = 60;

  explicit LabelledRecord(std::string_view value, int32_t partition);
  ProducerRecord view() const;
  // The same, its timestamp left to the log, whose clock must be the label's.
  ProducerRecord WithoutTimestamp() const;

  // What of `record` is not as the label of its value says; empty also when there is no label.
  static std::string Contradiction(const RecordView& record);

 private:
  std::string_view value_;
  int32_t partition_;
  absl::Time timestamp_;
  std::string key_;  // empty: none
  std::vector<Header> headers_;
};

}  // namespace eventlog::test
