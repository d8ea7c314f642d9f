// The servers of one store, each asked itself.
// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>
#include <charconv>

#include "driver/fleet_state.hpp"
#include "driver/replica_list.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::NodeSight;
using State = FleetStore::State;
constexpr std::size_t kMostNodes = 256;
/// Who is declared gone is asked whether it is back no more often than this: asking may take the whole time limit.
constexpr Duration kAskGoneEvery = seconds(5);

/// INFO of a node; whether an epoch key lies there is asked with it.
struct Told {
  std::string info;
  bool key = true;
};
asio::awaitable<Result<Told>> ask_node(State& state, std::string node) {
  const auto connection = co_await state.connection(std::move(node));
  if (!connection) co_return connection.error();
  Bytes commands;
  for (const char* section : {"server", "replication", "persistence", "memory"})
    resp::append_command(commands, {"INFO", section});
  resp::append_command(commands, {"EXISTS", migration::epoch_key_name()});
  const auto replies = co_await (*connection)->ask(std::move(commands), 5);
  if (!replies) co_return replies.error();
  Told out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (replies->at(i).error()) co_return fail(ErrorCode::store, replies->at(i).text);
    out.info += replies->at(i).text + "\n";
  }
  const resp::Reply& key = replies->at(4);
  out.key = key.error() || key.integer != 0;
  co_return out;
}

/// Why a server may not carry a flip now; empty: it may.
std::string trouble_of(std::string_view info, bool primary) {
  const auto field = [&](std::string_view name) { return store::info_field(info, name); };
  if (field("loading") == "1") return "is loading its data";
  if (!primary && field("role") != "slave") return "is no replica any more";
  if (!primary && field("master_link_status") != "up") return "is not connected to its primary";
  if (field("maxmemory_policy").starts_with("allkeys") && field("maxmemory") != "0")
    return "may evict any key (maxmemory-policy " + std::string(field("maxmemory_policy")) +
           "), the control record too: choose noeviction or a volatile policy";
  return {};
}

std::uint64_t offset_in(std::string_view info) {
  const auto own =
      store::info_field(info, store::info_field(info, "role") == "slave" ? "slave_repl_offset" : "master_repl_offset");
  std::uint64_t out = 0;
  std::from_chars(own.data(), own.data() + own.size(), out);
  return out;
}

/// What is remembered, and whether there is a control record beside which to remember.
struct Remembered {
  control::NodeMemory memory;
  bool record = false;
};
asio::awaitable<Result<Remembered>> read_memory(State& state) {
  const auto connection = co_await state.connection(state.primary_name());
  if (!connection) co_return connection.error();
  Bytes commands;
  resp::append_command(commands, {"HGETALL", migration::nodes_name()});
  resp::append_command(commands, {"EXISTS", migration::control_record_name()});
  const auto replies = co_await (*connection)->ask(std::move(commands), 2);
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    if (reply.error()) co_return fail(ErrorCode::store, migration::nodes_name() + ": " + reply.text);
  std::map<Bytes, Bytes> fields;
  const auto& elements = replies->at(0).elements;
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) fields[elements[i].text] = elements[i + 1].text;
  co_return Remembered{control::read_node_memory(fields), replies->at(1).integer == 1};
}

bool is_gone(const control::NodeMemory& memory, const std::string& name) {
  return std::any_of(memory.gone.begin(), memory.gone.end(), [&](const auto& gone) {
    const auto node = memory.nodes.find(gone.first);
    return node != memory.nodes.end() && node->second.name == name;
  });
}

/// Asks one node and fills in `sight`; the replicas that it lists follow in `out`.
asio::awaitable<void> look_at(State& state, NodeList& out, std::size_t which) {
  const std::string name = out.seen[which].name;
  if (is_gone(out.memory, name)) {
    const Time now = std::chrono::steady_clock::now();
    const auto last = state.gone_asked.find(name);
    if (last != state.gone_asked.end() && now - last->second < kAskGoneEvery) co_return;
    state.gone_asked[name] = now;
  }
  const auto told = co_await ask_node(state, name);
  NodeSight& sight = out.seen[which];
  if (!told) {
    sight.trouble = told.error().what;
    co_return;
  }
  const bool online = sight.trouble.empty();  // else its primary says why it is not
  sight.reached = true;
  sight.run = store::info_field(told->info, "run_id");
  sight.primary = store::info_field(told->info, "role") == "master";
  sight.linked = store::info_field(told->info, "master_link_status") == "up";
  sight.key = told->key;
  if (online) sight.trouble = trouble_of(told->info, which == 0);
  out.offsets[name] = offset_in(told->info);
  sight.level = sight.linked && out.offsets[name] >= out.offsets[out.seen[0].name];
  if (which == 0) out.identity = sight.run + ":" + std::string(store::info_field(told->info, "master_replid"));
  if (!sight.listed) co_return;
  for (control::Node& replica : replicas_in(told->info)) {
    const auto same = [&](const NodeSight& one) { return one.name == replica.name; };
    if (out.seen.size() >= kMostNodes || std::any_of(out.seen.begin(), out.seen.end(), same)) continue;
    NodeSight found{std::move(replica.name), true};
    found.trouble = std::move(replica.trouble);
    out.seen.push_back(std::move(found));
  }
}

UnixMillis wall_clock() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// MULTI to EXEC; `count`: how many replies it gets.
Bytes transaction_of(const std::vector<control::MemoryChange>& changes, const Bytes& self, std::size_t& count) {
  const Bytes name = migration::nodes_name(), audit = migration::audit_name();
  Bytes out;
  count = 2;
  resp::append_command(out, {"MULTI"});
  for (const control::MemoryChange& change : changes) {
    if (change.value)
      resp::append_command(out, {"HSET", name, change.field, *change.value});
    else
      resp::append_command(out, {"HDEL", name, change.field});
    ++count;
    if (change.audit.empty()) continue;
    std::vector<BytesView> entry{"XADD", audit, "MAXLEN", "~", "10000", "*"};
    bool named = false;
    for (const auto& [field, value] : change.audit) {
      entry.insert(entry.end(), {field, value});
      named = named || field == "who";
    }
    if (!named) entry.insert(entry.end(), {"who", self});
    resp::append_command(out, entry);
    ++count;
  }
  resp::append_command(out, {"EXEC"});
  return out;
}

}  // namespace

asio::awaitable<Result<NodeList>> list_nodes(State& state) {
  NodeList out;
  auto remembered = co_await read_memory(state);
  if (!remembered) co_return remembered.error();
  out.memory = std::move(remembered->memory);
  NodeSight first;
  first.name = state.primary_name();
  first.listed = true;
  out.seen.push_back(std::move(first));
  for (std::size_t i = 0; i < out.seen.size(); ++i) {
    co_await look_at(state, out, i);
    if (i > 0) continue;
    if (!out.seen[0].reached) co_return fail(ErrorCode::store, out.seen[0].trouble);
    if (!out.seen[0].primary) co_return fail(ErrorCode::store, out.seen[0].name + " is no primary now");
  }
  for (std::string& name : control::unlisted(out.memory, out.seen)) {
    NodeSight once;
    once.name = std::move(name);
    out.seen.push_back(std::move(once));
    co_await look_at(state, out, out.seen.size() - 1);
  }
  auto reckoned = control::reckon(out.memory, out.seen, wall_clock());
  out.nodes = std::move(reckoned.nodes);
  if (!remembered->record || reckoned.changes.empty()) co_return out;
  for (const control::MemoryChange& change : reckoned.changes) control::apply(out.memory, change);
  const auto written = co_await write_memory(state, std::move(reckoned.changes));
  if (!written)
    co_return fail(ErrorCode::store, "what nodes there are cannot be written down: " + written.error().what);
  co_return out;
}

asio::awaitable<Result<void>> write_memory(State& state, std::vector<control::MemoryChange> changes) {
  const auto connection = co_await state.connection(state.primary_name());
  if (!connection) co_return connection.error();
  std::size_t count = 0;
  Bytes commands = transaction_of(changes, "driver " + state.options.name, count);
  const auto replies = co_await (*connection)->ask(std::move(commands), count);
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    if (reply.error()) co_return fail(ErrorCode::store, reply.text);
  co_return Result<void>();
}

}  // namespace keyshift::driver
