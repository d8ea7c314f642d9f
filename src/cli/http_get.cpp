// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "cli/http_get.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace keyshift::cli {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t longest_body = 4 << 20;

struct Exchange {
  std::string host, port, path;
  Duration limit;
  boost::system::error_code error;
  http::response_parser<http::string_body> parser;
};

asio::awaitable<void> exchange(Exchange& out) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  beast::tcp_stream stream(executor);
  stream.expires_after(out.limit);
  auto [unresolved, addresses] = co_await resolver.async_resolve(out.host, out.port, awaiting);
  out.error = unresolved;
  if (out.error) co_return;
  auto [unconnected, where] = co_await stream.async_connect(addresses, awaiting);
  out.error = unconnected;
  if (out.error) co_return;
  http::request<http::empty_body> request(http::verb::get, out.path, 11);
  request.set(http::field::host, out.host);
  request.keep_alive(false);
  auto [unsent, sent] = co_await http::async_write(stream, request, awaiting);
  out.error = unsent;
  if (out.error) co_return;
  beast::flat_buffer buffer;
  out.parser.body_limit(longest_body);
  auto [unread, read] = co_await http::async_read(stream, buffer, out.parser, awaiting);
  out.error = unread;
}

}  // namespace

Result<std::string> http_get(const std::string& address, const std::string& path, Duration limit) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return fail(ErrorCode::usage, "'" + printable(address) + "' is not ADDRESS:PORT");
  Exchange out{address.substr(0, colon), address.substr(colon + 1), path, limit, {}, {}};
  if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
  asio::io_context io(1);
  asio::co_spawn(io, exchange(out), asio::detached);
  io.run();
  const std::string from = "http://" + printable(address) + path;
  if (out.error) return fail(ErrorCode::system, from + ": " + out.error.message());
  if (out.parser.get().result() != http::status::ok)
    return fail(ErrorCode::system, from + ": HTTP " + std::to_string(out.parser.get().result_int()));
  return out.parser.get().body();
}

}  // namespace keyshift::cli
