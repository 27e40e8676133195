// Consumers in event loops, and consumers that are woken up.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "support/child_process.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

// A consumer of three partitions, with its descriptor.
struct Watched {
  explicit Watched(LogOptions options, ConsumerOptions consumer_options = {.topics = {"t"}})
      : log(OpenLog(std::move(options))) {
    topic = *log.OpenTopic("t", {.partitions = 3});
    auto made = log.NewConsumer(std::move(consumer_options));
    REQUIRE(made.ok());
    consumer = *std::move(made);
    fd = *consumer.ReadyFd();
  }
  void Append(int32_t partition = 0) {
    REQUIRE(topic.Append({.value = "v", .partition = partition}).ok());
  }
  // How many records a poll that does not wait hands out.
  std::size_t Poll() {
    const absl::Status polled = consumer.Poll(absl::ZeroDuration(), &records);
    INFO(polled);
    REQUIRE(polled.ok());
    return records.size();
  }
  ErrorReason PollReason() { return ReasonOf(consumer.Poll(absl::ZeroDuration(), &records)); }
  bool ready() const { return IsReadable(fd); }

  Log log;
  Topic topic;
  Consumer consumer;
  ConsumerRecords records;
  int fd = -1;
};

TEST_CASE("a descriptor is readable while a poll has records to hand out", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options(), {.topics = {"t"}, .max_poll_records = 2});
  CHECK_FALSE(watched.ready());
  CHECK(*watched.consumer.ReadyFd() == watched.fd);
  CHECK((fcntl(watched.fd, F_GETFD) & FD_CLOEXEC) != 0);
  for (int i = 0; i < 3; ++i) watched.Append(i % 2);
  CHECK(watched.ready());
  CHECK(watched.Poll() == 2);
  CHECK(watched.ready());  // one is left
  CHECK(watched.Poll() == 1);
  CHECK_FALSE(watched.ready());
  CHECK(watched.Poll() == 0);
  watched.Append(2);
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);
  REQUIRE(watched.consumer.Seek(OffsetSpec::Earliest()).ok());
  CHECK(watched.ready());
  REQUIRE(watched.consumer.Seek(OffsetSpec::Latest()).ok());
  CHECK_FALSE(watched.ready());
  REQUIRE(watched.consumer.Seek({"t", 0}, OffsetSpec::Earliest()).ok());
  CHECK(watched.ready());
  REQUIRE(watched.consumer.Seek(*watched.consumer.ListOffsets(OffsetSpec::Latest())).ok());
  CHECK_FALSE(watched.ready());
}

TEST_CASE("a descriptor that is asked for late knows what was before", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto consumer = log.NewConsumer({.topics = {"t"}});
  REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(IsReadable(*consumer->ReadyFd()));
  auto lost =
      log.NewConsumer({.group = "g", .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kNone});
  CHECK(IsReadable(*lost->ReadyFd()));  // an error is something to say
  REQUIRE(lost->Seek(OffsetSpec::Latest()).ok());
  CHECK_FALSE(IsReadable(*lost->ReadyFd()));
}

TEST_CASE("a descriptor leaves paused partitions out", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options());
  REQUIRE(watched.consumer.Pause({{"t", 1}}).ok());
  watched.Append(1);
  CHECK_FALSE(watched.ready());
  watched.Append(0);
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);
  CHECK_FALSE(watched.ready());
  REQUIRE(watched.consumer.Resume({{"t", 1}}).ok());
  CHECK(watched.ready());
  REQUIRE(watched.consumer.Pause({{"t", 1}}).ok());
  CHECK_FALSE(watched.ready());
}

TEST_CASE("a descriptor follows the assignment", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options(), {.assignment = {{"t", 0}}});
  watched.Append(1);
  CHECK_FALSE(watched.ready());
  REQUIRE(watched.consumer.Assign({{"t", 1}}).ok());
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);
  watched.Append(0);
  CHECK_FALSE(watched.ready());
  watched.Append(1);
  CHECK(watched.ready());
  REQUIRE(watched.consumer.Assign({}).ok());
  CHECK_FALSE(watched.ready());
}

TEST_CASE("a descriptor tells of the end of what is read", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options(), {.topics = {"t"}, .until = OffsetSpec::Latest()});
  watched.Append();
  CHECK(watched.Poll() == 0);  // beyond the end
  CHECK_FALSE(watched.ready());
}

TEST_CASE("a descriptor tells of partitions that are added", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options());
  REQUIRE(watched.consumer.Pause({{"t", 0}}).ok());
  REQUIRE(watched.log.AlterTopic("t", {.partitions = 4}).ok());
  CHECK(watched.ready());
  CHECK(watched.Poll() == 0);
  CHECK_FALSE(watched.ready());
  watched.Append(3);
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);
}

TEST_CASE("a descriptor stays readable for an error that stays", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options());
  const bool close = GENERATE(true, false);
  REQUIRE((close ? watched.log.Close() : watched.log.DeleteTopic("t")).ok());
  const ErrorReason reason = close ? ErrorReason::kClosed : ErrorReason::kUnknownTopic;
  for (int poll = 0; poll < 2; ++poll) {
    CHECK(watched.ready());
    CHECK(watched.PollReason() == reason);
  }
  REQUIRE(watched.consumer.Close().ok());
  CHECK(fcntl(watched.fd, F_GETFD) == -1);
  CHECK(ReasonOf(watched.consumer.ReadyFd().status()) == ErrorReason::kClosed);
}

TEST_CASE("a descriptor goes on after its log was reopened", "[scenario]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  LogOptions options;
  options.directory = "log";
  options.file_system = &files;
  options.background_thread = false;
  Watched watched(std::move(options));
  watched.Append();
  CHECK(watched.Poll() == 1);
  files.Intercept([](const FaultFileSystem::Call& call) {
    const bool of_journal =
        call.name == "WriteAt" && call.path.find("journal") != std::string::npos;
    return of_journal ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK_FALSE(watched.topic.Append({.value = "v"}).ok());
  files.Heal();
  REQUIRE(watched.log.Reopen().ok());
  CHECK(watched.Poll() == 0);
  CHECK_FALSE(watched.ready());
  watched.Append();
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);
}

TEST_CASE("a consumer that is woken up says so once", "[scenario]") {
  Place place(AnyWorld());
  Watched watched(place.options());
  watched.Append();
  watched.consumer.Wakeup();
  watched.consumer.Wakeup();
  CHECK(watched.ready());
  const absl::Status woken = watched.consumer.Poll(absl::InfiniteDuration(), &watched.records);
  CHECK(absl::IsCancelled(woken));
  CHECK(ReasonOf(woken) == ErrorReason::kWokenUp);
  CHECK(watched.records.empty());
  CHECK(watched.ready());
  CHECK(watched.Poll() == 1);  // nothing was lost
  CHECK_FALSE(watched.ready());
  watched.consumer.Wakeup();
  CHECK(watched.ready());
  CHECK(watched.PollReason() == ErrorReason::kWokenUp);
  CHECK_FALSE(watched.ready());
  REQUIRE(watched.consumer.Close().ok());
  watched.consumer.Wakeup();
  CHECK(watched.PollReason() == ErrorReason::kClosed);
  Consumer().Wakeup();
}

TEST_CASE("a poll that waits is woken up however its clock goes", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  if (GENERATE(false, true)) options.clock = &clock;
  Log log = OpenLog(std::move(options));
  REQUIRE(log.OpenTopic("t").ok());
  auto consumer = log.NewConsumer({.topics = {"t"}});
  std::thread waker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    consumer->Wakeup();
  });
  ConsumerRecords records;
  const absl::Status polled = consumer->Poll(absl::InfiniteDuration(), &records);
  waker.join();
  CHECK(ReasonOf(polled) == ErrorReason::kWokenUp);
  CHECK_FALSE(records.caught_up());  // what came with the wake-up is not looked at yet
}

// The system's time; does something when it is asked for it.
class AskedClock final : public Clock {
 public:
  absl::Time Now() override { return Clock::System()->Now(); }
  absl::Duration Monotonic() override {
    if (asked_) asked_();
    return Clock::System()->Monotonic();
  }
  void WhenAsked(std::function<void()> asked) { asked_ = std::move(asked); }

 private:
  std::function<void()> asked_;
};

TEST_CASE("a wake-up between the look and the wait of a poll is not slept over", "[scenario]") {
  Place place(World::kMemoryLog);
  AskedClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  options.background_thread = false;
  Log log = OpenLog(std::move(options));
  REQUIRE(log.OpenTopic("t").ok());
  auto consumer = log.NewConsumer({.topics = {"t"}});
  int times = 0;  // first for the deadline, before it looks
  clock.WhenAsked([&] {
    if (++times == 2) consumer->Wakeup();
  });
  const auto began = std::chrono::steady_clock::now();
  ConsumerRecords records;
  CHECK(ReasonOf(consumer->Poll(absl::Seconds(10), &records)) == ErrorReason::kWokenUp);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  clock.WhenAsked(nullptr);
}

TEST_CASE("no wake-up is lost beside polls", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  REQUIRE(log.OpenTopic("t", {.partitions = 2}).ok());
  auto consumer = log.NewConsumer({.topics = {"t"}});
  constexpr int kRounds = 5000;
  std::atomic<int> woken{0};
  std::thread waker([&] {
    for (int round = 0; round < kRounds; ++round) {
      consumer->Wakeup();
      while (woken.load() <= round) std::this_thread::yield();
    }
  });
  ConsumerRecords records;
  absl::Status polled;
  while (woken.load() < kRounds) {
    polled = consumer->Poll(absl::Seconds(30), &records);
    if (ReasonOf(polled) != ErrorReason::kWokenUp) break;
    ++woken;
  }
  const int counted = woken.exchange(kRounds);  // lets the waker go
  waker.join();
  CHECK(counted == kRounds);
}

TEST_CASE("wake-ups meet the closing of log and consumer", "[scenario]") {
  Place place(World::kMemoryLog);
  for (int round = 0; round < 100; ++round) {
    Watched watched(place.options());
    std::atomic<bool> stop{false};
    std::thread waker([&] {
      while (!stop) watched.consumer.Wakeup();
    });
    std::thread closer([&] { static_cast<void>(watched.log.Close()); });
    ErrorReason reason = ErrorReason::kNone;
    while (reason != ErrorReason::kClosed) {
      reason = ReasonOf(watched.consumer.Poll(absl::Seconds(30), &watched.records));
      if (reason != ErrorReason::kClosed && reason != ErrorReason::kWokenUp) break;
    }
    const absl::Status closed = watched.consumer.Close();
    stop = true;
    waker.join();
    closer.join();
    REQUIRE(reason == ErrorReason::kClosed);
    REQUIRE(closed.ok());
  }
}

// Appends in a rhythm that lets the loop run dry, and now and then does not.
void AppendInRhythm(const Topic& topic, int count, const std::atomic<int>& seen,
                    std::atomic<int>* failures) {
  for (int i = 0; i < count; ++i) {
    if (!topic.Append({.value = "v", .partition = i % 3}).ok()) ++*failures;
    if (i % 7 == 0) continue;
    while (seen.load() <= i && *failures == 0) std::this_thread::yield();
  }
}

TEST_CASE("an event loop sleeps between records and misses none", "[scenario]") {
  const World world = AnyWorld();
  Place place(world);
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3, .durability = Durability::kProcess});
  auto consumer = log.NewConsumer({.topics = {"t"}, .max_poll_records = 2});
  const int count = world == World::kDirectory ? 2000 : 10'000;
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  REQUIRE(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, *consumer->ReadyFd(), &event) == 0);
  std::atomic<int> seen{0};
  std::atomic<int> failures{0};
  int wakes = 0;
  std::thread producer([&] { AppendInRhythm(*topic, count, seen, &failures); });
  ConsumerRecords records;
  while (seen.load() < count && failures == 0) {
    epoll_event ready{};
    if (epoll_wait(epoll_fd, &ready, 1, 30'000) != 1) ++failures;  // a lost wake-up
    ++wakes;
    if (!consumer->Poll(absl::ZeroDuration(), &records).ok()) ++failures;
    seen += static_cast<int>(records.size());
  }
  producer.join();
  CHECK(failures == 0);
  CHECK(seen == count);
  CHECK(wakes <= 2 * count);  // it is woken by records, and does not spin
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(epoll_wait(epoll_fd, &event, 1, 0) == 0);
  close(epoll_fd);
}

TEST_CASE("a forked child touches nothing of a descriptor", "[scenario]") {
  Place place(AnyWorld());
  std::optional<Watched> watched(std::in_place, place.options());
  const int wrong = RunInChild([&] {
    watched->consumer.Wakeup();
    const bool forked = ReasonOf(watched->consumer.ReadyFd().status()) == ErrorReason::kForked &&
                        watched->PollReason() == ErrorReason::kForked;
    watched.reset();
    return forked ? 0 : 1;
  });
  CHECK(wrong == 0);
  CHECK_FALSE(watched->ready());
  watched->Append();
  CHECK(watched->ready());
  CHECK(watched->Poll() == 1);
}

}  // namespace
}  // namespace eventlog::test
