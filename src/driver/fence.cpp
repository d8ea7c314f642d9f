// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/fence.hpp"

#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "driver/fleet_state.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<FenceLook>> users_at(store::Connection& connection) {
  Bytes commands;
  resp::append_command(commands, {"ACL", "LIST"});
  resp::append_command(commands, {"ACL", "WHOAMI"});
  resp::append_command(commands, {"CLIENT", "LIST"});
  const auto replies = co_await connection.ask(std::move(commands), 3);
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    if (reply.error()) co_return fail(ErrorCode::store, "the users cannot be listed: " + reply.text);
  FenceLook out;
  out.self = replies->at(1).text;
  for (const resp::Reply& line : replies->at(0).elements)
    if (auto user = control::read_acl_line(line.text)) out.users.push_back(std::move(*user));
  for (const control::ClientFields& client : control::every_client(replies->at(2).text))
    if (control::connection_name_of(client.name)) out.proxied.emplace(client.user);
  co_return out;
}

}  // namespace

asio::awaitable<Result<std::vector<NodeUsers>>> look_at_users(FleetStore& store) {
  FleetStore::State& state = store.state();
  std::vector<NodeUsers> out;
  const auto list = co_await list_nodes(state);
  const std::size_t count = list ? list->nodes.size() : 1;
  std::set<std::string> proxied;
  for (std::size_t i = 0; i < count; ++i) {
    NodeUsers one;
    one.node = list ? list->nodes[i].name : state.primary_name();
    const auto connection = co_await state.connection(one.node);
    if (!connection && i == 0) co_return connection.error();
    if (!connection) {
      one.trouble = connection.error().what;
      out.push_back(std::move(one));
      continue;
    }
    auto look = co_await users_at(**connection);
    if (!look && i == 0) co_return look.error();
    if (!look) one.trouble = look.error().what;
    if (look) {
      one.look = std::move(*look);
      proxied.insert(one.look.proxied.begin(), one.look.proxied.end());
    }
    out.push_back(std::move(one));
  }
  for (NodeUsers& one : out) one.look.proxied = proxied;
  co_return Result<std::vector<NodeUsers>>(boost::system::in_place_value, std::move(out));
}

asio::awaitable<Result<void>> apply_fence(FleetStore& store, std::string node, std::vector<control::FenceStep> steps) {
  const auto connection = co_await store.state().connection(node);
  if (!connection) co_return connection.error();
  for (std::size_t done = 0; done < steps.size(); ++done) {
    std::vector<Bytes> argv{"ACL", "SETUSER", steps[done].user};
    argv.insert(argv.end(), steps[done].apply.begin(), steps[done].apply.end());
    const auto reply = co_await (*connection)->ask(std::move(argv));
    if (!reply) co_return reply.error();
    if (reply->error())
      co_return fail(ErrorCode::store, node + ": ACL SETUSER " + printable(steps[done].user, 64) + " was refused: " +
                                           reply->text + " (" + std::to_string(done) + " users before it are fenced)");
  }
  co_return Result<void>();
}

}  // namespace keyshift::driver
