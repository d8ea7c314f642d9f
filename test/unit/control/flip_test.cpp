#include "control/flip.hpp"

#include <doctest/doctest.h>

#include <set>

#include "unit/control/fleet_world.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace keyshift::control::test;
using End = ChangeOutcome::End;

namespace {

struct Driver {
  FleetWorld& world;
  Flip flip;
  explicit Driver(FleetWorld& w, ChangeRequest request)
      : world(w), flip(std::move(request), [&w] { return w.word(); }) {}
  const ChangeOutcome& run() {
    REQUIRE(drive(world, flip));
    return flip.outcome();
  }
};

ChangeOutcome carry(FleetWorld& world, ChangeRequest request) { return Driver(world, std::move(request)).run(); }

Phase phase_in(FleetWorld& world) { return world.primary().record->cur.runs.at(0).phase; }

transforms::AllowedClient client(std::string user, std::string addr) {
  transforms::AllowedClient out;
  out.user = std::move(user);
  out.addr = std::move(addr);
  return out;
}

const char* const stranger = "id=99999 addr=10.9.9.9:4000 name= age=60 flags=N user=app\n";

}  // namespace

TEST_CASE("the first run of a store begins its record, behind a hold that has the run already") {
  FleetWorld world;
  const auto outcome = carry(world, add_run());
  CHECK(outcome.end == End::done);
  const Change& cur = world.primary().record->cur;
  REQUIRE(cur.runs.size() == 1);
  CHECK(cur.runs[0].since == cur.prev);  // the hold added it
  CHECK(cur.scope == cur.prev);
  CHECK(cur.era == 1);
  CHECK(world.streams["b:2"].key->id == cur.id);
  CHECK(carry(world, add_run()).end == End::already);
}

TEST_CASE("a start holds the fleet, begins an era and is current only when every node has shown it") {
  FleetWorld world;
  world.settle();
  world.add_proxies(3);
  for (int i = 0; i < 500; ++i) world.step();
  const auto outcome = carry(world, wish(Wanted::start));
  CHECK(outcome.end == End::done);
  CHECK(phase_in(world) == Phase::migrate);
  CHECK(world.primary().record->cur.era == 2);
  CHECK(world.primary().record->settled());
  CHECK(!world.order_broken);
  CHECK(world.audit.size() == 2);
  CHECK(std::count(world.told.begin(), world.told.end(), "wanted") == 1);
  CHECK(carry(world, wish(Wanted::start)).end == End::already);
}

TEST_CASE("a change without a hold shows in every primary's key before it is current") {
  FleetWorld world;
  world.settle(Phase::migrate);
  const auto outcome = carry(world, wish(Wanted::cutover));
  CHECK(outcome.end == End::done);
  CHECK(phase_in(world) == Phase::cutover);
  CHECK(world.primary().record->cur.era == 1);
  CHECK(world.primary().key->id == world.primary().record->cur.id);
}

TEST_CASE("a proxy that is stopped loses its connections after the grace") {
  FleetWorld world;
  world.settle();
  world.add_proxies(2);
  for (int i = 0; i < 500; ++i) world.step();
  world.proxies[1].stopped = true;
  const Time before = world.now;
  const auto outcome = carry(world, wish(Wanted::start));
  CHECK(outcome.end == End::done);
  CHECK(outcome.killed > 0);
  CHECK(world.kills == outcome.killed);
  CHECK(world.now - before >= milliseconds(150));
  CHECK(world.now - before < milliseconds(300));
}

TEST_CASE("a healthy fleet ends the grace early") {
  FleetWorld world;
  world.settle();
  world.add_proxies(3);
  for (int i = 0; i < 500; ++i) world.step();
  Driver driver(world, wish(Wanted::start));
  REQUIRE(drive(world, driver.flip, 10000, 100));
  CHECK(driver.flip.outcome().end == End::done);
  CHECK(driver.flip.outcome().killed == 0);
  CHECK(driver.flip.outcome().held < milliseconds(50));
}

TEST_CASE("a node is not looked at before its key shows the hold, and the hold ends when it never does") {
  FleetWorld world;
  world.settle();
  world.replicates = false;
  const auto outcome = carry(world, wish(Wanted::start));
  CHECK(outcome.end == End::called_off);
  CHECK(outcome.reason.find("b:2") != std::string::npos);
  CHECK(phase_in(world) == Phase::observe);
  CHECK(!world.primary().record->cur.hold);
  CHECK(world.primary().record->cur.era == 1);
  CHECK(world.primary().record->cur.runs[0].wanted == Wanted::nothing);
}

TEST_CASE("a node that does not answer keeps a hold from being begun") {
  FleetWorld world;
  world.settle();
  world.down.insert("b:2");
  const auto outcome = carry(world, wish(Wanted::start));
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason ==
        "b:2: does not answer. If it is stopped for good, say so: keyshift nodes --declare-gone b:2. Nothing was "
        "begun");
  CHECK(world.audit.empty());
}

TEST_CASE("a node that answers and is far behind keeps a hold from being begun, too") {
  FleetWorld world;
  world.settle();
  world.lagging.insert("b:2");
  const auto outcome = carry(world, wish(Wanted::start));
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason == "b:2 does not show what was written at its primary. Nothing was begun");
  CHECK(!world.primary().record->next.hold);
  CHECK(world.audit.empty());
}

TEST_CASE("a server that comes into the list during the look is looked at before the era turns") {
  using Kind = FlipAsk::Kind;
  FleetWorld world;
  world.settle();
  const ChangeId before = world.primary().record->cur.id;
  Driver driver(world, wish(Wanted::start));
  bool looked = false;
  const FlipAsk* ask = &driver.flip.begin(world.now);
  for (int i = 0; i < 10'000 && ask->kind != Kind::end; ++i) {
    if (ask->kind == Kind::set_record && ask->next && !ask->next->hold) CHECK(looked);
    looked |= ask->kind == Kind::look && ask->node == "c:3";
    FlipAnswer answer = world.answer(*ask);
    if (ask->kind == Kind::look && !world.streams.contains("c:3")) {
      world.streams["c:3"] = world.primary();
      world.proxies.push_back({"late", {}, true, {Connection{}}});
      Connection& c = world.proxies.back().connections[0];
      c.id = 777;
      c.node = "c:3";
      c.name = text(ConnectionName{"late", Carries::records, before});
    }
    ask = &driver.flip.resume(std::move(answer), world.now);
  }
  CHECK(driver.flip.outcome().end == End::done);
  CHECK(driver.flip.outcome().killed == 1);
}

TEST_CASE("a client past the proxies calls the change off, is killed, or is allowed") {
  const auto with = [](BypassPolicy policy, std::vector<transforms::AllowedClient> allow) {
    FleetWorld world;
    world.settle();
    world.strangers = stranger;
    ChangeRequest request = wish(Wanted::start);
    request.bypass = {policy, std::move(allow)};
    const auto outcome = carry(world, std::move(request));
    CHECK((phase_in(world) == Phase::migrate) == (outcome.end == End::done));
    CHECK(!world.primary().record->cur.hold);
    return outcome;
  };
  const auto waited = with(BypassPolicy::wait, {});
  CHECK(waited.end == End::called_off);
  CHECK(waited.reason.find("user app, addr 10.9.9.9:4000") != std::string::npos);
  CHECK(with(BypassPolicy::abort, {}).end == End::called_off);
  CHECK(with(BypassPolicy::kill, {}).end == End::done);
  CHECK(with(BypassPolicy::kill, {}).killed == 2);  // at each node
  CHECK(with(BypassPolicy::wait, {client("app", "")}).end == End::done);
  CHECK(with(BypassPolicy::wait, {client("", "10.9.9.9")}).end == End::done);
  CHECK(with(BypassPolicy::wait, {client("other", "")}).end == End::called_off);
}

TEST_CASE("a run whose first hold is called off is not there") {
  FleetWorld world;
  world.strangers = stranger;
  const auto outcome = carry(world, add_run());
  CHECK(outcome.end == End::called_off);
  const Change& cur = world.primary().record->cur;
  CHECK(cur.runs.empty());
  // Names with the scope of that hold stand for knowing the run.
  CHECK(cur.scope == cur.id);
}

TEST_CASE("wherever a driver dies, another one finishes what it began") {
  for (int asks = 1; asks < 80; ++asks) {
    CAPTURE(asks);
    FleetWorld world(static_cast<std::uint64_t>(asks));
    world.settle();
    world.add_proxies(2);
    for (int i = 0; i < 300; ++i) world.step();
    {
      Driver dying(world, wish(Wanted::start));
      (void)drive(world, dying.flip, asks);
    }
    CHECK(carry(world, wish(Wanted::start)).end <= End::already);
    CHECK(phase_in(world) == Phase::migrate);
    CHECK(world.primary().record->cur.era == 2);
    CHECK(!world.order_broken);
  }
}

TEST_CASE("wherever a driver dies, a proxy that only wants peace ends the hold or finishes the era") {
  std::set<Phase> seen;
  for (int asks = 1; asks < 80; ++asks) {
    CAPTURE(asks);
    FleetWorld world(static_cast<std::uint64_t>(asks));
    world.settle();
    world.add_proxies(2);
    for (int i = 0; i < 300; ++i) world.step();
    {
      Driver dying(world, wish(Wanted::start));
      (void)drive(world, dying.flip, asks);
    }
    CHECK(carry(world, ChangeRequest{}).end == End::already);
    const ControlRecord& record = *world.primary().record;
    CHECK(record.settled());
    CHECK(!record.cur.hold);
    CHECK(record.cur.runs[0].wanted == Wanted::nothing);
    CHECK(record.cur.era == (phase_in(world) == Phase::migrate ? 2 : 1));
    CHECK(world.primary().key->id == record.cur.id);
    CHECK(!world.order_broken);
    seen.insert(phase_in(world));
  }
  CHECK(seen == std::set<Phase>{Phase::observe, Phase::migrate});
}

TEST_CASE("two drivers at once, interleaved at every step, come to one era") {
  for (std::uint64_t seed = 1; seed < 300; ++seed) {
    CAPTURE(seed);
    FleetWorld world(seed);
    world.settle();
    world.add_proxies(2);
    Driver one(world, wish(Wanted::start)), two(world, wish(Wanted::start));
    const FlipAsk* asks[2] = {&one.flip.begin(world.now), &two.flip.begin(world.now)};
    Flip* const flips[2] = {&one.flip, &two.flip};
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t who = world.pick(2);
      if (asks[who]->kind == FlipAsk::Kind::end) continue;
      FlipAnswer answer = world.answer(*asks[who]);
      for (int s = 0; s < 3; ++s) world.step();
      asks[who] = &flips[who]->resume(std::move(answer), world.now);
    }
    CHECK(one.flip.outcome().end <= End::already);
    CHECK(two.flip.outcome().end <= End::already);
    CHECK(phase_in(world) == Phase::migrate);
    CHECK(world.primary().record->cur.era == 2);
    CHECK(!world.order_broken);
  }
}

TEST_CASE("a record that went back is followed by a hold above every epoch, forced when a server knows a later era") {
  FleetWorld world;
  world.settle();
  const Stream before = world.primary();
  REQUIRE(carry(world, wish(Wanted::start)).end == End::done);
  world.primary().record = before.record;  // the key stays: as if the record lay on another server
  const Change lost = *world.primary().key;
  const auto outcome = carry(world, wish(Wanted::rollback));
  CHECK(outcome.end == End::done);
  CHECK(phase_in(world) == Phase::rollback);
  CHECK(world.primary().record->cur.era == 3);
  CHECK(world.primary().record->cur.id.epoch > lost.id.epoch);
  CHECK(world.audit.at(2).back().second == "hold above");
}

TEST_CASE("a record that went back with its key is followed by a hold above what somebody remembers") {
  FleetWorld world;
  world.settle();
  ChangeRequest request;
  request.known_epoch = 40;
  CHECK(carry(world, request).end == End::already);
  CHECK(world.primary().record->cur.id.epoch > 40);
  CHECK(!world.primary().record->cur.hold);
  CHECK(world.primary().record->cur.era == 1);
  CHECK(world.primary().key->id == world.primary().record->cur.id);
}

TEST_CASE("a store with an epoch key and no record is left alone") {
  FleetWorld world;
  world.settle();
  for (auto& [name, stream] : world.streams) stream.record.reset();
  const auto outcome = carry(world, add_run());
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason.find("it was lost") != std::string::npos);
  CHECK(!world.primary().record);
}

TEST_CASE("a store whose proxies know an epoch gets no first record") {
  FleetWorld world;
  world.settle();
  world.add_proxies(1);
  for (int i = 0; i < 300; ++i) world.step();
  for (auto& [name, stream] : world.streams) stream = {};
  const auto outcome = carry(world, add_run());
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason.find("know epoch 1") != std::string::npos);
  CHECK(!world.primary().record);
  world.proxies.clear();
  CHECK(carry(world, add_run()).end == End::done);
}

TEST_CASE("a forced hold, which has no way back, is not kept up by clients past the proxies") {
  FleetWorld world;
  world.settle();
  Change hold = hold_after(world.primary().record->cur, 0, 2, world.word());
  REQUIRE(hold.forced);
  for (auto& [name, stream] : world.streams) {
    stream.record = ControlRecord{hold, hold};
    stream.key = hold;
  }
  world.strangers = stranger;
  const auto outcome = carry(world, ChangeRequest{});
  CHECK(outcome.end == End::already);
  CHECK(!outcome.foreign.empty());
  CHECK(!world.primary().record->cur.hold);
  CHECK(world.primary().record->cur.era == 2);
}

TEST_CASE("an edit that is refused begins nothing") {
  FleetWorld world;
  world.settle();
  const auto outcome = carry(world, wish(Wanted::complete));
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason.find("from which no complete leads") != std::string::npos);
  CHECK(world.audit.empty());
}

TEST_CASE("a hold that is asked for although nothing changes is looked at by who asked for it") {
  FleetWorld world;
  world.settle(Phase::complete);
  ChangeRequest request;
  request.hold = true;
  request.edit = [](const Change& cur, const ChangeId&) -> Result<Change> { return cur; };
  CHECK(carry(world, request).end == End::done);
  CHECK(world.primary().record->cur.id.epoch == 3);
  CHECK(world.primary().record->cur.era == 1);
}

TEST_CASE("who heeds a backup begins no hold while it is marked, waits, and is refused with the reason") {
  FleetWorld world;
  world.settle();
  world.backup = true;
  ChangeRequest request = wish(Wanted::start);
  request.heed_backup = true;
  const auto outcome = carry(world, request);
  CHECK(outcome.end == End::refused);
  CHECK(outcome.reason.find("a backup is being taken") != std::string::npos);
  CHECK(world.audit.empty());
  CHECK(world.primary().record->settled());
  CHECK(phase_in(world) == Phase::observe);
  world.backup = false;
  CHECK(carry(world, request).end == End::done);
}

TEST_CASE("a backup is not heeded by who does not care, nor by a step that holds nobody") {
  FleetWorld world;
  world.settle(Phase::migrate);
  world.backup = true;
  ChangeRequest heeding = wish(Wanted::cutover);
  heeding.heed_backup = true;
  CHECK(carry(world, heeding).end == End::done);
  CHECK(carry(world, wish(Wanted::rollback)).end == End::done);
}
