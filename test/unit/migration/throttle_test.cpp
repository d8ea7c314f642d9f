#include "migration/throttle.hpp"

#include <doctest/doctest.h>

using namespace keyshift;
using migration::Throttle;
using migration::ThrottleLimits;
using migration::WaitReason;

namespace {

/// A sweep in virtual time: signals come in as `conditions` say, moves are sent as fast as the throttle allows.
struct World {
  explicit World(ThrottleLimits limits) : throttle(limits) {}

  struct Conditions {
    Duration latency = microseconds(300);
    std::uint64_t lag = 0;
    bool fsync_grows = false;
    bool ping_answers = true;
    bool info_answers = true;
  };

  /// Moves per second over `span`.
  double run(Duration span, const Conditions& conditions) {
    const Time begun = now;
    double moved = 0;
    while (now < begun + span) {
      signals(conditions);
      const auto grant = throttle.ask(32, now);
      if (grant.keys == 0) {
        last_reason = grant.reason;
        REQUIRE(grant.until > now);
        now = std::min(grant.until, now + milliseconds(20));
        continue;
      }
      throttle.spend(static_cast<double>(grant.keys), now);
      moved += static_cast<double>(grant.keys);
      now += microseconds(50);
    }
    return moved / std::chrono::duration<double>(span).count();
  }

  void signals(const Conditions& conditions) {
    if (now - pinged >= milliseconds(100)) {
      pinged = now;
      if (conditions.ping_answers) throttle.latency(conditions.latency, now);
    }
    if (now - asked >= seconds(1)) {
      asked = now;
      fsyncs += conditions.fsync_grows ? 1 : 0;
      if (conditions.info_answers) throttle.server(conditions.lag, fsyncs, now);
    }
  }

  Throttle throttle;
  Time now{seconds(1000)};
  Time pinged{}, asked{};
  std::uint64_t fsyncs = 5;
  WaitReason last_reason = WaitReason::none;
};

ThrottleLimits limits(std::uint32_t keys_per_second) {
  ThrottleLimits out;
  out.keys_per_second = keys_per_second;
  return out;
}
const World::Conditions quiet;

/// Runs quiet, then under `bad`, then quiet again: the rate falls, the reason is shown, the rate recovers.
void check_signal(const World::Conditions& bad, WaitReason reason) {
  World world(limits(5000));
  CHECK(world.run(seconds(5), quiet) == doctest::Approx(5000).epsilon(0.05));
  world.run(seconds(8), bad);
  CHECK(world.throttle.reason(world.now) == reason);
  CHECK(world.last_reason == reason);
  CHECK(world.run(seconds(5), bad) < 2500);
  const auto index = static_cast<std::size_t>(reason);
  CHECK(world.throttle.waited()[index] > 1.0);
  world.run(seconds(10), quiet);
  CHECK(world.run(seconds(5), quiet) == doctest::Approx(5000).epsilon(0.05));
  CHECK(world.throttle.rate() == 5000);
  CHECK(world.last_reason == WaitReason::rate);
}

}  // namespace

TEST_CASE("the rate is kept within five per cent, and says that it is the limit") {
  for (const std::uint32_t rate : {200u, 5000u, 20000u}) {
    World world(limits(rate));
    world.run(seconds(1), quiet);
    CHECK(world.run(seconds(10), quiet) == doctest::Approx(rate).epsilon(0.05));
    CHECK(world.last_reason == WaitReason::rate);
  }
}

TEST_CASE("a slow server slows the sweep, and a fast one lets it recover") {
  World::Conditions bad;
  bad.latency = milliseconds(6);
  check_signal(bad, WaitReason::latency);
}

TEST_CASE("a replica that is far behind slows the sweep") {
  World::Conditions bad;
  bad.lag = 100u << 20;
  check_signal(bad, WaitReason::replica_lag);
}

TEST_CASE("a disk that delays the append-only file slows the sweep") {
  World::Conditions bad;
  bad.fsync_grows = true;
  check_signal(bad, WaitReason::aof_fsync);
}

TEST_CASE("without its signals the sweep stands still, and goes on when they are back") {
  for (const bool ping : {true, false}) {
    World world(limits(5000));
    CHECK(world.run(seconds(3), quiet) > 4500);
    World::Conditions silent;
    (ping ? silent.ping_answers : silent.info_answers) = false;
    world.run(seconds(7), silent);
    CHECK(world.run(seconds(5), silent) == 0);
    CHECK(world.last_reason == WaitReason::signal_lost);
    CHECK(world.throttle.reason(world.now) == WaitReason::signal_lost);
    CHECK(world.throttle.waited()[static_cast<std::size_t>(WaitReason::signal_lost)] > 4.9);
    world.run(seconds(1), quiet);
    CHECK(world.run(seconds(5), quiet) == doctest::Approx(5000).epsilon(0.05));
  }
}

TEST_CASE("before its first signals the sweep does not begin") {
  Throttle throttle(limits(0));
  const auto grant = throttle.ask(32, Time{seconds(1)});
  CHECK(grant.keys == 0);
  CHECK(grant.reason == WaitReason::signal_lost);
}

TEST_CASE("a single slow answer does not stop a sweep") {
  World world(limits(5000));
  world.run(seconds(5), quiet);
  world.throttle.latency(milliseconds(4), world.now);
  CHECK(world.run(seconds(5), quiet) > 4000);
}

TEST_CASE("a pause by hand stands above everything") {
  World world(limits(5000));
  world.run(seconds(2), quiet);
  world.throttle.pause(true);
  CHECK(world.run(seconds(2), quiet) == 0);
  CHECK(world.throttle.reason(world.now) == WaitReason::paused);
  world.throttle.pause(false);
  CHECK(world.run(seconds(2), quiet) > 4500);
}

TEST_CASE("without a rate limit everything is granted until a signal is bad, and again after it") {
  World world(limits(0));
  const double full = world.run(seconds(3), quiet);
  CHECK(world.throttle.rate() == 0);
  CHECK(full > 500000);
  World::Conditions bad;
  bad.latency = milliseconds(10);
  world.run(seconds(5), bad);
  CHECK(world.throttle.rate() > 0);
  CHECK(world.throttle.reason(world.now) == WaitReason::latency);
  CHECK(world.run(seconds(2), bad) < full / 4);
  world.run(seconds(10), quiet);
  CHECK(world.throttle.rate() == 0);
  CHECK(world.run(seconds(3), quiet) == doctest::Approx(full).epsilon(0.05));
}

TEST_CASE("a rate never falls to nothing, so that a sweep ends") {
  World world(limits(5000));
  World::Conditions bad;
  bad.latency = seconds(1);
  world.run(seconds(60), bad);
  CHECK(world.run(seconds(10), bad) >= 40);
}

TEST_CASE("limits that are switched off need no signal") {
  ThrottleLimits none;
  none.keys_per_second = 0;
  none.server_latency = {};
  none.replica_lag_bytes = 0;
  none.aof_fsync = false;
  Throttle throttle(none);
  CHECK(throttle.ask(32, Time{seconds(1)}).keys == 32);
}

TEST_CASE("another limit holds from the next moves on, in both directions and to none") {
  Throttle throttle(
      ThrottleLimits{.keys_per_second = 1000, .server_latency = {}, .replica_lag_bytes = 0, .aof_fsync = false});
  CHECK(throttle.rate() == doctest::Approx(1000));
  throttle.limit(50);
  CHECK(throttle.rate() == doctest::Approx(50));
  throttle.limit(4000);
  CHECK(throttle.rate() == doctest::Approx(4000));
  throttle.limit(0);
  CHECK(throttle.rate() == 0);
}
