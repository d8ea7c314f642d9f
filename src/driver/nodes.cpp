// The servers of one store, each asked itself.
// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <algorithm>

#include "driver/fleet_state.hpp"
#include "driver/replica_list.hpp"
#include "resp/encode.hpp"
#include "store/server_info.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kMostNodes = 256;

asio::awaitable<Result<std::string>> info_of(FleetStore::State& state, std::string node) {
  const auto connection = co_await state.connection(std::move(node));
  if (!connection) co_return connection.error();
  Bytes commands;
  for (const char* section : {"server", "replication", "persistence", "memory"})
    resp::append_command(commands, {"INFO", section});
  const auto replies = co_await (*connection)->ask(std::move(commands), 4);
  if (!replies) co_return replies.error();
  std::string text;
  for (const resp::Reply& reply : *replies) {
    if (reply.error()) co_return fail(ErrorCode::store, reply.text);
    text += reply.text + "\n";
  }
  co_return text;
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

}  // namespace

asio::awaitable<Result<NodeList>> list_nodes(FleetStore::State& state) {
  NodeList out;
  out.nodes.push_back({state.primary_name(), true, {}});
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    const auto info = co_await info_of(state, out.nodes[i].name);
    if (!info && i == 0) co_return info.error();
    if (!info) {
      out.nodes[i].trouble = info.error().what;
      continue;
    }
    if (i == 0 && store::info_field(*info, "role") != "master")
      co_return fail(ErrorCode::store, out.nodes[i].name + " is no primary now");
    if (i == 0)
      out.identity = std::string(store::info_field(*info, "run_id")) + ":" +
                     std::string(store::info_field(*info, "master_replid"));
    if (out.nodes[i].trouble.empty()) out.nodes[i].trouble = trouble_of(*info, i == 0);
    for (control::Node& replica : replicas_in(*info)) {
      const auto same = [&](const control::Node& node) { return node.name == replica.name; };
      if (out.nodes.size() < kMostNodes && std::none_of(out.nodes.begin(), out.nodes.end(), same))
        out.nodes.push_back(std::move(replica));
    }
  }
  co_return out;
}

}  // namespace keyshift::driver
