// What a flip may do only behind what, read off its asks: each rule here is one that the models show to be needed.
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>

#include "control/flip.hpp"
#include "unit/control/fleet_world.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace keyshift::control::test;
using Kind = FlipAsk::Kind;

namespace {

/// A start from observe, each ask shown to `see` with its answer before the flip hears it.
ChangeOutcome watched(FleetWorld& world, const std::function<void(const FlipAsk&, const FlipAnswer&)>& see) {
  Flip flip(wish(Wanted::start), [&world] { return world.word(); });
  const FlipAsk* ask = &flip.begin(world.now);
  for (int i = 0; i < 20000 && ask->kind != Kind::end; ++i) {
    FlipAnswer answer = world.answer(*ask);
    see(*ask, answer);
    if (world.pick(3) == 0) world.replicate();
    for (int s = 0; s < 2; ++s) world.step();
    ask = &flip.resume(std::move(answer), world.now);
  }
  REQUIRE(ask->kind == Kind::end);
  return flip.outcome();
}

struct Slow {
  FleetWorld world;
  explicit Slow(std::uint64_t seed) : world(seed) {
    world.settle();
    world.add_proxies(2);
    world.replicates = false;  // replicas are behind, by a few asks
    for (int i = 0; i < 200; ++i) world.step();
  }
};

}  // namespace

TEST_CASE("a node is looked at only when its own key has shown the hold") {
  Slow slow(5);
  std::map<std::string, ChangeId> shown;
  std::size_t looks = 0;
  const auto outcome = watched(slow.world, [&](const FlipAsk& ask, const FlipAnswer& answer) {
    if (ask.kind == Kind::read_key && answer.key) shown[ask.node] = answer.key->id;
    if (ask.kind != Kind::look) return;
    ++looks;
    CHECK(shown[ask.node] == slow.world.primary().record->cur.id);
    CHECK(slow.world.primary().record->cur.hold);
  });
  CHECK(outcome.end == ChangeOutcome::End::done);
  CHECK(looks >= 2);
}

TEST_CASE("a new era is current only when every node has shown it, and in a key only when it is next") {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    Slow slow(seed);
    std::map<std::string, ChangeId> shown;
    bool next = false, current = false;
    (void)watched(slow.world, [&](const FlipAsk& ask, const FlipAnswer& answer) {
      if (ask.kind == Kind::read_key && answer.key) shown[ask.node] = answer.key->id;
      if (ask.kind == Kind::set_record && ask.next && ask.next->era == 2) next = answer.done;
      if (ask.kind == Kind::set_key && ask.change->era == 2) CHECK(next);
      if (ask.kind != Kind::set_record || !ask.cur || ask.cur->era != 2) return;
      current = true;
      for (const auto& [node, stream] : slow.world.streams) CHECK(shown[node] == ask.cur->id);
    });
    CHECK(current);
  }
}

TEST_CASE("what is written is compared with what was read") {
  Slow slow(3);
  ControlRecord read;
  std::map<std::string, ChangeId> keys;
  (void)watched(slow.world, [&](const FlipAsk& ask, const FlipAnswer& answer) {
    if (ask.kind == Kind::read_record) read = *answer.record;
    if (ask.kind == Kind::read_key) keys[ask.node] = answer.key->id;
    if (ask.kind == Kind::set_key) CHECK(ask.seen_key == keys[ask.node]);
    if (ask.kind != Kind::set_record) return;
    CHECK(ask.seen_cur == read.cur.id);
    CHECK(ask.seen_next == read.next.id);
    if (ask.next && read.cur.hold) CHECK(!ask.identity.empty());
  });
}

TEST_CASE("a look counts only if the server that was looked at is the one that serves") {
  Slow slow(4);
  std::size_t looks = 0, before_serve = 0;
  const auto outcome = watched(slow.world, [&](const FlipAsk& ask, const FlipAnswer&) {
    if (ask.kind == Kind::look && ++looks == 2) slow.world.identity = "another life";
    if (ask.kind == Kind::set_record && ask.next && !ask.next->hold) before_serve = looks;
  });
  CHECK(outcome.end == ChangeOutcome::End::done);
  CHECK(before_serve >= 4);  // both nodes again
}

TEST_CASE("nothing is killed before the grace is over, and nothing that is in step ever") {
  Slow slow(6);
  slow.world.proxies[0].stopped = true;
  Time held{};
  std::size_t kills = 0;
  (void)watched(slow.world, [&](const FlipAsk& ask, const FlipAnswer&) {
    if (ask.kind == Kind::set_record && ask.cur && ask.cur->hold) held = slow.world.now;
    if (ask.kind != Kind::kill) return;
    ++kills;
    CHECK(slow.world.now - held >= milliseconds(150));
    CHECK(ask.ids.size() <= 2);  // those of the stopped proxy
  });
  CHECK(kills > 0);
}
