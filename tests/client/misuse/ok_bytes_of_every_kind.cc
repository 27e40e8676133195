// compiles
#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "eventlog/eventlog.h"

std::string Make();

absl::Status Run(const eventlog::Topic& topic, absl::string_view view, absl::Span<const char> span,
                 const char* text) {
  const std::vector<uint8_t> vector = {1, 2};
  const std::array<std::byte, 4> array = {};
  for (const auto& metadata :
       {topic.Append({.value = view}), topic.Append({.value = span}),
        topic.Append({.key = text, .value = nullptr}), topic.Append({.value = vector}),
        topic.Append({.value = array}),
        topic.Append({.key = Make(), .value = Make(), .headers = {{"type", Make()}}})}) {
    if (!metadata.ok()) return metadata.status();
  }
  return topic.AppendAll({{.key = "a", .value = "1"}, {.key = "b"}});
}
