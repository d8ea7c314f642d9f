// The loop of a worker: what is ready is read, the engine is told, what became dirty is written at the end of the turn.
#include "proxy/net/worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {

namespace {
constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::size_t least_read = 64 * 1024;  // below it all is flushed first, and the buffer begins anew
constexpr auto tick_every = milliseconds(100);
constexpr auto turning_tick_every = milliseconds(10);
constexpr auto idle_tick_every = seconds(60);  // nothing is owed to anybody: time limits cannot pass unnoticed
}  // namespace

Worker::Worker(const ProxyOptions& options, const Key128& secret, std::atomic<std::size_t>& clients)
    : options_(options),
      mailbox_(std::make_shared<Mailbox>()),
      engine_(options.engine, table_, counters_, secret),
      buffer_(buffer_bytes),
      mail_watch_(std::make_unique<Watched>()),
      clients_(clients) {
  mail_watch_->kind = Watched::Kind::mailbox;
  poller_.add(mailbox_->descriptor(), Poller::kRead, mail_watch_.get());
}

Worker::~Worker() {
  for (const auto& listener : listeners_)
    if (listener->descriptor >= 0) ::close(listener->descriptor);
  while (!connections_.empty()) close(*connections_.back());
  bury();
}

void Worker::run() {
  now_ = std::chrono::steady_clock::now();
  tick();
  while (!stopped_) {
    const auto events = poller_.wait(wait_ms());
    now_ = std::chrono::steady_clock::now();
    if (!events.empty()) busy();
    for (const epoll_event& event : events) serve(event);
    flush_all();
    if (now_ >= next_tick_) tick();
    bury();
  }
}

int Worker::wait_ms() const noexcept {
  const auto left = std::chrono::ceil<milliseconds>(next_tick_ - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Worker::turn(std::shared_ptr<const control::Serving> serving) {
  mailbox_->post([this, serving = std::move(serving)] {
    engine_.turn(serving, now_);
    after_event();
  });
}

void Worker::request_drain() {
  mailbox_->post([this] { drain(); });
}

void Worker::request_stop() {
  mailbox_->post([this] { stopped_ = true; });
}

void Worker::drain() {
  draining_ = true;
  stop_at_ = now_ + options_.drain_timeout;
  for (const auto& listener : listeners_) {
    poller_.remove(listener->descriptor);
    ::close(std::exchange(listener->descriptor, -1));  // events of this turn may still point to it
  }
  engine_.drain(now_);
  after_event();
}

void Worker::tick() {
  if (listeners_paused_) resume_listeners();
  engine_.on_tick(now_);
  after_event();
  flush_all();
  session_count_.store(engine_.sessions(), std::memory_order_relaxed);
  upstream_count_.store(engine_.upstreams(), std::memory_order_relaxed);
  if (draining_ && (engine_.sessions() == 0 || now_ >= stop_at_)) stopped_ = true;
  fast_ticks_ = worked_ || draining_ || listeners_paused_ || !engine_.quiet();
  worked_ = false;
  const Duration busy_every = engine_.turning() ? turning_tick_every : tick_every;
  next_tick_ = now_ + (fast_ticks_ ? busy_every : Duration(idle_tick_every));
}

/// Something happened: time limits are looked at every tick again.
void Worker::busy() {
  worked_ = true;
  if (engine_.turning()) next_tick_ = std::min(next_tick_, now_ + Duration(turning_tick_every));
  if (fast_ticks_) return;
  fast_ticks_ = true;
  next_tick_ = now_ + tick_every;
}

void Worker::serve(const epoll_event& event) {
  auto* watched = static_cast<Watched*>(event.data.ptr);
  switch (watched->kind) {
    case Watched::Kind::mailbox:
      return mailbox_->open();
    case Watched::Kind::listener:
      return accept(*watched);
    default:
      return serve_connection(*static_cast<Connection*>(watched), event.events);
  }
}

void Worker::serve_connection(Connection& c, std::uint32_t events) {
  if (c.closed) return;
  if (c.connecting) return connected(c);
  if ((events & EPOLLOUT) != 0) flush(c);
  if (c.closed) return;
  if ((events & EPOLLIN) != 0)
    read(c);
  else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
    lost(c, "closed by the peer");
}

/// One read, and what follows from it.
void Worker::read(Connection& c) {
  if (buffer_.size() - filled_ < least_read) flush_all();
  if (c.closed) return;
  const ssize_t got = ::recv(c.descriptor, buffer_.data() + filled_, buffer_.size() - filled_, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    if (got == 0 && c.session() != nullptr && !c.broken)
      engine_.on_client_ended(*c.session(), now_);
    else
      return lost(c, got == 0 ? "closed by the peer" : std::strerror(errno));
  } else {
    const BytesView bytes(buffer_.data() + filled_, static_cast<std::size_t>(got));
    filled_ += bytes.size();
    if (c.session() != nullptr)
      engine_.on_client_bytes(*c.session(), bytes, now_);
    else
      engine_.on_upstream_bytes(*c.upstream(), bytes, now_);
  }
  after_event();
  if (!c.closed) update_interest(c);
}

/// What an event leaves to be done at once: pointers to what the engine closed must not be met by the next event.
void Worker::after_event() {
  while (!engine_.actions().empty() || !failed_.empty()) {
    carry_out_actions();
    for (auto& [c, why] : std::exchange(failed_, {}))
      if (!c->closed) engine_.on_upstream_lost(*c->upstream(), why, now_);
  }
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
        if (c != nullptr && !c->closed) close(*c);
        break;
      case Action::Kind::pause_upstream:
      case Action::Kind::resume_upstream:
        if (c == nullptr) break;
        c->paused = action.kind == Action::Kind::pause_upstream;
        update_interest(*c);
        break;
      case Action::Kind::resume_session:
        if (c != nullptr) update_interest(*c);
        break;
      case Action::Kind::learn:
      case Action::Kind::help:
        if (options_.on_learn) options_.on_learn(action.kind == Action::Kind::help);
        break;
    }
  }
  actions.clear();
}

}  // namespace keyshift::proxy
