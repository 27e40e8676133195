// How `consume` prints a record: kcat's format strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::cli {

// A record wherever it comes from, a consumer or a segment. A view.
struct RecordFields {
  std::string_view topic = {};
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  BytesView key = {};
  BytesView value = {};
  HeadersView headers = {};
};
RecordFields FieldsOf(const RecordView& record);

// %t topic, %p partition, %o offset, %k key, %s value, %T timestamp in milliseconds since 1970, %R
// the same as RFC 3339, %h headers ("name=value,name=value"; a null value is NULL), %K and %S the
// bytes of key and value (-1: null), %J all of it as JSON, %% a percent sign; \n, \t and \\. A key
// or value that is null prints nothing. Immutable, thread-safe.
class RecordFormat {
 public:
  // InvalidArgument: an escape that there is not; the message names it.
  static absl::StatusOr<RecordFormat> Parse(std::string_view text);

  // Appends the record to *to.
  void Append(const RecordFields& record, std::string* to) const;

 private:
  struct Piece {
    char field = '\0';  // the letter after the percent sign, or '\0': `text`
    std::string text = {};
  };
  std::vector<Piece> pieces_;
};

}  // namespace eventlog::inline v1::cli
