// Subscriptions, MONITOR and pushes: replies that answer no command and come when they come.
#include <utility>

#include "proxy/engine/app_names.hpp"
#include "proxy/engine/engine.hpp"
#include "proxy/engine/invalidations.hpp"
#include "proxy/engine/keyspace_events.hpp"

namespace keyshift::proxy {
namespace {

/// Which of a client's sets a confirmation speaks of, and whether it adds to it.
struct Confirmation {
  std::set<Bytes, std::less<>>* set = nullptr;
  bool adds = false;
};

Confirmation confirmation(Subscriptions& s, BytesView kind) {
  if (kind == "subscribe") return {&s.channels, true};
  if (kind == "unsubscribe") return {&s.channels, false};
  if (kind == "psubscribe") return {&s.patterns, true};
  if (kind == "punsubscribe") return {&s.patterns, false};
  if (kind == "ssubscribe") return {&s.shards, true};
  if (kind == "sunsubscribe") return {&s.shards, false};
  return {};
}

/// Keys of ours that were read on a connection that tracks are no app's affair. True when nothing else is named.
bool only_reserved(resp::Reply& invalidation) {
  auto& keys = invalidation.elements.back().elements;
  const bool named = !keys.empty();
  std::erase_if(keys, [](const resp::Reply& key) { return key.text.starts_with(transforms::kReservedPrefix); });
  return named && keys.empty();
}

const std::set<Bytes, std::less<>>& set_of(const Subscriptions& s, BytesView command) {
  return command == "PUNSUBSCRIBE" ? s.patterns : command == "SUNSUBSCRIBE" ? s.shards : s.channels;
}

}  // namespace

/// (P|S)(UN)SUBSCRIBE, and whatever a RESP2 subscriber sends. One reply per channel comes, as pushes or in between
/// them: so the session waits for these confirmations before it goes on, and nothing of it is in flight meanwhile.
Engine::Verdict Engine::gate_subscribe(Session& s, Request& r) {
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  const bool subscribes = r.command->gate == commands::Gate::subscribe;
  const bool unsubscribes = r.command->gate == commands::Gate::unsubscribe;
  if ((subscribes || unsubscribes) && s.pool.protocol == resp::Protocol::resp2 && !s.raw && name_listener(s, *u))
    return Verdict::stalled;
  if ((subscribes || unsubscribes) && maps_events(s, r)) return subscribe_mapped(s, r, *u, subscribes);
  if (subscribes || unsubscribes) {
    SessionExtras& extras = s.more();
    std::size_t replies = r.argv.size() - 1;
    if (replies == 0) replies = std::max<std::size_t>(1, set_of(extras.subscriptions, r.command->name).size());
    extras.confirmations = static_cast<std::uint32_t>(replies);
    s.stall = Stall::confirmed;
    if (s.pool.protocol == resp::Protocol::resp2) s.raw = true;
    u->tainted = true;
  }
  append_request(*u, r, false);
  count(*r.command, Route::forward);
  return Verdict::served;
}

void Engine::async_chunk(Upstream& u, BytesView chunk, bool whole) {
  Session* s = u.owner;
  if (s == nullptr || s->closed) return;
  if (u.delivering || u.held.size() + chunk.size() > settings_.big_reply || s->monitor) {
    // A message too long to be looked at (or a line of MONITOR) passes through.
    if (!u.held.empty()) write_out(*s, u.held, false);
    u.held.clear();
    if (!s->closed) write_out(*s, chunk, true);
    u.delivering = !whole;
    return;
  }
  if (!whole) {
    u.held.append(chunk);
    return;
  }
  if (u.held.empty()) return async_frame(u, *s, chunk, true);
  u.held.append(chunk);
  const Bytes frame = std::move(u.held);
  u.held.clear();
  async_frame(u, *s, frame, false);
}

void Engine::async_frame(Upstream& u, Session& s, BytesView frame, bool borrow) {
  const bool waits = s.extras && s.extras->confirmations != 0;
  const bool mapped = s.extras && s.extras->events;
  const bool may_invalidate =
      (scoped() || settings_.follows) && frame.substr(0, 64).find("invalidate") != BytesView::npos;
  if (!waits && !mapped && !may_invalidate) return write_out(s, frame, borrow);
  auto tree = resp::parse_reply(frame);
  if (!tree || !tree->aggregate() || tree->elements.empty()) {
    if (waits && tree && tree->error()) refused_subscription(u, s);
    return write_out(s, frame, borrow);
  }
  if (may_invalidate && is_invalidation(*tree)) {
    if (only_reserved(*tree)) return;
    map_invalidation(served_, settings_.view, *tree);
    Bytes out;
    resp::append_reply(out, *tree);
    return write_out(s, out, false);
  }
  if (mapped && mapped_message(u, s, *tree)) return;
  write_out(s, frame, borrow);
  Subscriptions& subscriptions = s.more().subscriptions;
  const Confirmation c = confirmation(subscriptions, tree->elements[0].text);
  if (c.set == nullptr || tree->elements.size() < 2) return;
  if (c.adds)
    c.set->insert(tree->elements[1].text);
  else
    c.set->erase(tree->elements[1].text);
  if (waits) confirmed(u, s, 1);
}

/// The server refused to subscribe (an ACL, a shard that is not here): nothing more is to be waited for.
void Engine::refused_subscription(Upstream& u, Session& s) {
  s.extras->confirmation_text.clear();
  confirmed(u, s, s.extras->confirmations);
}

/// `replies` of what a (un)subscribe command waits for have come.
void Engine::confirmed(Upstream& u, Session& s, std::uint32_t replies) {
  SessionExtras& extras = *s.extras;
  extras.confirmations -= std::min(replies, extras.confirmations);
  if (extras.confirmations != 0) return;
  if (!extras.confirmation_text.empty()) write_out(s, std::exchange(extras.confirmation_text, {}), false);
  if (s.stall == Stall::confirmed) s.stall = Stall::none;
  if (extras.subscriptions.count() == 0 && !s.monitor) {
    s.raw = false;
    if (!s.sticky) u.tainted = false;
    if (u.listens) listens_no_more(u);
  }
  wake(s);
}

}  // namespace keyshift::proxy
