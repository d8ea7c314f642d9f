// What a client is told without asking, when the fleet has turned: events under other names, caches that are void.
#include <algorithm>
#include <utility>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {
constexpr BytesView invalidations = "__redis__:invalidate";

bool same_rules(const control::Serving& before, const control::Serving& now) {
  const auto same = [](const control::ServedDatabase& a, const control::ServedDatabase& b) {
    return a.database == b.database && a.rules == b.rules;
  };
  return std::equal(before.databases.begin(), before.databases.end(), now.databases.begin(), now.databases.end(), same);
}
}  // namespace

/// Subscriptions to events of records follow rules and mode. What was subscribed for the rules before stays, and what
/// comes by it is mapped by nobody's name any more.
void Engine::renew_listeners(const control::Serving& before) {
  const bool rules_changed = !same_rules(before, *serving_);
  for (const auto& s : sessions_) {
    if (s->closed || !s->extras) continue;
    auto& events = s->extras->events;
    const bool fits = events && events->fits(*serving_);
    if (!fits && rules_changed && scoped()) renew_events(*s);
    if (events && events->fits(*serving_)) events->follow(serving_);
    const bool redirected = s->raw && s->extras->subscriptions.channels.contains(invalidations);
    if (redirected && before.change.era != serving_->change.era) forget_cached(*s);
  }
}

void Engine::renew_events(Session& s) {
  Subscriptions& own = s.extras->subscriptions;
  const auto is_event = [](const Bytes& name, bool pattern) { return could_be_event(name, pattern); };
  bool listens = s.extras->events != nullptr;
  for (const Bytes& name : own.channels) listens |= is_event(name, false);
  for (const Bytes& name : own.patterns) listens |= is_event(name, true);
  if (!listens || s.pinned == nullptr) return;
  auto events = std::make_unique<KeyspaceEvents>(serving_, settings_.view);
  Bytes out;
  const auto subscribe = [&](const Bytes& name, bool pattern) {
    for (const Subscription& one : events->subscribe({pattern, name}))
      resp::append_command(out, {one.pattern ? "PSUBSCRIBE" : "SUBSCRIBE", one.name});
  };
  for (const Bytes& name : own.channels) subscribe(name, false);
  for (const Bytes& name : own.patterns) subscribe(name, true);
  s.extras->events = std::move(events);
  s.pinned->out.copy(out);
  mark(*s.pinned);
}

/// Invalidates all that a client has cached: names and places of records are others now.
void Engine::forget_cached(Session& s) {
  const bool redirected = s.raw && s.extras && s.extras->subscriptions.channels.contains(invalidations);
  if (s.closed || (!redirected && (!s.tracking || s.pool.protocol != resp::Protocol::resp3))) return;
  if (s.pinned != nullptr && s.pinned->delivering) return close_after_flush(s);  // in the middle of another message
  Bytes out;
  if (redirected) {
    out = "*3\r\n$7\r\nmessage\r\n";
    resp::append_bulk(out, invalidations);
    out += "*-1\r\n";
  } else {
    out = ">2\r\n$10\r\ninvalidate\r\n_\r\n";
  }
  write_out(s, out, false);
}

}  // namespace keyshift::proxy
