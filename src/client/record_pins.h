// What a ConsumerRecords holds besides its views, and how it is filled.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

// What the records of one batch have in common; RecordViews point to it.
struct BatchSource {
  std::shared_ptr<const std::string> topic;  // never null
  int32_t partition = 0;
  int32_t leader_epoch = 0;
};

// Keeps alive what the views of one poll point to. A source stays where it is until Clear.
class RecordPins {
 public:
  const BatchSource* AddSource(BatchSource source) {
    return &sources_.emplace_back(std::move(source));
  }
  // Of no view.
  void DropLastSource() { sources_.pop_back(); }
  void Pin(std::shared_ptr<const void> owner) { pins_.push_back(std::move(owner)); }
  bool empty() const { return sources_.empty() && pins_.empty(); }
  void Clear() {
    sources_.clear();
    pins_.clear();
  }

 private:
  std::deque<BatchSource> sources_;
  std::vector<std::shared_ptr<const void>> pins_;
};

// To fill one: Clear it, add views to records() whose sources and bytes pins() holds, the views of
// one partition next to each other and in offset order, then Finish.
struct ConsumerRecordsAccess {
  static std::vector<RecordView>* records(ConsumerRecords* to) { return &to->records_; }
  static RecordPins* pins(ConsumerRecords* to);  // made when missing
  // Finds the spans of the partitions. Until then partitions() is not valid.
  static void Finish(ConsumerRecords* to, bool caught_up);
};

}  // namespace eventlog::inline v1::internal
