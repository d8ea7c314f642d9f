// Drivers that come, die and come again, proxies that stop, a server that fails over: commands of one era before those
// of the next, on the surviving stream; and the rules that matter, each broken on purpose, are noticed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <set>

#include "control/flip.hpp"
#include "unit/control/fleet_world.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace keyshift::control::test;

namespace {

struct Seen {
  bool order_broken = false;
  bool turned = false;   // an era was begun
  bool at_peace = true;  // at the end nothing was held or under way
};

/// One random history. Every ask may be the last of its driver; its answer may be lost.
Seen history(std::uint64_t seed, Naive naive) {
  FleetWorld world(seed, naive);
  world.settle();
  world.add_proxies(3);
  world.replicates = world.pick(2) == 0;
  std::unique_ptr<Flip> flips[2];
  const FlipAsk* asks[2] = {};
  bool failed_over = false;
  int paused = 2;  // a driver that stands still for long, its last ask on its way; 2: none
  constexpr Wanted wishes[] = {Wanted::start, Wanted::rollback};
  for (int i = 0; i < 3000; ++i) {
    for (int s = 0; s < 4; ++s) world.step();
    if (world.pick(100) == 0)
      for (Proxy& proxy : world.proxies) proxy.stopped = world.pick(3) == 0;
    if (world.pick(4) == 0) world.replicate();
    if (world.pick(200) == 0) world.dropped.clear();
    if (world.pick(400) == 0) world.dropped.insert(world.primary_name == "a:1" ? "b:2" : "a:1");
    if (!failed_over && world.pick(1500) == 0) {
      failed_over = true;
      world.fail_over();
    }
    if (world.pick(40) == 0) paused = static_cast<int>(world.pick(3));
    const std::uint64_t who = paused == 2 ? world.pick(2) : paused == 1 ? 0 : 1;
    if (!flips[who] || asks[who]->kind == FlipAsk::Kind::end || world.pick(60) == 0) {
      ChangeRequest request = world.pick(5) == 0 ? ChangeRequest{} : wish(wishes[world.pick(2)]);
      flips[who] = std::make_unique<Flip>(std::move(request), [&world] { return world.word(); });
      asks[who] = &flips[who]->begin(world.now);
      continue;
    }
    const std::string life = world.identity;
    FlipAnswer answer = world.answer(*asks[who]);
    if (world.pick(50) == 0 || life != world.identity) {
      answer = {};
      answer.trouble = "connection lost";
    }
    asks[who] = &flips[who]->resume(std::move(answer), world.now);
  }
  world.replicates = true;
  world.dropped.clear();
  world.replicate();
  Flip peace(ChangeRequest{}, [&world] { return world.word(); });
  const bool ended = drive(world, peace);
  const auto& record = *world.primary().record;
  return {world.order_broken, world.primary().executed > 1, ended && record.settled() && !record.cur.hold};
}

std::uint64_t histories() {
  const char* asked = std::getenv("KEYSHIFT_FLIP_HISTORIES");
  return asked == nullptr ? 300 : std::strtoull(asked, nullptr, 10);
}

}  // namespace

TEST_CASE("whatever happens to drivers, proxies and servers, eras come one after the other and peace can be made") {
  std::uint64_t turned = 0;
  for (std::uint64_t seed = 1; seed <= histories(); ++seed) {
    CAPTURE(seed);
    const Seen seen = history(seed, Naive::nothing);
    REQUIRE(!seen.order_broken);
    REQUIRE(seen.at_peace);
    turned += seen.turned ? 1 : 0;
  }
  CHECK(turned > histories() / 2);
}

TEST_CASE("rules that are broken on purpose are noticed") {
  const auto noticed = [](Naive naive) {
    for (std::uint64_t seed = 1; seed <= 600; ++seed)
      if (history(seed, naive).order_broken) return true;
    return false;
  };
  CHECK(noticed(Naive::no_kill));
  CHECK(noticed(Naive::no_read));
}
