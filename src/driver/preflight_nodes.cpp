// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/preflight_nodes.hpp"

#include "driver/bypass.hpp"
#include "driver/fleet_state.hpp"
#include "driver/preflight_rights.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

asio::awaitable<control::NodeFacts> ask_one(FleetStore::State& state, control::Node node,
                                            const PreflightOptions& options, control::PreflightFacts& facts) {
  control::NodeFacts out;
  out.name = std::move(node.name);
  out.trouble = std::move(node.trouble);
  const auto connection = co_await state.connection(out.name);
  if (!connection) co_return out;  // the list says why
  std::vector<Bytes> ask{"INFO"};
  const auto info = co_await (*connection)->ask(std::move(ask));
  if (!info || info->error()) co_return out;
  out.info = info->text;
  control::PreflightFacts own;
  co_await ask_rights(**connection, nullptr, own);
  out.refused_commands = std::move(own.refused_commands);
  const auto clients = co_await bypass_clients(**connection, options.allow);
  if (clients) facts.bypass.insert(facts.bypass.end(), clients->begin(), clients->end());
  co_return out;
}

}  // namespace

asio::awaitable<void> ask_nodes(asio::any_io_executor executor, const PreflightOptions& options,
                                control::PreflightFacts& facts) {
  FleetOptions fleet;
  fleet.upstream = options.upstream;
  fleet.name = options.name;
  fleet.request_limit = options.limit;
  FleetStore store(std::move(executor), std::move(fleet));
  const auto list = co_await list_nodes(store.state());
  if (!list) co_return facts.unknown.push_back("the nodes of the store: " + list.error().what);
  for (std::size_t i = 1; i < list->nodes.size(); ++i)
    facts.nodes.push_back(co_await ask_one(store.state(), list->nodes[i], options, facts));
}

}  // namespace keyshift::driver
