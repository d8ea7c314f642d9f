// Connections to the server: names, sockets, and what the engine hears of them.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "proxy/net/addresses.hpp"
#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {

void Worker::connect(Upstream& upstream) {
  auto* c = new Connection;
  c->server = &upstream;
  c->kind = Watched::Kind::server;
  c->connecting = true;
  c->place = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back(c);
  upstream.socket = c;
  const auto address = numeric_endpoint(options_.upstream);
  if (!address) return resolve(*c);
  connect_to(*c, address->data(), static_cast<unsigned>(address->size()));
}

/// Names are looked up on a thread of their own: the system's resolver blocks.
void Worker::resolve(Connection& c) {
  const std::uint64_t id = c.upstream()->id;
  resolving_[id] = &c;
  const auto& host = options_.upstream.addresses.front();
  std::thread([this, id, name = host.host, port = std::to_string(host.port), box = mailbox_] {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), port.c_str(), &hints, &found) != 0) found = nullptr;
    const std::shared_ptr<addrinfo> result(found, [](addrinfo* list) {
      if (list != nullptr) ::freeaddrinfo(list);
    });
    box->post([this, id, result] {
      const auto waiting = resolving_.find(id);
      if (waiting == resolving_.end()) return;  // given up meanwhile
      Connection& waited = *waiting->second;
      resolving_.erase(waiting);
      if (result)
        connect_to(waited, result->ai_addr, result->ai_addrlen);
      else
        failed_.emplace_back(&waited, "its name cannot be resolved");
      after_event();
    });
  }).detach();
}

void Worker::connect_to(Connection& c, const sockaddr* address, unsigned length) {
  c.descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool begun = c.descriptor >= 0 && (::connect(c.descriptor, address, length) == 0 || errno == EINPROGRESS) &&
                     poller_.add(c.descriptor, Poller::kWrite, &c);
  c.interest = Poller::kWrite;
  // The engine hears of it when it has said all that it wants: it may be in the middle of that now.
  if (!begun) failed_.emplace_back(&c, std::strerror(errno));
}

void Worker::connected(Connection& c) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(c.descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return lost(c, std::strerror(error));
  c.connecting = false;
  const int on = 1;
  ::setsockopt(c.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(c.descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  engine_.on_upstream_connected(*c.upstream(), now_);
  after_event();
  if (!c.closed) update_interest(c);
}

}  // namespace keyshift::proxy
