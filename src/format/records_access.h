// src/'s way to the private parts of eventlog/record.h: views are made of encoded bytes here, and
// only by code that has checked them (DecodeRecord) and keeps them alive.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventlog/record.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

struct RecordsAccess {
  // --- HeadersView: either a list or `count` encoded headers (Kafka's, without their count).
  static HeadersView EncodedHeaders(const char* encoded, std::size_t count) {
    HeadersView view;
    view.encoded_ = encoded;
    view.count_ = count;
    return view;
  }
  static const Header* List(const HeadersView& view) { return view.list_; }  // null: not a list
  static const char* Encoded(const HeadersView& view) { return view.encoded_; }

  // --- RecordView
  static RecordView MakeView(const BatchSource* source, const EncodedRecord& record, int64_t offset,
                             int64_t timestamp_ms) {
    RecordView view;
    view.source_ = source;
    view.key_ = record.key;
    view.value_ = record.value;
    view.headers_ = record.headers_with_count;
    view.offset_ = offset;
    view.timestamp_ms_ = timestamp_ms;
    view.key_size_ = record.key_size;
    view.value_size_ = record.value_size;
    return view;
  }
  static void SetSource(RecordView* view, const BatchSource* source) { view->source_ = source; }
  static const BatchSource* Source(const RecordView& view) { return view.source_; }
  // For DecodeHeaders; null: none.
  static const char* HeadersWithCount(const RecordView& view) { return view.headers_; }
  static int64_t TimestampMs(const RecordView& view) { return view.timestamp_ms_; }
};

}  // namespace eventlog::inline v1::internal
