#include "control/repair.hpp"

#include <doctest/doctest.h>

#include "control/change_rules.hpp"
#include "control/control_record.hpp"
#include "unit/control/fleet_world.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace keyshift::control::test;
using Kind = RepairPlan::Kind;
using State = ChangeFound::State;

namespace {

Change serve(std::uint64_t epoch, std::uint64_t era, Phase phase = Phase::migrate) {
  Change out;
  out.id = {epoch, 7 * epoch};
  out.prev = {epoch - 1, 7};
  out.era = era;
  out.scope = {2, 14};
  out.runs.push_back({"r1", "users", "abc", phase, Wanted::nothing, {2, 14}});
  return out;
}

ChangeFound found(const Change& change) { return change_found(encode(change)); }

/// Record and key of one primary with one replica, both at `change`.
RepairFacts settled(const Change& change) {
  RepairFacts out;
  out.cur = out.next = found(change);
  NodeKnowledge node;
  node.key = found(change);
  for (const char* name : {"a:1", "b:2"}) {
    node.name = name;
    out.nodes.push_back(node);
  }
  out.specs = {"abc"};
  return out;
}
void flush(RepairFacts& facts) {
  facts.cur = facts.next = {};
  for (NodeKnowledge& node : facts.nodes) node.key = {};
  facts.specs.clear();
}

}  // namespace

TEST_CASE("bytes where a change should be are absent, fine, damaged, or of a format of their own") {
  CHECK(change_found(std::nullopt).state == State::absent);
  const auto fine = found(serve(5, 2));
  CHECK(fine.state == State::fine);
  CHECK(fine.id == ChangeId{5, 35});
  CHECK(change_found("rubbish").state == State::damaged);
  Bytes later = encode(serve(5, 2));
  later.replace(later.find(" 1\n"), 2, " 2");
  CHECK(change_found(later).state == State::unknown);
  CHECK(change_found(later).id == ChangeId{5, 35});
  Bytes cut = encode(serve(5, 2));
  cut.resize(cut.size() - 3);
  CHECK(change_found(cut).state == State::damaged);
  CHECK(change_found(cut).id == ChangeId{5, 35});
}

TEST_CASE("where record and keys agree, and where nothing ever was, there is nothing to repair") {
  CHECK(plan_repair(settled(serve(5, 2)), 9).kind == Kind::nothing);
  RepairFacts nothing;
  nothing.nodes.resize(1);
  CHECK(plan_repair(nothing, 9).kind == Kind::nothing);
  auto behind = settled(serve(5, 2));
  behind.nodes[0].key = found(serve(4, 2));  // any proxy brings it into step
  CHECK(plan_repair(behind, 9).kind == Kind::nothing);
}

TEST_CASE("a hold or a turn that is under way is only carried on") {
  auto facts = settled(serve(5, 2));
  facts.next = found(hold_after(serve(5, 2), 0, 0, 3));
  CHECK(plan_repair(facts, 9).kind == Kind::finish);
  facts.cur = facts.next;
  CHECK(plan_repair(facts, 9).kind == Kind::finish);
}

TEST_CASE("a run whose spec is gone is named") {
  auto facts = settled(serve(5, 2));
  facts.specs.clear();
  const auto plan = plan_repair(facts, 9);
  CHECK(plan.kind == Kind::nothing);
  CHECK(plan.missing == std::vector<std::string>{"users"});
}

TEST_CASE("a record that is gone is made anew from the key: its era, its runs, an epoch above all") {
  auto facts = settled(serve(5, 2));
  facts.cur = facts.next = {};
  facts.nodes[1].names["7.0000000000000001"] = 3;
  facts.nodes[1].highest = 7;
  facts.nodes[0].key.change->runs[0].wanted = Wanted::cutover;
  const auto plan = plan_repair(facts, 9);
  REQUIRE(plan.kind == Kind::write);
  CHECK(plan.proven);
  CHECK(plan.hold.id == ChangeId{8, 9});
  CHECK(plan.hold.prev == ChangeId{5, 35});
  CHECK(plan.hold.hold);
  CHECK(plan.hold.forced);
  CHECK(plan.hold.era == 2);
  REQUIRE(plan.hold.runs.size() == 1);
  CHECK(plan.hold.runs[0].phase == Phase::migrate);
  CHECK(plan.hold.runs[0].wanted == Wanted::nothing);
}

TEST_CASE("after FLUSHALL nothing can be proven: no run, and an era that nobody can have seen") {
  auto facts = settled(serve(5, 3));
  flush(facts);
  facts.nodes[0].names["free=2.000000000000000e"] = 4;  // proxies that refuse show only their scope
  facts.nodes[0].highest = 2;
  const auto plan = plan_repair(facts, 9);
  REQUIRE(plan.kind == Kind::write);
  CHECK(!plan.proven);
  CHECK(plan.hold.runs.empty());
  CHECK(plan.hold.id.epoch == 2 + kUnseenEpochs);
  CHECK(plan.hold.era > 3);
  CHECK(plan.hold.scope == plan.hold.id);
}

TEST_CASE("a key that is gone, damaged or foreign is put right from the record") {
  for (const ChangeFound& key : {ChangeFound{}, change_found("rubbish")}) {
    auto facts = settled(serve(5, 2));
    facts.nodes[0].key = key;
    const auto plan = plan_repair(facts, 9);
    REQUIRE(plan.kind == Kind::write);
    CHECK(plan.reasons.size() == 1);
    CHECK(plan.hold.era == 2);
    CHECK(plan.hold.runs == serve(5, 2).runs);
  }
}

TEST_CASE("a damaged half of the record does not hide what the other one and the key know") {
  auto facts = settled(serve(5, 2));
  facts.next = change_found("rubbish");
  CHECK(plan_repair(facts, 9).hold.runs == serve(5, 2).runs);
  facts.cur = change_found("rubbish");
  CHECK(plan_repair(facts, 9).hold.runs == serve(5, 2).runs);
  facts.nodes[0].key = change_found("rubbish");
  CHECK(plan_repair(facts, 9).proven);  // the replica's key
  facts.nodes[1].key = {};
  const auto plan = plan_repair(facts, 9);
  CHECK(plan.kind == Kind::write);
  CHECK(!plan.proven);
}

TEST_CASE("what a later version wrote counts by its epoch") {
  Bytes later = encode(serve(50, 2));
  later.replace(later.find(" 1\n"), 2, " 2");
  auto facts = settled(serve(5, 2));
  facts.cur = facts.next = change_found(later);
  const auto plan = plan_repair(facts, 9);
  CHECK(plan.kind == Kind::write);
  CHECK(plan.hold.id.epoch == 51);
  CHECK(plan.reasons[0].find("format 2") != std::string::npos);
}

TEST_CASE("a record that went back is followed from the key of the higher era, and above every name") {
  auto facts = settled(serve(5, 2));
  facts.cur = facts.next = found(serve(3, 1, Phase::observe));
  auto plan = plan_repair(facts, 9);
  REQUIRE(plan.kind == Kind::write);
  CHECK(plan.hold.era == 2);
  CHECK(plan.hold.runs[0].phase == Phase::migrate);
  CHECK(plan.hold.id.epoch == 6);
  facts = settled(serve(3, 1, Phase::observe));  // a restored backup: only who is connected knows better
  facts.nodes[0].highest = 8;
  plan = plan_repair(facts, 9);
  REQUIRE(plan.kind == Kind::write);
  CHECK(plan.hold.era == 1);
  CHECK(plan.hold.id.epoch == 9);
}

TEST_CASE("what a repair writes is carried to its serve by anybody, and proxies serve under it") {
  for (const bool everything : {true, false}) {
    CAPTURE(everything);
    FleetWorld world;
    world.settle(Phase::migrate);
    world.add_proxies(2);
    for (int i = 0; i < 500; ++i) world.step();
    RepairFacts facts;
    NodeKnowledge node;
    node.name = "a:1";
    if (!everything) node.key.state = State::fine, node.key.change = world.primary().key;
    FlipAsk ask;
    ask.kind = FlipAsk::Kind::look;
    ask.node = "a:1";
    count_names(node, world.answer(ask).clients);
    CHECK(node.highest == 1);
    facts.nodes = {node};
    const auto plan = plan_repair(facts, 9);
    REQUIRE(plan.kind == Kind::write);
    for (auto& [name, stream] : world.streams) stream = {ControlRecord{plan.hold, plan.hold}, plan.hold, 0, {}};
    Flip flip(ChangeRequest{}, [&world] { return world.word(); });
    REQUIRE(drive(world, flip));
    const ControlRecord& record = *world.primary().record;
    CHECK(record.settled());
    CHECK(!record.cur.hold);
    CHECK(record.cur.era == plan.hold.era);
    CHECK(record.cur.prev == plan.hold.id);
    CHECK(world.streams["b:2"].key->id == record.cur.id);
    for (int i = 0; i < 500; ++i) world.step();
    CHECK(world.primary().executed == plan.hold.era);
    CHECK(!world.order_broken);
  }
}
