// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/node_list.hpp"

#include <algorithm>

#include "driver/fleet_state.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
using control::KnownNode;
using control::NodeOverride;
using control::NodeSight;
namespace {

KnownNode known_as(const control::NodeMemory& memory, const NodeSight& sight) {
  for (const auto& [run, node] : memory.nodes)
    if (sight.reached ? run == sight.run : node.name == sight.name) return node;
  return {};
}

std::optional<NodeOverride> said_of(const std::map<std::string, NodeOverride>& all, const std::string& run) {
  const auto found = all.find(run);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

NodeShown shown(const NodeList& list, NodeSight sight) {
  NodeShown out;
  out.known = known_as(list.memory, sight);
  out.gone = said_of(list.memory.gone, out.known.run);
  out.unwaited = said_of(list.memory.unwaited, out.known.run);
  const auto counted = std::find_if(list.nodes.begin(), list.nodes.end(), [&](const auto& node) {
    return node.name == sight.name || (!sight.reached && node.name == sight.name + " (" + out.known.run + ")");
  });
  out.counts = counted != list.nodes.end();
  if (out.counts) out.trouble = counted->trouble;
  const auto offset = list.offsets.find(sight.name), head = list.offsets.find(list.seen[0].name);
  if (offset != list.offsets.end()) out.offset = offset->second;
  if (offset != list.offsets.end() && head != list.offsets.end() && head->second > offset->second)
    out.lag = head->second - offset->second;
  out.sight = std::move(sight);
  return out;
}

/// Nodes in the list, and those of whom only the memory knows.
std::vector<NodeShown> all_of(const NodeList& list) {
  std::vector<NodeShown> out;
  for (const NodeSight& sight : list.seen) out.push_back(shown(list, sight));
  for (const auto& [run, node] : list.memory.nodes) {
    const auto has = [&, &r = run](const NodeShown& one) { return one.known.run == r; };
    if (std::any_of(out.begin(), out.end(), has)) continue;
    out.push_back(shown(list, {node.name, false}));
    out.back().known = node;
    out.back().gone = said_of(list.memory.gone, run);
    out.back().unwaited = said_of(list.memory.unwaited, run);
  }
  // Who is seen no more and counts no more has left.
  std::erase_if(out, [](const NodeShown& one) { return !one.counts && !one.gone; });
  return out;
}

std::string names_of(const std::vector<NodeShown>& nodes) {
  std::string out;
  for (const NodeShown& node : nodes) out += (out.empty() ? "" : ", ") + node.sight.name;
  return out;
}

Result<NodeShown> find_node(const NodeList& list, const std::string& id) {
  const auto nodes = all_of(list);
  for (const NodeShown& node : nodes) {
    if (node.sight.name != id && node.known.name != id && node.known.run != id && node.sight.run != id) continue;
    if (node.known.run.empty() && node.sight.reached)
      return fail(ErrorCode::gate, "there is no control record at this store: nothing has to be said about its nodes");
    return node;
  }
  return fail(ErrorCode::gate, "no node is called '" + printable(id, 64) + "'; those there are: " + names_of(nodes));
}

NodeOverride said_now(std::string who) {
  return {std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()), std::move(who)};
}

}  // namespace

asio::awaitable<Result<std::vector<NodeShown>>> look_at_nodes(FleetStore& store) {
  FleetStore::State& state = store.state();
  state.gone_asked.clear();
  const auto list = co_await list_nodes(state);
  if (!list) co_return list.error();
  auto out = all_of(*list);
  for (NodeShown& node : out) {
    if (!node.sight.reached) continue;
    const auto key = co_await read_key_at(state, node.sight.name);
    node.key = !key ? key.error().what : *key ? text((*key)->id) : "-";
  }
  co_return Result<std::vector<NodeShown>>(boost::system::in_place_value, std::move(out));
}

asio::awaitable<Result<void>> declare_node_gone(FleetStore& store, std::string id, std::string who) {
  FleetStore::State& state = store.state();
  state.gone_asked.clear();
  const auto list = co_await list_nodes(state);
  if (!list) co_return list.error();
  const auto node = find_node(*list, id);
  if (!node) co_return node.error();
  if (node->sight.reached)
    co_return fail(ErrorCode::gate, node->sight.name +
                                        " answers: who is declared gone must be stopped or fenced, so that "
                                        "nothing runs there and nobody promotes it. Stop it first");
  if (node->gone) co_return Result<void>();
  std::vector<control::MemoryChange> change;
  KnownNode known = node->known;
  const NodeOverride said = said_now(std::move(who));
  if (known.run.empty()) {  // the record is lost, and what was remembered with it
    known = {"?" + node->sight.name, node->sight.name, said.at};
    change.push_back(control::remember(known));
  }
  change.push_back(control::declare_gone(known, said));
  co_return co_await write_memory(state, std::move(change));
}

asio::awaitable<Result<void>> exclude_node_from_wait(FleetStore& store, std::string id, std::string who) {
  FleetStore::State& state = store.state();
  const auto list = co_await list_nodes(state);
  if (!list) co_return list.error();
  const auto node = find_node(*list, id);
  if (!node) co_return node.error();
  if (node->sight.name == list->seen[0].name)
    co_return fail(ErrorCode::gate, node->sight.name + " is the primary: nobody waits for it");
  if (node->unwaited || node->known.run.empty()) co_return Result<void>();
  std::vector<control::MemoryChange> change;
  change.push_back(control::exclude_from_wait(node->known, said_now(std::move(who))));
  co_return co_await write_memory(state, std::move(change));
}

}  // namespace keyshift::driver
