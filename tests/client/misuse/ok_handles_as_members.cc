// compiles
#include <type_traits>

#include "eventlog/eventlog.h"

struct Service {
  eventlog::Log log;
  eventlog::Topic topic;
  eventlog::Consumer consumer;
  eventlog::ConsumerRecords records;
  eventlog::WriteBatch batch;
};

Service Replace(Service service) {
  Service old = std::move(service);
  service = Service{};
  return old;
}

static_assert(sizeof(eventlog::Topic) == 16);
static_assert(std::is_copy_constructible_v<eventlog::Topic>);
static_assert(std::is_nothrow_move_constructible_v<Service>);
static_assert(!std::is_copy_constructible_v<eventlog::WriteBatch>);
