// Clients come.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {
namespace {
constexpr int most_at_once = 64;  // those who are here already are not to wait for a crowd at the door
}

void Worker::listen_on(int descriptor) {
  listeners_.push_back(std::make_unique<Watched>());
  listeners_.back()->kind = Watched::Kind::listener;
  listeners_.back()->descriptor = descriptor;
  poller_.add(descriptor, Poller::kRead, listeners_.back().get());
}

void Worker::accept(Watched& listener) {
  for (int i = 0; i < most_at_once && listener.descriptor >= 0; ++i) {
    const int fd = ::accept4(listener.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause_listeners();
    if (errno != EINTR && errno != ECONNABORTED) return;
  }
}

void Worker::admit(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  auto* c = new Connection;
  c->descriptor = descriptor;
  const bool full = clients_.load(std::memory_order_relaxed) >= options_.max_clients;
  if (full || !poller_.add(descriptor, Poller::kRead, c)) {
    constexpr BytesView told = "-ERR max number of clients reached\r\n";
    (void)!::send(descriptor, told.data(), told.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(descriptor);
    delete c;
    return;
  }
  c->interest = Poller::kRead;
  clients_.fetch_add(1, std::memory_order_relaxed);
  c->place = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back(c);
  c->client = &engine_.open_session(c, now_);
  c->kind = Watched::Kind::client;
}

/// A listener that stays readable while nothing can be accepted would keep the loop spinning.
void Worker::pause_listeners() {
  listeners_paused_ = true;
  for (const auto& listener : listeners_) poller_.change(listener->descriptor, 0, listener.get());
}

void Worker::resume_listeners() {
  listeners_paused_ = false;
  for (const auto& listener : listeners_)
    if (listener->descriptor >= 0) poller_.change(listener->descriptor, Poller::kRead, listener.get());
}

}  // namespace keyshift::proxy
