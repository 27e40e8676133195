// Typed events: a thin wrapper that keeps C++ structs as JSON in a topic, by nlohmann's to_json and
// from_json, so that the program sees no bytes.
//
//   json_events DIRECTORY
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

// The wrapper. T has kType, a name that never changes, Key() and the two functions of nlohmann
// json, whose exceptions end here.
template <typename T>
class TypedTopic {
 public:
  explicit TypedTopic(eventlog::Topic topic) : topic_(std::move(topic)) {}

  absl::StatusOr<eventlog::RecordMetadata> Append(const T& event) const {
    std::string text;
    try {
      text = nlohmann::json(event).dump();
    } catch (const nlohmann::json::exception& error) {  // a string that is not UTF-8
      return absl::InvalidArgumentError(error.what());
    }
    return topic_.Append({.key = event.Key(), .value = text, .headers = {{"type", T::kType}}});
  }

  static bool Is(const eventlog::RecordView& record) {
    return record.headers().Last("type") == T::kType;
  }

  // DataLoss for bytes that are no T.
  static absl::StatusOr<T> Parse(const eventlog::RecordView& record) {
    try {
      return nlohmann::json::parse(record.value()).template get<T>();
    } catch (const nlohmann::json::exception& error) {
      return absl::DataLossError(std::string(record.topic()) + " at offset " +
                                 std::to_string(record.offset()) + ": " + error.what());
    }
  }

 private:
  eventlog::Topic topic_;
};

// Its use.
namespace shop {

struct OrderPlaced {
  static constexpr std::string_view kType = "OrderPlaced";
  std::string order;
  std::string customer;
  int64_t cents = 0;
  const std::string& Key() const { return order; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OrderPlaced, order, customer, cents)

struct OrderShipped {
  static constexpr std::string_view kType = "OrderShipped";
  std::string order;
  std::string carrier;
  const std::string& Key() const { return order; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OrderShipped, order, carrier)

// One type after another; an event of a type that this program does not know is passed over, and
// one that cannot be read is told and passed over, so that it does not stop all that follow.
absl::Status Show(const eventlog::RecordView& record) {
  if (TypedTopic<OrderPlaced>::Is(record)) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto placed, TypedTopic<OrderPlaced>::Parse(record));
    std::cout << placed.customer << " placed " << placed.order << " of " << placed.cents
              << " cents\n";
  } else if (TypedTopic<OrderShipped>::Is(record)) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto shipped, TypedTopic<OrderShipped>::Parse(record));
    std::cout << shipped.order << " is with " << shipped.carrier << "\n";
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders"));
  // Two types in one topic: what happens to one order stays in order.
  const TypedTopic<OrderPlaced> placed(orders);
  const TypedTopic<OrderShipped> shipped(orders);
  EVENTLOG_RETURN_IF_ERROR(placed.Append({.order = "o-1", .customer = "Ann", .cents = 2500}));
  EVENTLOG_RETURN_IF_ERROR(orders.Append(
      {.key = "o-1", .value = "{\"order\": 1}", .headers = {{"type", "OrderPlaced"}}}));
  EVENTLOG_RETURN_IF_ERROR(shipped.Append({.order = "o-1", .carrier = "a pigeon"}));

  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            log.NewConsumer({.group = "show", .topics = {"orders"}}));
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) {
      const absl::Status shown = Show(record);
      if (!shown.ok()) std::cout << "passed over: " << shown.message() << "\n";
    }
    EVENTLOG_RETURN_IF_ERROR(consumer.Commit());
  } while (!records.caught_up());
  return log.Close();
}

}  // namespace shop

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 2 ? shop::Run(argv[1]) : absl::InvalidArgumentError("usage: json_events DIRECTORY");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
