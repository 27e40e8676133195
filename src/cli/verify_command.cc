#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/verifier.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

nlohmann::ordered_json ToJson(const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    nlohmann::ordered_json entry;
    entry["file"] = finding.file;
    if (finding.position >= 0) entry["position"] = finding.position;
    if (finding.end_position >= 0) entry["end_position"] = finding.end_position;
    if (finding.first_offset >= 0) entry["first_offset"] = finding.first_offset;
    if (finding.end_offset >= 0) entry["end_offset"] = finding.end_offset;
    entry["what"] = finding.what;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string JsonText(const VerifyReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.damage.empty();
  json["in_use_by"] = report.holder.empty() ? nlohmann::ordered_json(nullptr)
                                            : nlohmann::ordered_json(report.holder);
  json["partitions"] = report.partitions;
  json["segments"] = report.segments;
  json["batches"] = report.batches;
  json["records"] = report.records;
  json["bytes"] = report.bytes;
  json["indexes"] = report.indexes;
  json["journal_groups"] = report.journal_groups;
  json["damage"] = ToJson(report.damage);
  json["unproven_tails"] = ToJson(report.unproven_tails);
  json["useless_indexes"] = ToJson(report.useless_indexes);
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string Line(std::string_view kind, const Finding& finding) {
  std::string line = fmt::format("{}: {}", kind, finding.file);
  if (finding.position >= 0) {
    line += fmt::format(": byte {}", finding.position);
    if (finding.end_position >= 0) line += fmt::format(" to {}", finding.end_position);
  }
  if (finding.first_offset >= 0) {
    line += finding.end_offset > finding.first_offset
                ? fmt::format(", offsets {} to {}", finding.first_offset, finding.end_offset - 1)
                : fmt::format(", at offset {}", finding.first_offset);
  }
  return line + ": " + finding.what + "\n";
}

std::string PlainText(const VerifyReport& report) {
  std::string text;
  for (const Finding& finding : report.damage) text += Line("damage", finding);
  for (const Finding& finding : report.unproven_tails) text += Line("unproven tail", finding);
  for (const Finding& finding : report.useless_indexes) {
    text += Line("index to be rebuilt", finding);
  }
  text +=
      fmt::format("{}: {} partitions, {} segments, {} indexes, {} batches, {} records, {} bytes",
                  report.damage.empty() ? "good" : "damaged", report.partitions, report.segments,
                  report.indexes, report.batches, report.records, report.bytes);
  if (report.holder.empty()) {
    return text + fmt::format("; {} journal groups to replay\n", report.journal_groups);
  }
  return text + fmt::format("; in use by {}: journal and ends were not judged\n", report.holder);
}

absl::StatusOr<VerifyReport> Run(const VerifyCommand& command) {
  Progress progress(
      {.what = "verifying " + command.directory, .total_bytes = SegmentBytes(command.directory)},
      command.progress);
  return Verify(command.directory, [&](int64_t bytes) { progress.Add(bytes); });
}

}  // namespace

absl::StatusOr<int> RunVerify(const VerifyCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const VerifyReport report, Run(command));
  EVENTLOG_RETURN_IF_ERROR(output->Append(command.json ? JsonText(report) : PlainText(report)));
  return report.damage.empty() ? kExitGood : kExitFailed;
}

}  // namespace eventlog::inline v1::cli
