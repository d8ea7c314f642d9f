#include "driver/bypass.hpp"

#include "resp/encode.hpp"

namespace keyshift::driver {

boost::asio::awaitable<Result<std::vector<control::BypassClient>>> bypass_clients(
    store::Connection& connection, std::span<const transforms::AllowedClient> allow) {
  Bytes commands;
  resp::append_command(commands, {"CLIENT", "ID"});
  resp::append_command(commands, {"CLIENT", "LIST"});
  const auto replies = co_await connection.ask(std::move(commands), 2);
  if (!replies) co_return replies.error();
  for (const resp::Reply& reply : *replies)
    if (reply.error()) co_return fail(ErrorCode::store, "the clients of Redis cannot be listed: " + reply.text);
  co_return control::bypass_clients(replies->at(1).text, static_cast<std::uint64_t>(replies->at(0).integer), allow);
}

}  // namespace keyshift::driver
