#include "proxy/net/worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::size_t most_pieces = 64;
constexpr auto tick_every = milliseconds(100);
constexpr auto idle_tick_every = seconds(10);  // nothing is owed to anybody: time limits cannot pass unnoticed
}  // namespace

Worker::Worker(const ProxyOptions& options, const Key128& secret, std::atomic<std::size_t>& clients)
    : options_(options),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      engine_(options.engine, table_, counters_, secret),
      buffer_(buffer_bytes),
      timer_(context_.get_executor()),
      resolver_(context_),
      clients_(clients) {}

Worker::~Worker() = default;

void Worker::listen_on(int descriptor) {
  auto listener = std::make_unique<Listener>(Listener{decltype(Listener::acceptor)(context_.get_executor())});
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  error_code ignored;
  listener->acceptor.assign(
      asio::generic::stream_protocol(address.ss_family, address.ss_family == AF_UNIX ? 0 : IPPROTO_TCP), descriptor,
      ignored);
  accept(*listener);
  listeners_.push_back(std::move(listener));
}

void Worker::run() {
  now_ = std::chrono::steady_clock::now();
  tick();
  context_.run();
}

void Worker::request_drain() {
  asio::post(context_, [this] {
    draining_ = true;
    busy();  // an idle worker's next tick may be far away
    stop_at_ = std::chrono::steady_clock::now() + options_.drain_timeout;
    error_code ignored;
    for (auto& l : listeners_) l->acceptor.close(ignored);
    engine_.drain(std::chrono::steady_clock::now());
    after_event();
  });
}

void Worker::request_stop() {
  asio::post(context_, [this] { context_.stop(); });
}

void Worker::tick() {
  now_ = std::chrono::steady_clock::now();
  engine_.on_tick(now_);
  after_event();
  session_count_.store(engine_.sessions(), std::memory_order_relaxed);
  upstream_count_.store(engine_.upstreams(), std::memory_order_relaxed);
  if (draining_ && (engine_.sessions() == 0 || now_ >= stop_at_)) return context_.stop();
  fast_ticks_ = worked_ || draining_ || !engine_.quiet();
  worked_ = false;
  arm_tick(fast_ticks_ ? Duration(tick_every) : Duration(idle_tick_every));
}

void Worker::arm_tick(Duration after) {
  timer_.expires_after(after);
  timer_.async_wait([this](const error_code& error) {
    if (!error) tick();
  });
}

/// Something happened: time limits are looked at every tick again.
void Worker::busy() {
  worked_ = true;
  if (fast_ticks_) return;
  fast_ticks_ = true;
  arm_tick(tick_every);
}

void Worker::accept(Listener& listener) {
  listener.acceptor.async_accept(context_.get_executor(), [this, &listener](const error_code& error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) admit(std::move(socket));
    // Out of descriptors: a pause, or this would spin.
    if (error == asio::error::no_descriptors) {
      auto pause = std::make_shared<asio::steady_timer>(context_, milliseconds(50));
      pause->async_wait([this, &listener, pause](const error_code&) {
        if (listener.acceptor.is_open()) accept(listener);
      });
      return;
    }
    if (listener.acceptor.is_open()) accept(listener);
  });
}

void Worker::admit(Socket socket) {
  const int fd = socket.native_handle();
  error_code ignored;
  socket.native_non_blocking(true, ignored);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (clients_.load(std::memory_order_relaxed) >= options_.max_clients) {
    constexpr BytesView full = "-ERR max number of clients reached\r\n";
    (void)!::send(fd, full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  clients_.fetch_add(1, std::memory_order_relaxed);
  busy();
  auto* c = new Connection(std::move(socket));
  ++open_connections_;
  c->session = &engine_.open_session(c, std::chrono::steady_clock::now());
  wait_read(*c);
}

void Worker::wait_read(Connection& c) {
  if (c.reading || c.closed) return;
  c.reading = true;
  ++c.handlers;
  c.socket.async_wait(Socket::wait_read, [this, &c](const error_code& error) {
    --c.handlers;
    c.reading = false;
    if (c.closed) {
      if (c.handlers == 0) delete &c;
      return;
    }
    if (!error) readable(c);
  });
}

void Worker::readable(Connection& c) {
  bool again = !c.paused;
  if (again) read_once(c, again);
  // `c` may be gone when again is false.
  if (again) wait_read(c);
}

/// One read, and what follows from it. `again`: the socket is to be read further.
void Worker::read_once(Connection& c, bool& again) {
  const ssize_t got = ::recv(c.socket.native_handle(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  now_ = std::chrono::steady_clock::now();
  busy();
  ++c.handlers;  // keeps `c` while its own event closes it
  if (got <= 0) {
    if (got == 0 && c.session != nullptr && !c.broken)
      engine_.on_client_ended(*c.session, now_);
    else
      lost(c, got == 0 ? "closed by the peer" : std::strerror(errno));
  } else {
    const BytesView bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (c.session != nullptr)
      engine_.on_client_bytes(*c.session, bytes, now_);
    else if (c.upstream != nullptr)
      engine_.on_upstream_bytes(*c.upstream, bytes, now_);
  }
  after_event();
  --c.handlers;
  again = !c.closed && !c.paused && !(c.session != nullptr && (c.session->read_paused || c.session->ended));
  if (c.closed && c.handlers == 0) {
    again = false;
    delete &c;
  }
}

void Worker::lost(Connection& c, const char* why) {
  if (c.session != nullptr)
    engine_.on_client_closed(*c.session, now_);
  else if (c.upstream != nullptr)
    engine_.on_upstream_lost(*c.upstream, why, now_);
  if (!c.closed) close(c, false);
}

/// What an event leaves to be done: actions, replies to clients at once, requests when all that is readable was read.
void Worker::after_event() {
  do {
    carry_out_actions();
    flush_sessions();
    flush_upstreams(false);
  } while (!engine_.actions().empty() || !engine_.dirty_sessions().empty());
}

void Worker::flush_sessions() {
  auto& dirty = engine_.dirty_sessions();
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    if (dirty[i] == nullptr) continue;  // closed since
    Session& s = *dirty[i];
    s.dirty = false;
    flush(*static_cast<Connection*>(s.socket));
  }
  dirty.clear();
}

void Worker::flush_upstreams(bool all) {
  auto& dirty = engine_.dirty_upstreams();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    if (dirty[i] == nullptr) continue;
    Upstream& u = *dirty[i];
    auto* c = static_cast<Connection*>(u.socket);
    const bool now = all || u.out.borrows();
    if (c != nullptr && now) {
      u.dirty = false;
      flush(*c);
    } else if (c == nullptr) {
      u.dirty = false;
    } else {
      dirty[kept++] = &u;
    }
  }
  dirty.resize(kept);
  if (kept == 0 || flush_posted_) return;
  flush_posted_ = true;
  // Behind all that became readable at the same moment: their requests go out with one write.
  asio::post(context_, [this] {
    flush_posted_ = false;
    flush_upstreams(true);
    after_event();
  });
}

void Worker::flush(Connection& c) {
  if (c.closed || c.connecting) return;
  OutQueue& out = c.session != nullptr ? c.session->out : c.upstream->out;
  while (!out.empty() && !c.writing) {
    OutQueue::Piece pieces[most_pieces];
    const std::size_t count = out.gather(pieces, most_pieces);
    iovec vectors[most_pieces];
    for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(pieces[i].data), pieces[i].size};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t sent =
        count == 1 ? ::send(c.socket.native_handle(), pieces[0].data, pieces[0].size, MSG_NOSIGNAL | MSG_DONTWAIT)
                   : ::sendmsg(c.socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      // The reading side will see the end, with what the peer still said.
      out.clear();
      c.broken = true;
      ::shutdown(c.socket.native_handle(), SHUT_WR);
      if (c.session != nullptr) wait_read(c);
      break;
    }
    out.sent(static_cast<std::size_t>(sent));
  }
  out.own();
  if (!out.empty()) return arm_write(c);
  if (c.session != nullptr) {
    if (c.session->wants_written()) engine_.on_client_written(*c.session, now_);
  } else if (c.upstream->owner != nullptr && c.upstream->owner->stall == Stall::streaming) {
    engine_.on_upstream_written(*c.upstream, now_);
  }
}

void Worker::arm_write(Connection& c) {
  if (c.writing || c.closed) return;
  c.writing = true;
  ++c.handlers;
  c.socket.async_wait(Socket::wait_write, [this, &c](const error_code& error) {
    --c.handlers;
    c.writing = false;
    if (c.closed) {
      if (c.handlers == 0) delete &c;
      return;
    }
    if (error) return;
    now_ = std::chrono::steady_clock::now();
    ++c.handlers;
    flush(c);
    after_event();
    --c.handlers;
    if (c.closed && c.handlers == 0) delete &c;
  });
}

void Worker::carry_out_actions() {
  auto& actions = engine_.actions();
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const Action action = actions[i];
    auto* c = static_cast<Connection*>(action.socket);
    switch (action.kind) {
      case Action::Kind::connect:
        connect(*action.upstream);
        break;
      case Action::Kind::close_upstream:
      case Action::Kind::close_session:
        if (c != nullptr && !c->closed) close(*c, false);
        break;
      case Action::Kind::pause_upstream:
        if (c != nullptr) c->paused = true;
        break;
      case Action::Kind::resume_upstream:
        if (c != nullptr) {
          c->paused = false;
          wait_read(*c);
        }
        break;
      case Action::Kind::resume_session:
        if (c != nullptr) wait_read(*c);
        break;
    }
  }
  actions.clear();
}

void Worker::close(Connection& c, bool) {
  c.closed = true;
  if (c.session != nullptr) clients_.fetch_sub(1, std::memory_order_relaxed);
  c.session = nullptr;
  c.upstream = nullptr;
  error_code ignored;
  c.socket.close(ignored);
  --open_connections_;
  if (c.handlers == 0) delete &c;
}

}  // namespace keyshift::proxy
