#include "stress/witness.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kMostProblems = 10;

// "topic#incarnation/partition:writer:number:"
std::string HeadOf(std::string_view topic, int incarnation, int32_t partition,
                   const Origin& origin) {
  return fmt::format("{}#{}/{}:{}:{}:", topic, incarnation, partition, origin.writer,
                     origin.number);
}

struct ParsedHead {
  std::string_view topic;
  int incarnation = 0;
  int32_t partition = 0;
  Origin origin;
  std::size_t bytes = 0;
};

std::optional<ParsedHead> ParseHead(std::string_view value) {
  ParsedHead head;
  head.bytes = value.find('#');
  if (head.bytes == std::string_view::npos) return std::nullopt;
  head.topic = value.substr(0, head.bytes);
  const auto parse = [&](char separator, auto* number) {
    if (head.bytes >= value.size() || value[head.bytes] != separator) return false;
    const char* const end = value.data() + value.size();
    const auto [next, error] = std::from_chars(value.data() + head.bytes + 1, end, *number);
    head.bytes = static_cast<std::size_t>(next - value.data());
    return error == std::errc();
  };
  const bool parsed = parse('#', &head.incarnation) && parse('/', &head.partition) &&
                      parse(':', &head.origin.writer) && parse(':', &head.origin.number);
  ++head.bytes;  // the last separator, which whoever compares the value looks at
  return parsed ? std::optional(head) : std::nullopt;
}

}  // namespace

bool Ledger::Agrees(int64_t offset, const Origin& origin) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = static_cast<std::size_t>(offset);
  if (origins_.size() <= at) origins_.resize(at + 1);
  if (!origins_[at].has_value()) origins_[at] = origin;
  return origins_[at] == origin;
}

int64_t Ledger::end() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(origins_.size());
}

// The head again and again, so that every byte follows from it.
std::string Incarnation::ValueOf(int32_t partition, const Origin& origin, std::size_t bytes) const {
  const std::string head = HeadOf(topic, number, partition, origin);
  std::string value = head;
  while (value.size() < bytes) value += head;
  return value;
}

void Witness::Add(std::shared_ptr<Incarnation> incarnation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  incarnations_.push_back(std::move(incarnation));
}

std::shared_ptr<Incarnation> Witness::Find(std::string_view topic, int number) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& incarnation : incarnations_) {
    if (incarnation->topic == topic && incarnation->number == number) return incarnation;
  }
  return nullptr;
}

void Witness::Report(const std::string& problem) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (problems_.size() < kMostProblems) problems_.push_back(problem);
}

void Witness::Expect(const char* call, const absl::Status& status,
                     std::initializer_list<ErrorReason> allowed) {
  const auto found = std::find(allowed.begin(), allowed.end(), ReasonOf(status));
  if (!status.ok() && found == allowed.end())
    Report(fmt::format("{}: {}", call, status.ToString()));
}

void Witness::Acknowledged(Incarnation* incarnation, int32_t partition, int64_t offset,
                           const Origin& origin) {
  if (incarnation->ledger(partition)->Agrees(offset, origin)) return;
  Report(
      fmt::format("{}-{}: offset {} was acknowledged as number {} of writer {}, and is another's",
                  incarnation->topic, partition, offset, origin.number, origin.writer));
}

std::vector<std::string> Witness::problems() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return problems_;
}

void ReadCheck::MoveTo(const TopicPartition& place, int64_t offset) {
  Partition& partition = partitions_[place];
  partition.next = offset;
  partition.last_numbers.clear();
}

void ReadCheck::Check(const ConsumerRecords& records) {
  for (const RecordView& record : records) {
    Origin origin;
    auto incarnation = CheckValue(record, &origin);
    if (incarnation == nullptr) continue;
    Partition& partition = partitions_[{std::string(record.topic()), record.partition()}];
    if (partition.incarnation == nullptr) partition.incarnation = incarnation;
    if (partition.incarnation != incarnation) {
      Report(record, fmt::format("read as of incarnation {}", partition.incarnation->number));
    }
    CheckOffset(record, partition);
    partition.next = record.offset() + 1;
    if (!incarnation->ledger(record.partition())->Agrees(record.offset(), origin)) {
      Report(record, "another record was there before");
    }
    const auto [last, first] = partition.last_numbers.emplace(origin.writer, origin.number);
    if (!first && std::exchange(last->second, origin.number) >= origin.number) {
      Report(record, "behind a later one of the same writer");
    }
    ++records_checked_;
  }
}

void ReadCheck::CheckAgain(const ConsumerRecords& records) {
  Origin origin;
  for (const RecordView& record : records) CheckValue(record, &origin);
}

std::shared_ptr<Incarnation> ReadCheck::CheckValue(const RecordView& record, Origin* origin) {
  const auto head = ParseHead(record.value());
  const auto incarnation =
      head.has_value() ? witness_->Find(head->topic, head->incarnation) : nullptr;
  if (incarnation == nullptr || record.topic() != head->topic ||
      record.partition() != head->partition ||
      incarnation->ValueOf(head->partition, head->origin, record.value().size()) !=
          record.value()) {
    Report(record, "not what was written there");
    return nullptr;
  }
  *origin = head->origin;
  return incarnation;
}

// What is left out lies below the log start.
void ReadCheck::CheckOffset(const RecordView& record, const Partition& partition) {
  if (!partition.next.has_value() || record.offset() == *partition.next) return;
  if (record.offset() < *partition.next) {
    return Report(record, fmt::format("handed out where {} comes next", *partition.next));
  }
  const auto marks = partition.incarnation->handle.GetWatermarks(record.partition());
  if (marks.ok() && marks->log_start_offset < record.offset()) {
    Report(record, fmt::format("handed out where {} comes next and the log starts at {}",
                               *partition.next, marks->log_start_offset));
  }
}

void ReadCheck::Report(const RecordView& record, const std::string& problem) {
  witness_->Report(fmt::format("{}-{}, offset {}, {}: {}", record.topic(), record.partition(),
                               record.offset(), record.value().substr(0, 40), problem));
}

}  // namespace eventlog::test
