#include "client/encoded_headers.h"

#include <catch2/catch.hpp>
#include <string>

#include "format/record.h"

namespace eventlog::internal {
namespace {

TEST_CASE("an encoded header is what a record holds", "[client]") {
  std::string headers;
  AppendEncodedHeader(&headers, "type", "placed");
  AppendEncodedHeader(&headers, "", nullptr);
  AppendEncodedHeader(&headers, std::string(200, 'k'), "");
  const char* at = headers.data();
  Header header;
  at = DecodeHeader(at, &header);
  CHECK(header.key == "type");
  CHECK(header.value.view() == "placed");
  at = DecodeHeader(at, &header);
  CHECK(header.key.empty());
  CHECK(header.value.is_null());
  at = DecodeHeader(at, &header);
  CHECK(header.key == std::string(200, 'k'));
  CHECK_FALSE(header.value.is_null());
  CHECK(header.value.view().empty());
  CHECK(at == headers.data() + headers.size());
}

}  // namespace
}  // namespace eventlog::internal
