#include "eventlog/record.h"

#include <iterator>

#include "base/assert.h"
#include "client/encoded_headers.h"
#include "client/record_pins.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::inline v1 {

HeadersView::HeadersView(std::initializer_list<Header> headers)
    : list_(std::data(headers)), count_(headers.size()) {}

HeadersView::HeadersView(const std::vector<Header>& headers)
    : list_(headers.data()), count_(headers.size()) {}

std::optional<std::string_view> HeadersView::Last(std::string_view key) const {
  std::optional<std::string_view> last;
  for (const Header& header : *this) {
    if (header.key == key) last = header.value.view();
  }
  return last;
}

HeadersView::Iterator HeadersView::begin() const {
  Iterator begin;
  begin.list_ = list_;
  begin.encoded_ = encoded_;
  begin.left_ = count_;
  return begin;
}

HeadersView::Iterator HeadersView::end() const { return {}; }

Header HeadersView::Iterator::operator*() const {
  EVENTLOG_ASSERT(left_ > 0);
  if (encoded_ == nullptr) return *list_;
  Header header;
  internal::DecodeHeader(encoded_, &header);
  return header;
}

HeadersView::Iterator& HeadersView::Iterator::operator++() {
  EVENTLOG_ASSERT(left_ > 0);
  if (encoded_ == nullptr) {
    ++list_;
  } else {
    Header passed;
    encoded_ = internal::DecodeHeader(encoded_, &passed);
  }
  --left_;
  return *this;
}

Headers::Headers(HeadersView headers) {
  for (const Header& header : headers) Add(header.key, header.value);
}

void Headers::Add(std::string_view key, BytesView value) {
  internal::AppendEncodedHeader(&encoded_, key, value);
  ++count_;
}

HeadersView Headers::view() const {
  return internal::RecordsAccess::EncodedHeaders(encoded_.data(), count_);
}

Record::operator ProducerRecord() const {
  ProducerRecord record;
  if (key) record.key = *key;
  if (value) record.value = *value;
  record.headers = headers.view();
  if (timestamp != absl::InfinitePast()) record.timestamp = timestamp;
  return record;
}

HeadersView RecordView::headers() const { return internal::DecodeHeaders(headers_); }

std::string_view RecordView::topic() const { return *source_->topic; }

int32_t RecordView::partition() const { return source_->partition; }

int32_t RecordView::leader_epoch() const { return source_->leader_epoch; }

Record RecordView::ToOwned() const {
  Record record;
  record.topic = topic();
  record.partition = partition();
  record.offset = offset();
  record.timestamp = timestamp();
  if (has_key()) record.key = key();
  if (!is_tombstone()) record.value = value();
  record.headers = Headers(headers());
  return record;
}

RecordView::operator ProducerRecord() const {
  ProducerRecord record;
  if (has_key()) record.key = key();
  if (!is_tombstone()) record.value = value();
  record.headers = headers();
  record.timestamp = timestamp();
  return record;
}

}  // namespace eventlog::inline v1
