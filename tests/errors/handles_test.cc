// Handles whose log is closed, gone, or never was.
#include "errors/handles.h"

#include <catch2/catch.hpp>

namespace eventlog::test {
namespace {

void CheckAllClosed(Handles* handles) {
  for (const auto& [method, status] : CallEverything(handles)) {
    INFO(method << ": " << status);
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(ReasonOf(status) == ErrorReason::kClosed);
  }
}

TEST_CASE("handles of a closed log answer so and can be closed again", "[errors]") {
  Place place(AnyWorld());
  Handles handles = MakeHandles(place.options());
  REQUIRE(handles.log.Close().ok());
  CheckAllClosed(&handles);
  CHECK(handles.log.UntilMaintenance() == absl::InfiniteDuration());
  CHECK(handles.log.recovery_report().text.empty());
  for (int i = 0; i < 2; ++i) {
    CHECK(handles.log.Close().ok());
    CHECK(handles.consumer.Close().ok());
    CHECK(handles.producer.Close().ok());
  }
  CHECK(handles.topic.name() == "t");
  CHECK(handles.topic.partitions() == 1);
}

TEST_CASE("handles outlive their log", "[errors]") {
  Place place(AnyWorld());
  Handles handles = MakeHandles(place.options());
  handles.log = Log();
  CheckAllClosed(&handles);
}

TEST_CASE("handles that were never opened or were moved from are closed", "[errors]") {
  Handles never;
  CheckAllClosed(&never);
  CHECK(never.log.Close().ok());
  CHECK(never.consumer.Close().ok());
  CHECK(never.producer.Close().ok());
  CHECK(never.consumer.Assignment().empty());
  CHECK(never.consumer.GroupMetadata().group.empty());
  CHECK(never.topic.name().empty());
  CHECK(never.topic.partitions() == 0);

  Place place(AnyWorld());
  Handles handles = MakeHandles(place.options());
  const Handles taken = std::move(handles);
  CheckAllClosed(&handles);
  CHECK(taken.topic.Append({.value = "v"}).ok());
}

}  // namespace
}  // namespace eventlog::test
