// Connections to the server: which one a command takes, how one begins, and what happens when it ends.
#include <algorithm>
#include <array>
#include <bit>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

namespace {

/// "7.0.15" as 700: what the table's rows are compared with.
int version_number(BytesView text) noexcept {
  int parts[2] = {0, 0};
  std::size_t at = 0;
  for (const char c : text) {
    if (c == '.') {
      if (++at == 2) break;
    } else if (c >= '0' && c <= '9' && parts[at] < 100) {
      parts[at] = parts[at] * 10 + (c - '0');
    }
  }
  return parts[0] * 100 + parts[1];
}

}  // namespace

/// True when the session's commands in flight are on `u` already, or there are none.
bool Engine::ready_for(Session& s, Upstream* u) {
  if (s.in_flight() == 0 || s.channel == u->id) return true;
  s.stall = Stall::drain;
  return false;
}

Engine::Pool& Engine::pool_of(const PoolKey& key) {
  if (last_pool_ == nullptr || key != last_pool_key_) {
    last_pool_ = &pools_[key];
    last_pool_key_ = key;
  }
  return *last_pool_;
}

/// What a command is answered for which no connection could be had. A server that is busy with a script says so to
/// everybody: in its own words, since clients know them.
Bytes Engine::unreachable(const Pool& pool) {
  if (pool.last_error.starts_with("BUSY ") || pool.last_error.starts_with("KSCONTROL "))
    return "-" + pool.last_error + "\r\n";
  return to_reply({ErrorCode::upstream, "Redis is unreachable: " + pool.last_error + " (nothing was sent)"});
}

Upstream* Engine::shared_channel(Session& s, const PoolKey& key) {
  Pool& pool = pool_of(key);
  if (pool.shared == nullptr) {
    if (serving_ == nullptr && wait_to_be_told(s)) return nullptr;
    if (now_ < pool.retry_at) {
      answer(s, unreachable(pool));
      return nullptr;
    }
    pool.shared = &connect(key, true);
  }
  if (pool.shared->state == Upstream::State::open) {
    if (!ready_for(s, pool.shared)) return nullptr;
    s.channel = pool.shared->id;
    return pool.shared;
  }
  if (std::find(pool.waiting.begin(), pool.waiting.end(), &s) == pool.waiting.end()) pool.waiting.push_back(&s);
  s.stall = Stall::opening;
  return nullptr;
}

Upstream* Engine::pinned_channel(Session& s) {
  if (s.pinned != nullptr) {
    if (s.pinned->state == Upstream::State::open) return s.pinned;
    s.stall = Stall::opening;
    return nullptr;
  }
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return nullptr;
  }
  if (serving_ == nullptr && wait_to_be_told(s)) return nullptr;
  Pool& pool = pools_[s.pool];
  Upstream* u = nullptr;
  if (!pool.idle.empty()) {
    u = pool.idle.back();
    pool.idle.pop_back();
  } else if (now_ < pool.retry_at) {
    answer(s, unreachable(pool));
    return nullptr;
  } else {
    u = &connect(s.pool, false);
  }
  u->owner = &s;
  s.pinned = u;
  s.channel = u->id;
  if (u->state == Upstream::State::open) return u;
  s.stall = Stall::opening;
  return nullptr;
}

Upstream* Engine::channel(Session& s) {
  // While the server keeps writes waiting, a shared connection would keep everybody waiting behind the first of them.
  if (s.pinned != nullptr || s.bulky || paused()) return pinned_channel(s);
  return shared_channel(s, s.pool);
}

Upstream& Engine::connect(const PoolKey& key, bool shared) {
  auto owned = std::make_unique<Upstream>();
  Upstream& u = *owned;
  u.id = next_id_++;
  u.key = key;
  u.shared = shared;
  u.last_progress = now_;
  upstreams_.emplace(u.id, std::move(owned));
  actions_.push_back({Action::Kind::connect, &u});
  return u;
}

void Engine::on_upstream_connected(Upstream& u, Time now) {
  now_ = now;
  u.last_progress = now;
  begin_handshake(u);
  settle();
}

void Engine::begin_handshake(Upstream& u) {
  u.state = Upstream::State::handshake;
  u.handshake = 0;
  // A user of the app may lack the right to SELECT, which the session did before it logged in: so the proxy's own user
  // does it here, where there is one.
  // So is the epoch key read, as the proxy's own user and in database 0.
  u.login_last = u.key.credentials != 0 && (u.key.database != 0 || !by_hand()) && !own_unauthenticated_;
  u.named = turn_;
  u.era = eras_;
  const Credentials& user = credentials_[u.key.credentials];
  const Credentials& first = u.login_last ? credentials_[0] : user;
  const Bytes name = connection_name();
  std::vector<BytesView> hello{"HELLO", u.key.protocol == resp::Protocol::resp3 ? "3" : "2"};
  if (!first.password.empty())
    hello.insert(hello.end(),
                 {"AUTH", first.user.empty() ? BytesView("default") : BytesView(first.user), first.password});
  if (settings_.naive != Naive::key_first) hello.insert(hello.end(), {"SETNAME", name});
  Bytes out;
  const auto ask = [&u, &out](HandshakeStep step, std::span<const BytesView> argv) {
    resp::append_command(out, argv);
    u.handshake = static_cast<std::uint8_t>(u.handshake | 1U << static_cast<unsigned>(step));
  };
  const Bytes database = std::to_string(u.key.database);
  ask(HandshakeStep::hello, hello);
  if (!by_hand()) ask(HandshakeStep::key, std::array<BytesView, 2>{"GET", epoch_key_});
  // Database 0 needs no SELECT, which a server that is busy with a script would refuse.
  if (u.key.database != 0) ask(HandshakeStep::select, std::array<BytesView, 2>{"SELECT", database});
  if (u.login_last) ask(HandshakeStep::auth, std::array<BytesView, 3>{"AUTH", user.user, user.password});
  if (moving_) {  // a refused MULTI would let the parts of a transaction run alone
    ask(HandshakeStep::multi, std::array<BytesView, 1>{"MULTI"});
    ask(HandshakeStep::discard, std::array<BytesView, 1>{"DISCARD"});
  }
  u.out.copy(out);
  mark(u);
}

/// Takes handshake replies from `bytes`; returns what is behind them.
BytesView Engine::handshake_bytes(Upstream& u, BytesView bytes) {
  while (!bytes.empty() && u.handshake != 0 && u.state != Upstream::State::closed) {
    const auto fed = u.framer.feed(bytes);
    u.held.append(bytes.substr(0, fed.taken));
    bytes.remove_prefix(fed.taken);
    if (fed.step == resp::ReplyFramer::Step::bad) {
      upstream_gone(u, "it does not speak RESP", true);
      return {};
    }
    if (fed.step != resp::ReplyFramer::Step::whole) break;
    const Bytes reply = std::move(u.held);
    u.held.clear();
    const auto step = static_cast<HandshakeStep>(std::countr_zero(u.handshake));
    if (step == HandshakeStep::hello && !reply.starts_with('-')) u.hello = reply;
    const BytesView line = BytesView(reply).substr(0, reply.find('\r'));
    if (step == HandshakeStep::key) u.key_reply = reply;
    if (!handshake_reply(u, step, line)) {
      upstream_gone(u, line.substr(1), true);
      return {};
    }
    u.handshake = static_cast<std::uint8_t>(u.handshake & (u.handshake - 1));
    if (u.handshake == 0) handshake_done(u);
  }
  return bytes;
}

/// False when the connection is of no use after this answer.
bool Engine::handshake_reply(Upstream& u, HandshakeStep step, BytesView line) {
  const bool error = line.starts_with('-');
  switch (step) {
    case HandshakeStep::hello: {
      const bool unauthenticated = line.starts_with("-NOAUTH");
      if (u.key.credentials == 0 || u.login_last) own_unauthenticated_ = unauthenticated;
      u.unauthenticated = unauthenticated;
      return !error || (unauthenticated && !u.login_last);
    }
    case HandshakeStep::select:
      return !error || u.unauthenticated;
    case HandshakeStep::key:  // judged when the handshake is over
      return !line.starts_with("-BUSY") && !line.starts_with("-LOADING");
    case HandshakeStep::auth:
      return !error;
    case HandshakeStep::multi:
      u.multi_proven = !error;
      return true;
    case HandshakeStep::discard:
      return true;
  }
  return true;
}

/// Which client we are there, and what the server is. False when it is a replica, where no command on a record may go.
bool Engine::learn_from_hello(Upstream& u) {
  if (u.hello.empty()) return true;
  pools_[u.key].hello = u.hello;
  const auto tree = resp::parse_reply(u.hello);
  if (!tree || !tree->aggregate()) return true;
  bool primary = true;
  for (std::size_t i = 0; i + 1 < tree->elements.size(); i += 2) {
    const resp::Reply& value = tree->elements[i + 1];
    if (tree->elements[i].text == "id") u.server_id = static_cast<std::uint64_t>(value.integer);
    if (tree->elements[i].text == "version") server_version_ = version_number(value.text);
    if (tree->elements[i].text == "role") primary = value.text == "master";
  }
  return primary || by_hand() || serving_->carries == control::Carries::free;
}

void Engine::handshake_done(Upstream& u) {
  if (!learn_from_hello(u)) return upstream_gone(u, "it is a replica, not a primary", true);
  if (by_hand()) u.cleared = turn_;
  // Where the server wants AUTH and we have none, the client's will go through; only then it can be named.
  if (by_hand() || u.unauthenticated) return opened(u);
  if (u.state != Upstream::State::proving) u.proving_since = now_;
  u.state = Upstream::State::proving;
  prove(u);
}

void Engine::opened(Upstream& u) {
  u.state = Upstream::State::open;
  if (settings_.naive == Naive::key_first) name_late(u);
  counters_.upstreams_opened.add(1);
  Pool& pool = pools_[u.key];
  pool.failures = 0;
  pool.retry_at = Time{};
  if (!u.out_later.empty() && may_start(u)) {
    u.out.copy(u.out_later);
    u.out_later.clear();
    mark(u);
  }
  if (u.owner != nullptr) {
    if (u.owner->stall == Stall::opening) u.owner->stall = Stall::none;
    wake(*u.owner);
  } else if (u.shared) {
    wake_waiting(pool);
  } else if (!u.tainted && u.out_later.empty()) {  // an errand of ours keeps its connection to itself
    u.idle_since = now_;
    pool.idle.push_back(&u);
  }
}

void Engine::wake_waiting(Pool& pool) {
  for (Session* s : pool.waiting) {
    if (s->stall == Stall::opening) s->stall = Stall::none;
    wake(*s);
  }
  pool.waiting.clear();
}

void Engine::on_upstream_lost(Upstream& u, BytesView why, Time now) {
  now_ = now;
  upstream_gone(u, why, true);
  settle();
}

void Engine::upstream_gone(Upstream& u, BytesView why, bool close_socket) {
  if (u.state == Upstream::State::closed) return;
  const bool was_open = u.state == Upstream::State::open;
  u.state = Upstream::State::closed;
  if (u.dirty) std::replace(dirty_upstreams_.begin(), dirty_upstreams_.end(), &u, static_cast<Upstream*>(nullptr));
  std::erase_if(actions_, [&u](const Action& a) { return a.kind == Action::Kind::connect && a.upstream == &u; });
  if (close_socket) actions_.push_back({Action::Kind::close_upstream, &u, nullptr, u.socket});
  Pool& pool = pools_[u.key];
  std::erase(pool.idle, &u);
  const bool wanted = u.shared || u.owner != nullptr || !u.ledger.empty();
  if (pool.shared == &u) pool.shared = nullptr;
  if (!was_open) {
    counters_.upstream_failures.add(1);
    pool.last_error = Bytes(why);
    jitter_ = jitter_ * 1664525u + 1013904223u;
    const auto base = std::min<std::int64_t>(1000, 20LL << std::min<std::uint32_t>(pool.failures++, 6));
    pool.retry_at = now_ + milliseconds(base + base * (jitter_ >> 16 & 63) / 128);
    if (why.starts_with("BUSY ")) {  // it is there, and says when it may be asked again: whenever somebody asks
      pool.failures = 0;
      pool.retry_at = now_ + milliseconds(1);
    }
  } else {
    counters_.upstreams_closed.add(1);
  }
  if (was_open && wanted) new_generation(why);
  fail_pending(u, {ErrorCode::upstream,
                   "the connection to Redis was lost (" + Bytes(why) + "); whether this command ran is unknown"});
  if (Session* s = u.owner; s != nullptr) {
    u.owner = nullptr;
    s->pinned = nullptr;
    if (was_open) lose_transaction(*s);
    if (was_open && (s->sticky || s->raw || (s->extras && s->extras->stream))) {
      close_after_flush(*s);  // what the server knew of this client is gone with the connection
    } else {
      if (s->stall == Stall::opening || s->stall == Stall::streaming) s->stall = Stall::none;
      wake(*s);
    }
  }
  if (u.shared) wake_waiting(pool);
  const auto it = upstreams_.find(u.id);
  gone_.push_back(std::move(it->second));
  upstreams_.erase(it);
}

void Engine::fail_pending(Upstream& u, const Error& error) {
  const Bytes line = to_reply(error);
  bool delivering = u.delivering;
  while (!u.ledger.empty()) {
    const Pending p = u.ledger.front();
    u.ledger.pop();
    if (p.run != nullptr) {
      Run& run = *p.run;
      // The replies that this run still waited for are all on this connection.
      for (Pending& other : u.ledger)
        if (other.run == &run) {
          other.run = nullptr;
          other.session = nullptr;
        }
      fail_run(run, error);
    } else if (p.session != nullptr) {
      counters_.unknown_outcomes.add(1);
      if (delivering) close_session(*p.session);  // half a reply cannot be taken back
      deliver(*p.session, p.sequence, p.silent ? BytesView() : BytesView(line), true, false);
    }
    delivering = false;
  }
}

void Engine::unpin(Session& s) {
  Upstream& u = *s.pinned;
  s.pinned = nullptr;
  u.owner = nullptr;
  Pool& pool = pools_[u.key];
  if (u.tainted || u.state != Upstream::State::open || !u.ledger.empty() || u.key != s.pool ||
      pool.idle.size() >= settings_.idle_pinned)
    return upstream_gone(u, "no longer needed", true);
  u.idle_since = now_;
  pool.idle.push_back(&u);
}

void Engine::maybe_unpin(Session& s) {
  const bool needed =
      s.sticky || s.in_multi || s.watching || s.raw || s.bulky || s.stall == Stall::opening ||
      s.stall == Stall::streaming ||
      (s.extras && (s.extras->stream || s.extras->confirmations != 0 || s.extras->subscriptions.count() != 0));
  if (s.pinned != nullptr && !needed && s.in_flight() == 0) unpin(s);
}

std::uint32_t Engine::intern(const Credentials& credentials) {
  const auto it = std::find(credentials_.begin(), credentials_.end(), credentials);
  if (it != credentials_.end()) return static_cast<std::uint32_t>(it - credentials_.begin());
  credentials_.push_back(credentials);
  return static_cast<std::uint32_t>(credentials_.size() - 1);
}

/// What is remembered of records may have been undone by the server: it is looked at again.
void Engine::new_generation(BytesView) {
  if (settings_.naive == Naive::retry) return;
  ensured_.forget_all();
  ++generation_;
  counters_.generations.add(1);
}

}  // namespace keyshift::proxy
