#include "lab/shared_facts.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace eventlog::test {
namespace {

// A fact without its words, which follow it.
struct Plain {
  Fact::Kind kind;
  bool disk;
  int32_t partition;
  int64_t offset;
  int64_t number;
  absl::Duration at;
  absl::Duration retention;
  int64_t retention_bytes;
  std::array<std::size_t, 3> words;  // their bytes: topic, value, group
};

void Put(char** to, const void* from, std::size_t bytes) {
  std::memcpy(*to, from, bytes);
  *to += bytes;
}

std::string TakeWord(const char** from, std::size_t bytes) {
  *from += bytes;
  return {*from - bytes, bytes};
}

}  // namespace

void SharedFacts::Tell(const Fact& fact) {
  const Plain plain = {
      fact.kind,
      fact.disk,
      fact.place.partition,
      fact.offset,
      fact.number,
      fact.at,
      fact.retention,
      fact.retention_bytes,
      {fact.place.topic.size(), fact.value.size(), fact.group.size()},
  };
  const std::size_t bytes = sizeof plain + plain.words[0] + plain.words[1] + plain.words[2];
  while (memory_->bytes + bytes > kBytes) pause();
  char* to = memory_->facts.data() + memory_->bytes;
  Put(&to, &plain, sizeof plain);
  for (const std::string* word : {&fact.place.topic, &fact.value, &fact.group}) {
    Put(&to, word->data(), word->size());
  }
  memory_->bytes += bytes;
  memory_->count.fetch_add(1, std::memory_order_release);
}

void SharedFacts::Fail(const std::string& what) {
  what.copy(memory_->failure.data(), memory_->failure.size() - 1);
}

std::vector<Fact> SharedFacts::Take() {
  std::vector<Fact> facts(static_cast<std::size_t>(count()));
  const char* from = memory_->facts.data();
  for (Fact& fact : facts) {
    Plain plain;
    std::memcpy(&plain, TakeWord(&from, sizeof plain).data(), sizeof plain);
    fact = {.kind = plain.kind,
            .disk = plain.disk,
            .place = {TakeWord(&from, plain.words[0]), plain.partition},
            .value = TakeWord(&from, plain.words[1]),
            .group = TakeWord(&from, plain.words[2]),
            .offset = plain.offset,
            .number = plain.number,
            .at = plain.at,
            .retention = plain.retention,
            .retention_bytes = plain.retention_bytes};
  }
  memory_->bytes = 0;
  memory_->count = 0;
  return facts;
}

}  // namespace eventlog::test
