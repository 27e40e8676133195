// error (clang): dangling
#include "eventlog/eventlog.h"

eventlog::Headers Make();
std::size_t Run() {
  const eventlog::HeadersView headers = Make().view();
  return headers.size();
}
