// Bytes of the server become replies: whose each one is, in which order they go out, what is kept and what passes
// through.
#include "base/check.hpp"
#include "proxy/engine/engine.hpp"

namespace keyshift::proxy {
namespace {
constexpr std::uint32_t most_in_flight = 0xffffffff;  // the setting pipeline_limit holds
constexpr std::size_t in_flight_bytes = 1024 * 1024;
}  // namespace

void Engine::on_upstream_bytes(Upstream& u, BytesView bytes, Time now) {
  now_ = now;
  u.last_progress = now;
  if (u.handshake != 0) bytes = handshake_bytes(u, bytes);
  while (!bytes.empty() && u.state == Upstream::State::open) {
    const auto fed = u.framer.feed(bytes);
    if (fed.step == resp::ReplyFramer::Step::bad) {
      upstream_gone(u, "it sent what is not RESP", true);
      break;
    }
    reply_chunk(u, bytes.substr(0, fed.taken), fed.step == resp::ReplyFramer::Step::whole);
    bytes.remove_prefix(fed.taken);
  }
  settle();
}

void Engine::reply_chunk(Upstream& u, BytesView chunk, bool whole) {
  if (u.framer.push() || (u.owner != nullptr && u.owner->raw)) return async_chunk(u, chunk, whole);
  if (u.ledger.empty()) {
    // Before it closes, a server says why: keep that for people.
    upstream_gone(u, chunk.substr(0, std::min<std::size_t>(chunk.find('\r'), 100)), true);
    return;
  }
  Pending& p = u.ledger.front();
  if (p.run != nullptr)
    run_chunk(u, p, chunk, whole);
  else
    plain_chunk(u, p, chunk, whole);
}

void Engine::plain_chunk(Upstream& u, Pending& p, BytesView chunk, bool whole) {
  Session* s = p.session;
  const bool dropped = s == nullptr || s->closed || p.silent || u.discarding;
  if (whole && u.framer.type() == '-') {
    look_at_error(chunk);
    if (u.awaits_name && unblocked(u, u.held.empty() ? chunk : BytesView(u.held))) return;
  }
  if (!whole && u.awaits_name && u.framer.type() == '-') return void(u.held.append(chunk));  // perhaps of our making
  if (!dropped && u.shared && !whole && !u.delivering) {
    const std::uint64_t so_far = u.held.size() + chunk.size() + u.framer.body_left();
    if (so_far <= settings_.big_reply) {
      u.held.append(chunk);  // a partial reply must not hold up the others: it waits for its rest here
      return;
    }
    if (leave_shared(u, p)) return;
  }
  if (whole) return whole_reply(u, p, chunk, dropped);
  if (dropped) return;
  if (!u.held.empty()) {
    u.held.append(chunk);
    const Bytes kept = std::move(u.held);
    u.held.clear();
    deliver(*s, p.sequence, kept, false, false);
  } else {
    deliver(*s, p.sequence, chunk, false, true);
  }
  u.delivering = true;
  if (!u.shared && !u.paused && s->out.size() > settings_.client_out_high && u.state == Upstream::State::open) {
    u.paused = true;  // its client is slow: the server waits with it
    actions_.push_back({Action::Kind::pause_upstream, &u, nullptr, u.socket});
  }
}

/// The end of a reply. Its entry goes before the client hears of it: what follows from that must find the ledger
/// without it.
void Engine::whole_reply(Upstream& u, Pending& p, BytesView chunk, bool dropped) {
  const Pending entry = p;
  const bool discarded = u.discarding;
  Session* s = entry.session;
  if (u.held.empty() && !dropped) [[likely]] {
    finish(u, p);
    return deliver(*s, entry.sequence, chunk, true, true);
  }
  Bytes kept = std::move(u.held);
  finish(u, p);
  if (s == nullptr || discarded) return;
  if (dropped) return deliver(*s, entry.sequence, {}, true, false);
  kept.append(chunk);
  deliver(*s, entry.sequence, kept, true, false);
}

/// The reply is over: its entry goes.
void Engine::finish(Upstream& u, Pending& p) {
  CommandCounters* c = p.command == Pending::ours
                           ? nullptr
                           : counters_.commands[p.command % kMaxCommands].load(std::memory_order_relaxed);
  Durations& durations = c != nullptr ? c->duration : counters_.own;
  durations.add(static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(now_ - p.sent).count()));
  u.retained_head += p.request_bytes;
  if (u.retained_head == u.retained.size()) {
    u.retained.clear();
    u.retained_head = 0;
  } else if (u.retained_head > 64 * 1024) {
    u.retained.erase(0, u.retained_head);
    u.retained_head = 0;
  }
  u.pair_request.clear();
  u.held.clear();  // what was kept for a client that left must not reach the next one
  u.discarding = u.delivering = false;
  u.ledger.pop();
  if (u.ledger.empty() && u.retained.capacity() > 64 * 1024) u.retained = Bytes();
}

/// A big reply is on its way on a shared connection. A read is asked again on a connection of its own, where a slow
/// client holds up nobody; here the rest is dropped as fast as it comes. Not when a later write of that client is in
/// flight.
bool Engine::leave_shared(Upstream& u, Pending& p) {
  Session& s = *p.session;
  const bool write_behind = static_cast<std::int32_t>(s.last_write - p.sequence) > 0;
  const bool kept = p.request_bytes != 0 || !u.pair_request.empty();
  if (!may_start(u) || !p.readonly || !kept || write_behind || (s.pinned != nullptr && !s.bulky)) return false;
  if (s.pinned != nullptr && s.pinned->state == Upstream::State::open && !may_start(*s.pinned)) return false;
  if (s.pinned == nullptr) {
    s.pinned = &connect(s.pool, false);
    s.pinned->owner = &s;
    if (!s.bulky) ++bulky_sessions_;
    s.bulky = true;
  }
  Upstream& own = *s.pinned;
  s.channel = own.id;
  s.drain_next = true;  // what comes next must not overtake what is asked again
  const BytesView request =
      p.request_bytes != 0 ? BytesView(u.retained).substr(u.retained_head, p.request_bytes) : BytesView(u.pair_request);
  if (own.state == Upstream::State::open) {
    own.out.copy(request);
    mark(own);
  } else {
    own.out_later.append(request);
  }
  Pending& again = own.ledger.push();
  again = p;
  again.request_bytes = 0;
  again.sent = now_;
  u.held.clear();
  u.held.shrink_to_fit();
  u.discarding = true;
  p.session = nullptr;
  counters_.big_replies_asked_again.add(1);
  return true;
}

void Engine::deliver(Session& s, std::uint32_t sequence, BytesView bytes, bool whole, bool borrow) {
  if (s.closed) {
    if (!whole) return;
    ++s.deliver;  // order does not matter any more, the count does
    if (s.in_flight() == 0) dead_.push_back(&s);
    return;
  }
  if (sequence == s.deliver) {
    write_out(s, bytes, borrow);
    if (!whole) return;
    ++s.deliver;
    // What one client may have in flight is bounded in bytes too, as far as its last reply tells.
    s.in_flight_limit = bytes.size() <= 256
                            ? most_in_flight
                            : static_cast<std::uint32_t>(std::max<std::size_t>(16, in_flight_bytes / bytes.size()));
    return completed(s);
  }
  auto& parked = s.more().parked;
  for (ParkedReply& p : parked) {
    if (p.sequence != sequence) continue;
    p.bytes.append(bytes);
    p.whole = whole;
    return;
  }
  parked.push_back({sequence, Bytes(bytes), whole});
}

/// One more reply is out: those that waited behind it follow, and the session may go on.
void Engine::completed(Session& s) {
  bool again = s.extras && !s.extras->parked.empty();
  while (again && !s.closed) {
    again = false;
    auto& parked = s.extras->parked;
    for (std::size_t i = 0; i < parked.size(); ++i) {
      if (parked[i].sequence != s.deliver) continue;
      const ParkedReply ready = std::move(parked[i]);
      if (!ready.whole) {
        write_out(s, ready.bytes, false);
        parked.erase(parked.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
      parked.erase(parked.begin() + static_cast<std::ptrdiff_t>(i));
      write_out(s, ready.bytes, false);
      ++s.deliver;
      again = true;
      break;
    }
  }
  if (s.closed) {
    if (s.in_flight() == 0) dead_.push_back(&s);
    return;
  }
  if (s.in_flight() == 0) {
    if (s.stall == Stall::drain) s.stall = Stall::none;
    if (s.stall == Stall::closing && s.out.empty()) return close_session(s);
    if (s.pinned != nullptr && s.in.empty()) maybe_unpin(s);
  }
  if (!s.in.empty() || s.read_paused) wake(s);
}

void Engine::write_out(Session& s, BytesView bytes, bool borrow) {
  if (borrow)
    s.out.borrow(bytes);
  else
    s.out.copy(bytes);
  mark(s);
  if (s.out.size() <= settings_.client_out_limit) return;
  counters_.output_limit_kills.add(1);
  close_session(s);
}

/// An error that says "this server is not what it was": what is remembered of its records is forgotten.
void Engine::look_at_error(BytesView line) {
  if (line.starts_with("-READONLY") || line.starts_with("-LOADING") || line.starts_with("-MOVED") ||
      line.starts_with("-CLUSTERDOWN"))
    new_generation(line);
}

}  // namespace keyshift::proxy
