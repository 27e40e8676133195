// What the public headers say about errors: for every method that returns a Status, the codes and
// reasons that its comment names, or that of its class, or the one it refers to.
#pragma once

#include <map>
#include <set>
#include <string>

namespace eventlog::test {

// "Consumer::Poll" to {"OutOfRange", "kLogTruncated", ...}: codes by absl's names, reasons by ours.
using DocumentedErrors = std::map<std::string, std::set<std::string>>;

// Reads the headers below `root`/include/eventlog.
DocumentedErrors ReadDocumentedErrors(const std::string& root);

}  // namespace eventlog::test
