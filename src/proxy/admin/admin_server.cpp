// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "proxy/admin/admin_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <list>
#include <optional>
#include <thread>

#include "proxy/admin/routes.hpp"

namespace keyshift::proxy {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_bytes = 8 * 1024;
constexpr std::uint64_t body_bytes = 4 * 1024;
constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

using Response = http::response<http::string_body>;

Result<tcp::endpoint> endpoint_of(const std::string& where) {
  const auto wrong = [&] {
    return fail(ErrorCode::usage, "'" + where + "' is not ADDRESS:PORT with a numeric address");
  };
  const auto colon = where.rfind(':');
  if (colon == std::string::npos) return wrong();
  std::string host = where.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = where.data() + where.size();
  const auto read = std::from_chars(where.data() + colon + 1, end, port);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || read.ec != std::errc{} || read.ptr != end) return wrong();
  return tcp::endpoint(address, port);
}

std::string printed(const tcp::endpoint& at) {
  const std::string host = at.address().to_string();
  return (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

Response response_of(AdminResponse&& from, unsigned version, bool keep_alive) {
  Response out(static_cast<http::status>(from.status), version);
  out.set(http::field::content_type, beast::string_view(from.content_type.data(), from.content_type.size()));
  out.set(http::field::cache_control, "no-store");
  out.set("X-Content-Type-Options", "nosniff");
  out.set("Content-Security-Policy",
          "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          "frame-ancestors 'none'");
  if (!from.allow.empty()) out.set(http::field::allow, beast::string_view(from.allow.data(), from.allow.size()));
  if (from.status == 401) out.set(http::field::www_authenticate, "Bearer");
  out.body() = std::move(from.body);
  out.keep_alive(keep_alive);
  out.prepare_payload();
  return out;
}

/// What is said to bytes that are no acceptable request; nullopt: nothing, the peer is gone or too slow.
std::optional<Response> complaint(const error_code& error) {
  AdminResponse out;
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    out = {431, "text/plain; charset=utf-8", "the header is longer than 8 KiB\n", {}};
  else if (error == http::error::body_limit)
    out = {413, "text/plain; charset=utf-8", "the body is longer than 4 KiB\n", {}};
  else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message)
    out = {400, "text/plain; charset=utf-8", "this is not HTTP: " + error.message() + "\n", {}};
  else
    return std::nullopt;
  return response_of(std::move(out), 11, false);
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct AdminServer::Impl {
  /// A connection while it lives; in the list of its port, the one that waited longest first.
  struct Connection {
    beast::tcp_stream stream;
    beast::flat_buffer buffer{header_bytes + body_bytes};
  };
  struct Port {
    AdminPort kind;
    tcp::acceptor acceptor;
    std::list<Connection> connections;
  };

  Impl(AdminOptions o, AdminSource& s) : options(std::move(o)), source(s) {}

  Result<void> bind(AdminPort kind, const std::string& where);
  asio::awaitable<void> accept(Port& port);
  asio::awaitable<void> serve(Port& port, std::list<Connection>::iterator at);
  asio::awaitable<bool> exchange(Port& port, Connection& connection);
  Response respond(AdminPort port, const http::request<http::string_body>& request);

  AdminOptions options;
  AdminSource& source;
  asio::io_context io{1};
  std::list<Port> ports;
  std::vector<std::string> addresses;
  std::thread thread;
};

Result<void> AdminServer::Impl::bind(AdminPort kind, const std::string& where) {
  if (where.empty()) return {};
  const auto at = endpoint_of(where);
  if (!at) return at.error();
  if (kind == AdminPort::admin && !at->address().is_loopback())
    return fail(ErrorCode::usage, "the admin port listens on loopback only, not on " + where +
                                      " (probes and metrics for others are on the health port)");
  tcp::acceptor acceptor(io);
  error_code error;
  acceptor.open(at->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*at, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::system, "cannot listen on " + where + ": " + error.message());
  addresses.push_back(printed(acceptor.local_endpoint(error)));
  Port& port = ports.emplace_back(Port{kind, std::move(acceptor), {}});
  asio::co_spawn(io, accept(port), asio::detached);
  return {};
}

asio::awaitable<void> AdminServer::Impl::accept(Port& port) {
  asio::steady_timer pause(io);
  for (;;) {
    auto [error, socket] = co_await port.acceptor.async_accept(awaiting);
    if (error) {
      // Out of descriptors, for example: it must not spin.
      pause.expires_after(milliseconds(100));
      co_await pause.async_wait(awaiting);
      continue;
    }
    if (port.connections.size() >= options.connections) port.connections.front().stream.close();
    const auto at = port.connections.emplace(port.connections.end(), Connection{beast::tcp_stream(std::move(socket))});
    asio::co_spawn(io, serve(port, at), asio::detached);
  }
}

asio::awaitable<void> AdminServer::Impl::serve(Port& port, std::list<Connection>::iterator at) {
  for (bool again = true; again;) {
    again = co_await exchange(port, *at);
    port.connections.splice(port.connections.end(), port.connections, at);
  }
  error_code ignored;
  at->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  port.connections.erase(at);
}

/// One request and its answer; false when the connection is over.
asio::awaitable<bool> AdminServer::Impl::exchange(Port& port, Connection& connection) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(header_bytes);
  parser.body_limit(body_bytes);
  connection.stream.expires_after(options.request_limit);
  const auto [failed, read] = co_await http::async_read(connection.stream, connection.buffer, parser, awaiting);
  std::optional<Response> out;
  if (failed)
    out = complaint(failed);
  else
    out = respond(port.kind, parser.get());
  if (!out) co_return false;
  connection.stream.expires_after(options.request_limit);
  const bool head = !failed && parser.get().method() == http::verb::head;
  error_code unsent;
  if (head) {
    http::response<http::empty_body> bare(out->base());
    http::response_serializer<http::empty_body> serializer(bare);
    const auto [error, sent] = co_await http::async_write_header(connection.stream, serializer, awaiting);
    unsent = error;
  } else {
    const auto [error, sent] = co_await http::async_write(connection.stream, *out, awaiting);
    unsent = error;
  }
  co_return !unsent && !failed && out->keep_alive();
}

Response AdminServer::Impl::respond(AdminPort port, const http::request<http::string_body>& request) {
  const AdminRequest asked{view(request.method_string()), view(request.target()), view(request[http::field::host]),
                           view(request[http::field::authorization]), request.body()};
  AdminResponse out;
  try {
    out = answer(source, port, options.token, asked);
  } catch (const std::exception&) {
    out = {500, "text/plain; charset=utf-8", "this could not be answered\n", {}};
  }
  return response_of(std::move(out), request.version(), request.keep_alive());
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(AdminOptions options, AdminSource& source) {
  auto impl = std::make_unique<Impl>(std::move(options), source);
  const std::string admin = impl->options.admin, health = impl->options.health;
  if (auto bound = impl->bind(AdminPort::admin, admin); !bound) return bound.error();
  if (auto bound = impl->bind(AdminPort::health, health); !bound) return bound.error();
  Impl& started = *impl;
  std::unique_ptr<AdminServer> server(new AdminServer(std::move(impl)));
  started.thread = std::thread([&started] { started.io.run(); });
  return server;
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  impl_->io.stop();
  impl_->thread.join();
}

const std::vector<std::string>& AdminServer::addresses() const noexcept { return impl_->addresses; }

}  // namespace keyshift::proxy
