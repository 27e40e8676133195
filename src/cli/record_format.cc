#include "cli/record_format.h"

#include "absl/status/status.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr std::string_view kFields = "tpoksThSK";

void AppendHeaders(const RecordView& record, std::string* to) {
  bool first = true;
  for (const Header& header : record.headers()) {
    if (!first) to->push_back(',');
    first = false;
    to->append(header.key);
    to->push_back('=');
    to->append(header.value.is_null() ? "NULL" : header.value.view());
  }
}

void AppendField(char field, const RecordView& record, std::string* to) {
  const auto append_number = [to](int64_t number) { to->append(std::to_string(number)); };
  switch (field) {
    case 't':
      to->append(record.topic());
      break;
    case 'p':
      append_number(record.partition());
      break;
    case 'o':
      append_number(record.offset());
      break;
    case 'k':
      to->append(record.key());
      break;
    case 's':
      to->append(record.value());
      break;
    case 'T':
      append_number(absl::ToUnixMillis(record.timestamp()));
      break;
    case 'h':
      AppendHeaders(record, to);
      break;
    case 'S':
      append_number(record.is_tombstone() ? -1 : static_cast<int64_t>(record.value().size()));
      break;
    case 'K':
      append_number(record.has_key() ? static_cast<int64_t>(record.key().size()) : -1);
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
          "format \"{}\": there is no \"{}\" (fields are %t %p %o %k %s %T %h %S %K %%, escapes "
          "\\n \\t \\\\)",
          text, text.substr(i - 1, 2)));
    }
  }
  if (!plain.empty()) format.pieces_.push_back({'\0', std::move(plain)});
  return format;
}

void RecordFormat::Append(const RecordView& record, std::string* to) const {
  for (const Piece& piece : pieces_) {
    if (piece.field == '\0') {
      to->append(piece.text);
    } else {
      AppendField(piece.field, record, to);
    }
  }
}

}  // namespace eventlog::inline v1::cli
