// Who counts in a look: nodes that are listed, that were listed, that are declared gone, that come back.
#include "control/node_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/control/fleet_world.hpp"

using namespace keyshift;
using namespace keyshift::control;
using namespace keyshift::control::test;
using End = ChangeOutcome::End;

namespace {

constexpr UnixMillis now{std::chrono::milliseconds(1700000000123)};
const KnownNode a{"aaaa", "10.0.0.5:6379", now}, b{"bbbb", "10.0.0.6:6379", now};

NodeMemory knows(std::initializer_list<KnownNode> nodes) {
  NodeMemory out;
  for (const KnownNode& node : nodes) out.nodes[node.run] = node;
  return out;
}

NodeSight primary(std::string name, std::string run) {
  NodeSight out{std::move(name), true, true, std::move(run)};
  out.primary = true;
  return out;
}
NodeSight replica(std::string name, std::string run) {
  NodeSight out{std::move(name), true, true, std::move(run)};
  out.linked = true;
  return out;
}
NodeSight silent(std::string name, bool listed) {
  NodeSight out{std::move(name), listed};
  out.trouble = "timed out";
  return out;
}

/// What is counted and, of the memory afterwards, who is known.
struct After {
  std::vector<Node> nodes;
  NodeMemory memory;
  std::vector<MemoryChange> changes;
  [[nodiscard]] std::string trouble(const std::string& name) const {
    for (const Node& node : nodes)
      if (node.name == name) return node.trouble.empty() ? "none" : node.trouble;
    return "not counted";
  }
};
After look(NodeMemory memory, const std::vector<NodeSight>& seen) {
  Reckoning out = reckon(memory, seen, now);
  for (const MemoryChange& change : out.changes) apply(memory, change);
  return {std::move(out.nodes), std::move(memory), std::move(out.changes)};
}

const NodeOverride said{now, "ann@desk"};

ChangeOutcome carry(FleetWorld& world, ChangeRequest request) {
  Flip flip(std::move(request), [&world] { return world.word(); });
  REQUIRE(drive(world, flip));
  return flip.outcome();
}

}  // namespace

TEST_CASE("nodes and overrides are these fields, for ever") {
  CHECK(remember(a) == MemoryChange{"node aaaa", "1 1700000000123 10.0.0.5:6379", {}});
  CHECK(declare_gone(a, said).field == "gone aaaa");
  CHECK(declare_gone(a, said).value == "1 1700000000123 ann@desk");
  CHECK(exclude_from_wait(a, said).field == "wait aaaa");
  const NodeMemory read = read_node_memory({{"node aaaa", "1 1700000000123 10.0.0.5:6379"},
                                            {"gone aaaa", "1 1700000000123 ann@desk"},
                                            {"wait aaaa", "1 1700000000123 ann@desk"},
                                            {"of a later version", "x"}});
  CHECK(read.nodes == knows({a}).nodes);
  CHECK(read.gone.at("aaaa") == said);
  CHECK(read.unwaited.at("aaaa") == said);
}

TEST_CASE(
    "a node in a form that is not known counts as one that cannot be asked, and an override in one does not count") {
  const NodeMemory read = read_node_memory({{"node cccc", "2 what"}, {"gone cccc", "2 what"}, {"node dddd", "1 x y"}});
  const auto after = look(read, {primary(a.name, a.run)});
  CHECK(after.nodes.size() == 3);
  CHECK(after.trouble("node cccc").find("does not know") != std::string::npos);
}

TEST_CASE("whoever is seen is written down once, and then nothing is written") {
  const std::vector<NodeSight> seen{primary(a.name, a.run), replica(b.name, b.run)};
  const auto first = look({}, seen);
  CHECK(first.memory == knows({a, b}));
  CHECK(first.nodes == std::vector<Node>{{a.name, true, ""}, {b.name, false, ""}});
  CHECK(look(first.memory, seen).changes.empty());
}

TEST_CASE("a replica that dropped out of the list is asked itself, and counts until it is seen to have left") {
  const NodeMemory memory = knows({a, b});
  const std::vector<NodeSight> listed{primary(a.name, a.run)};
  CHECK(unlisted(memory, listed) == std::vector<std::string>{b.name});
  const auto with = [&](const NodeSight& sight) { return look(memory, {listed[0], sight}); };
  CHECK(with(silent(b.name, false)).trouble(b.name) ==
        "timed out. If it is stopped for good, say so: keyshift nodes --declare-gone 10.0.0.6:6379");
  NodeSight other = replica(b.name, b.run);
  other.listed = false;
  CHECK(with(other).trouble(b.name) == "is not listed by its primary");
  other.linked = false;
  CHECK(with(other).trouble(b.name) == "is not connected to its primary");
  other.primary = true;
  CHECK(with(other).trouble(b.name).starts_with("is a primary by itself"));
  other.key = false;
  CHECK(with(other).trouble(b.name) == "not counted");
  CHECK(with(other).memory == knows({a}));
}

TEST_CASE("a replica that began anew before it was synchronized still counts") {
  NodeSight empty = replica(b.name, "b2b2");
  empty.listed = empty.linked = empty.key = false;
  empty.trouble = "is not connected to its primary";
  const auto after = look(knows({a, b}), {primary(a.name, a.run), empty});
  CHECK(after.trouble(b.name) == "is not connected to its primary");
  CHECK(after.memory.nodes.contains("b2b2"));
  CHECK(!after.memory.nodes.contains(b.run));
}

TEST_CASE("a node that is declared gone does not count until it answers, which is audited") {
  NodeMemory memory = knows({a, b});
  apply(memory, declare_gone(b, said));
  for (const bool listed : {false, true}) {
    const auto away = look(memory, {primary(a.name, a.run), silent(b.name, listed)});
    CHECK(away.trouble(b.name) == "not counted");
    CHECK(away.changes.empty());
  }
  const auto back = look(memory, {primary(a.name, a.run), replica(b.name, b.run)});
  CHECK(back.trouble(b.name) == "none");
  CHECK(back.memory.gone.empty());
  REQUIRE(back.changes.size() == 1);
  CHECK(back.changes[0].audit[0].second == "no longer gone");
  NodeSight alone = primary(b.name, b.run);
  alone.listed = false;
  CHECK(look(memory, {primary(a.name, a.run), alone}).trouble(b.name).starts_with("is a primary by itself"));
}

TEST_CASE("an exclusion from WAIT ends when the replica has everything") {
  NodeMemory memory = knows({a, b});
  apply(memory, exclude_from_wait(b, said));
  NodeSight seen = replica(b.name, b.run);
  CHECK(look(memory, {primary(a.name, a.run), seen}).changes.empty());
  CHECK(look(memory, {primary(a.name, a.run), silent(b.name, true)}).memory.unwaited.size() == 1);
  seen.level = true;
  CHECK(look(memory, {primary(a.name, a.run), seen}).memory == knows({a, b}));
}

TEST_CASE("a listed node that never answered can be declared gone, too") {
  const auto first = look(knows({a}), {primary(a.name, a.run), silent(b.name, true)});
  CHECK(first.trouble(b.name).starts_with("timed out"));
  NodeMemory memory = first.memory;
  REQUIRE(memory.nodes.contains("?" + b.name));
  apply(memory, declare_gone(memory.nodes["?" + b.name], said));
  CHECK(look(memory, {primary(a.name, a.run), silent(b.name, true)}).trouble(b.name) == "not counted");
  const auto back = look(memory, {primary(a.name, a.run), replica(b.name, b.run)});
  CHECK(back.memory == knows({a, b}));
}

TEST_CASE("a server that began anew at its address is one node") {
  const auto after = look(knows({a, b}), {primary(a.name, "a2a2"), replica(b.name, b.run)});
  CHECK(after.nodes.size() == 2);
  CHECK(after.memory.nodes.size() == 2);
  CHECK(after.memory.nodes.contains("a2a2"));
}

TEST_CASE("behind an address that leads to another node now, the one that was there still counts") {
  const KnownNode old{"aaaa", "redis:6379", now};
  auto after = look(knows({old, b}), {primary("redis:6379", b.run)});
  const std::string name = "former redis:6379 (aaaa)";
  for (int i = 0; i < 2; ++i) {  // the second time from what was written the first time
    CHECK(after.trouble(name).find("--declare-gone aaaa") != std::string::npos);
    CHECK(unlisted(after.memory, {primary("redis:6379", b.run)}).empty());
    after = look(after.memory, {primary("redis:6379", b.run)});
  }
  const auto back = look(after.memory, {primary("redis:6379", b.run), replica("10.0.0.5:6379", "aaaa")});
  CHECK(back.nodes.size() == 2);
  CHECK(back.memory == knows({a, b}));
}

TEST_CASE("one server under two addresses is counted once") {
  const auto after = look(knows({{"aaaa", "localhost:6379", now}}), {primary("127.0.0.1:6379", "aaaa")});
  CHECK(after.nodes.size() == 1);
  CHECK(after.changes.empty());
}

TEST_CASE("a flip does not turn while a replica that was seen once is away; it may be promoted later") {
  FleetWorld world;
  world.settle();
  CHECK(carry(world, wish(Wanted::start)).end == End::done);
  world.dropped.insert("b:2");
  world.down.insert("b:2");
  const auto refused = carry(world, wish(Wanted::rollback));
  CHECK(refused.end == End::refused);
  CHECK(refused.reason.find("--declare-gone b:2") != std::string::npos);
  world.down.clear();  // it answers, and is still not listed
  CHECK(carry(world, wish(Wanted::rollback)).end == End::refused);
  CHECK(world.primary().record->cur.era == 2);
}

TEST_CASE("without that memory the fleet turns, and who is promoted knows nothing of the era") {
  FleetWorld world;
  world.remembers = false;
  world.settle();
  CHECK(carry(world, wish(Wanted::start)).end == End::done);
  world.dropped.insert("b:2");
  world.down.insert("b:2");
  CHECK(carry(world, wish(Wanted::rollback)).end == End::done);
  CHECK(world.primary().record->cur.era == 3);
  world.down.clear();
  world.primary_name = "b:2";
  CHECK(world.primary().record->cur.era == 2);
  CHECK(world.primary().key->era == 2);
}

TEST_CASE("a node that is declared gone lets the fleet turn, and stops it when it returns without the fleet's change") {
  FleetWorld world;
  world.settle();
  CHECK(carry(world, wish(Wanted::start)).end == End::done);
  world.dropped.insert("b:2");
  world.down.insert("b:2");
  const KnownNode node = world.primary().memory.nodes.at("run-b:2");
  apply(world.primary().memory, declare_gone(node, said));
  CHECK(carry(world, wish(Wanted::rollback)).end == End::done);
  world.down.clear();
  CHECK(carry(world, wish(Wanted::start)).end == End::refused);
  CHECK(world.primary().memory.gone.empty());
  world.dropped.clear();
  CHECK(carry(world, wish(Wanted::start)).end == End::done);
  CHECK(world.streams["b:2"].key->id == world.primary().record->cur.id);
}
