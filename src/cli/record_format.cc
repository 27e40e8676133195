#include "cli/record_format.h"

#include <utility>

#include "absl/status/status.h"
#include "cli/place.h"
#include "cli/record_json.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr std::string_view kFields = "tpoksTRhSKJ";

void AppendHeaders(const HeadersView& headers, std::string* to) {
  bool first = true;
  for (const Header& header : headers) {
    if (!first) to->push_back(',');
    first = false;
    to->append(header.key);
    to->push_back('=');
    to->append(header.value.is_null() ? "NULL" : header.value.view());
  }
}

int64_t SizeOf(const BytesView& bytes) {
  return bytes.is_null() ? -1 : static_cast<int64_t>(bytes.view().size());
}

void AppendField(char field, const RecordFields& record, std::string* to) {
  switch (field) {
    case 't':
      to->append(record.topic);
      break;
    case 'p':
      to->append(std::to_string(record.partition));
      break;
    case 'o':
      to->append(std::to_string(record.offset));
      break;
    case 'k':
      to->append(record.key.view());
      break;
    case 's':
      to->append(record.value.view());
      break;
    case 'T':
      to->append(std::to_string(record.timestamp_ms));
      break;
    case 'R':
      to->append(TimeText(record.timestamp_ms));
      break;
    case 'h':
      AppendHeaders(record.headers, to);
      break;
    case 'S':
      to->append(std::to_string(SizeOf(record.value)));
      break;
    case 'K':
      to->append(std::to_string(SizeOf(record.key)));
      break;
    case 'J':
      to->append(ToJson(record));
      break;
    default:
      break;
  }
}

// What a backslash and `letter` stand for; '\0': nothing.
char Unescaped(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '\\':
      return '\\';
    default:
      return '\0';
  }
}

}  // namespace

RecordFields FieldsOf(const RecordView& record) {
  const ProducerRecord parts = record;
  return {.topic = record.topic(),
          .partition = record.partition(),
          .offset = record.offset(),
          .timestamp_ms = absl::ToUnixMillis(record.timestamp()),
          .key = parts.key,
          .value = parts.value,
          .headers = parts.headers};
}

absl::StatusOr<RecordFormat> RecordFormat::Parse(std::string_view text) {
  RecordFormat format;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' && text[i] != '\\') {
      plain.push_back(text[i]);
      continue;
    }
    const char kind = text[i];
    const char letter = ++i < text.size() ? text[i] : '\0';
    if (kind == '%' && letter != '\0' && kFields.find(letter) != std::string_view::npos) {
      if (!plain.empty()) format.pieces_.push_back({'\0', std::move(plain)});
      plain.clear();
      format.pieces_.push_back({letter});
    } else if (kind == '%' && letter == '%') {
      plain.push_back('%');
    } else if (kind == '\\' && Unescaped(letter) != '\0') {
      plain.push_back(Unescaped(letter));
    } else {
      return absl::InvalidArgumentError(fmt::format(
          "format \"{}\": there is no \"{}\" (fields are %t %p %o %k %s %T %R %h %S %K %J %%, "
          "escapes \\n \\t \\\\)",
          text, text.substr(i - 1, 2)));
    }
  }
  if (!plain.empty()) format.pieces_.push_back({'\0', std::move(plain)});
  return format;
}

void RecordFormat::Append(const RecordFields& record, std::string* to) const {
  for (const Piece& piece : pieces_) {
    if (piece.field == '\0') {
      to->append(piece.text);
    } else {
      AppendField(piece.field, record, to);
    }
  }
}

}  // namespace eventlog::inline v1::cli
