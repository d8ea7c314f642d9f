// What became dirty goes out, one gathered write per connection and turn; connections end.
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/worker_connection.hpp"

namespace keyshift::proxy {
namespace {
constexpr std::size_t most_pieces = 128;
}

/// Afterwards nothing is borrowed from the read buffer any more.
void Worker::flush_all() {
  auto& sessions = engine_.dirty_sessions();
  auto& upstreams = engine_.dirty_upstreams();
  while (!sessions.empty() || !upstreams.empty()) {
    // The lists may grow, and entries become null, while they are gone through.
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
      if (upstreams[i] == nullptr) continue;  // closed since
      upstreams[i]->dirty = false;
      if (auto* c = static_cast<Connection*>(upstreams[i]->socket); c != nullptr) flush(*c);
    }
    upstreams.clear();
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (sessions[i] == nullptr) continue;
      sessions[i]->dirty = false;
      flush(*static_cast<Connection*>(sessions[i]->socket));
    }
    sessions.clear();
  }
  filled_ = 0;
}

void Worker::flush(Connection& c) {
  if (c.closed || c.connecting) return;
  OutQueue& out = c.session() != nullptr ? c.session()->out : c.upstream()->out;
  write_out(c);
  out.own();
  update_interest(c);
  if (!out.empty()) return;
  if (c.session() != nullptr) {
    if (c.session()->wants_written()) engine_.on_client_written(*c.session(), now_);
  } else if (c.upstream()->owner != nullptr && c.upstream()->owner->stall == Stall::streaming) {
    engine_.on_upstream_written(*c.upstream(), now_);
  }
  after_event();
}

void Worker::write_out(Connection& c) {
  OutQueue& out = c.session() != nullptr ? c.session()->out : c.upstream()->out;
  while (!out.empty()) {
    OutQueue::Piece pieces[most_pieces];
    const std::size_t count = out.gather(pieces, most_pieces);
    iovec vectors[most_pieces];
    for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(pieces[i].data), pieces[i].size};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t sent = count == 1 ? ::send(c.descriptor, pieces[0].data, pieces[0].size, MSG_NOSIGNAL | MSG_DONTWAIT)
                                    : ::sendmsg(c.descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      // The reading side will see the end, with what the peer still said.
      out.clear();
      c.broken = true;
      ::shutdown(c.descriptor, SHUT_RDWR);
      return;
    }
    out.sent(static_cast<std::size_t>(sent));
  }
}

void Worker::update_interest(Connection& c) {
  if (c.closed || c.connecting) return;
  const bool reads = c.session() != nullptr ? !c.session()->read_paused && !c.session()->ended : !c.paused;
  const bool writes = !(c.session() != nullptr ? c.session()->out : c.upstream()->out).empty();
  const auto interest = static_cast<std::uint8_t>((reads ? Poller::kRead : 0) | (writes ? Poller::kWrite : 0));
  if (interest == c.interest) return;
  c.interest = interest;
  poller_.change(c.descriptor, interest, &c);
}

void Worker::lost(Connection& c, const char* why) {
  if (c.session() != nullptr)
    engine_.on_client_closed(*c.session(), now_);
  else if (c.upstream() != nullptr)
    engine_.on_upstream_lost(*c.upstream(), why, now_);
  after_event();
  if (!c.closed) close(c);
}

void Worker::close(Connection& c) {
  c.closed = true;
  if (c.session() != nullptr) clients_.fetch_sub(1, std::memory_order_relaxed);
  if (c.upstream() != nullptr && !resolving_.empty())
    std::erase_if(resolving_, [&c](const auto& e) { return e.second == &c; });
  c.kind = Watched::Kind::gone;
  c.client = nullptr;
  if (c.descriptor >= 0) ::close(c.descriptor);
  connections_.back()->place = c.place;
  connections_[c.place] = connections_.back();
  connections_.pop_back();
  closed_.push_back(&c);
}

/// Events of this turn may still point to what was closed in it; those of the next do not.
void Worker::bury() {
  for (Connection* c : closed_) delete c;
  closed_.clear();
}

}  // namespace keyshift::proxy
