// Connections to the server: names, sockets, and what the engine hears of them.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>

#include "proxy/net/addresses.hpp"
#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {
namespace asio = boost::asio;
using boost::system::error_code;

void Worker::connect(Upstream& upstream) {
  auto* c = new Connection(Socket(context_.get_executor()));
  ++open_connections_;
  c->upstream = &upstream;
  upstream.socket = c;
  c->connecting = true;
  if (const auto address = numeric_endpoint(options_.upstream)) return connect_to(*c, *address);
  ++c->handlers;
  const auto& host = options_.upstream.addresses.front();
  resolver_.async_resolve(host.host, std::to_string(host.port),
                          [this, c](const error_code& error, const auto& results) {
                            --c->handlers;
                            if (c->closed) {
                              if (c->handlers == 0) delete c;
                              return;
                            }
                            now_ = std::chrono::steady_clock::now();
                            if (!error && !results.empty()) return connect_to(*c, results.begin()->endpoint());
                            ++c->handlers;
                            lost(*c, "its name cannot be resolved");
                            after_event();
                            if (--c->handlers == 0 && c->closed) delete c;
                          });
}

void Worker::connect_to(Connection& c, const asio::generic::stream_protocol::endpoint& address) {
  error_code error;
  c.socket.open(address.protocol(), error);
  ++c.handlers;
  c.socket.async_connect(address, [this, &c](const error_code& failed) {
    --c.handlers;
    if (c.closed) {
      if (c.handlers == 0) delete &c;
      return;
    }
    now_ = std::chrono::steady_clock::now();
    ++c.handlers;
    connected(c, failed);
    after_event();
    if (--c.handlers == 0 && c.closed) delete &c;
  });
}

void Worker::connected(Connection& c, const error_code& error) {
  c.connecting = false;
  if (error) return lost(c, error.message().c_str());
  const int on = 1;
  ::setsockopt(c.socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(c.socket.native_handle(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  error_code ignored;
  c.socket.native_non_blocking(true, ignored);
  engine_.on_upstream_connected(*c.upstream, now_);
  wait_read(c);
}

}  // namespace keyshift::proxy
