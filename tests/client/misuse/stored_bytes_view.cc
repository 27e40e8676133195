// error (clang): dangling
#include "eventlog/eventlog.h"

std::string Make();
std::string_view Run() {
  const eventlog::BytesView view = Make();
  return view.view();
}
