// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/fence.hpp"

#include "control/client_line.hpp"
#include "control/connection_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

asio::awaitable<Result<FenceLook>> look_at_users(store::Connection& connection) {
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

asio::awaitable<Result<void>> apply_fence(store::Connection& connection, std::vector<control::FenceStep> steps) {
  for (std::size_t done = 0; done < steps.size(); ++done) {
    std::vector<Bytes> argv{"ACL", "SETUSER", steps[done].user};
    argv.insert(argv.end(), steps[done].apply.begin(), steps[done].apply.end());
    const auto reply = co_await connection.ask(std::move(argv));
    if (!reply) co_return reply.error();
    if (reply->error())
      co_return fail(ErrorCode::store, "ACL SETUSER " + printable(steps[done].user, 64) + " was refused: " +
                                           reply->text + " (" + std::to_string(done) + " users before it are fenced)");
  }
  co_return Result<void>();
}

}  // namespace keyshift::driver
