// Keyspace notifications and client-side caching while records change their names.
#include <algorithm>

#include "proxy/engine/engine.hpp"
#include "proxy/engine/invalidations.hpp"
#include "proxy/engine/keyspace_events.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

/// True when a channel of this name or pattern could be a keyspace notification.
bool could_be_event(BytesView name, bool pattern) noexcept {
  const BytesView literal = pattern ? name.substr(0, name.find_first_of("*?[\\")) : name;
  for (const BytesView kind : {BytesView("__keyspace@"), BytesView("__keyevent@")}) {
    const std::size_t common = std::min(kind.size(), literal.size());
    if (literal.substr(0, common) == kind.substr(0, common) && (pattern || literal.size() > kind.size())) return true;
  }
  return false;
}

namespace {

void append_message(Bytes& out, resp::Protocol protocol, std::initializer_list<BytesView> parts) {
  out += protocol == resp::Protocol::resp3 ? '>' : '*';
  out += std::to_string(parts.size()) + "\r\n";
  for (const BytesView part : parts) resp::append_bulk(out, part);
}

/// A confirmation as Redis sends it: kind, name (or null), how many subscriptions are left.
void append_confirmation(Bytes& out, resp::Protocol protocol, BytesView kind, const Bytes* name, std::size_t count) {
  out += protocol == resp::Protocol::resp3 ? ">3\r\n" : "*3\r\n";
  resp::append_bulk(out, kind);
  if (name != nullptr)
    resp::append_bulk(out, *name);
  else
    resp::append_reply(out, resp::null(protocol));
  resp::append_integer(out, static_cast<long long>(count));
}

}  // namespace

/// True when this client's subscriptions must be looked at: it listens, or is about to, to events of records.
bool Engine::maps_events(const Session& s, const Request& r) const {
  const bool sharded = r.command->name == "SSUBSCRIBE" || r.command->name == "SUNSUBSCRIBE";
  if (!scoped() || sharded) return false;
  if (s.extras && s.extras->events) return true;
  const bool pattern = r.command->name == "PSUBSCRIBE";
  if (r.command->gate != commands::Gate::subscribe) return false;
  for (std::size_t i = 1; i < r.argv.size(); ++i)
    if (could_be_event(r.argv[i], pattern)) return true;
  return false;
}

Engine::Verdict Engine::subscribe_mapped(Session& s, Request& r, Upstream& u, bool subscribes) {
  SessionExtras& extras = s.more();
  const bool pattern = r.command->name.starts_with("P");
  auto& own = pattern ? extras.subscriptions.patterns : extras.subscriptions.channels;
  std::vector<Subscription> upstream;
  const auto want = [&](std::vector<Subscription> more) { upstream.insert(upstream.end(), more.begin(), more.end()); };
  if (!extras.events) {
    extras.events = std::make_unique<KeyspaceEvents>(serving_, settings_.view);
    for (const Bytes& name : extras.subscriptions.channels) want(extras.events->subscribe({false, name}));
    for (const Bytes& name : extras.subscriptions.patterns) want(extras.events->subscribe({true, name}));
  }
  std::vector<Bytes> names(r.argv.begin() + 1, r.argv.end());
  if (names.empty()) names.assign(own.begin(), own.end());
  const Bytes kind =
      pattern ? (subscribes ? "psubscribe" : "punsubscribe") : (subscribes ? "subscribe" : "unsubscribe");
  const auto left = [&] { return extras.subscriptions.channels.size() + extras.subscriptions.patterns.size(); };
  for (const Bytes& name : names) {
    want(subscribes ? extras.events->subscribe({pattern, name}) : extras.events->unsubscribe({pattern, name}));
    if (subscribes)
      own.insert(name);
    else
      own.erase(name);
    append_confirmation(extras.confirmation_text, s.pool.protocol, kind, &name, left());
  }
  if (names.empty()) append_confirmation(extras.confirmation_text, s.pool.protocol, kind, nullptr, left());
  count(*r.command, Route::rewrite);
  if (s.pool.protocol == resp::Protocol::resp2) s.raw = true;
  u.tainted = true;
  Bytes out;
  for (const Subscription& one : upstream)
    resp::append_command(
        out, {one.pattern ? (subscribes ? "PSUBSCRIBE" : "PUNSUBSCRIBE") : (subscribes ? "SUBSCRIBE" : "UNSUBSCRIBE"),
              one.name});
  extras.confirmations = static_cast<std::uint32_t>(upstream.size());
  if (upstream.empty()) {
    confirmed(u, s, 0);
    return Verdict::served;
  }
  s.stall = Stall::confirmed;
  u.out.copy(out);
  mark(u);
  return Verdict::served;
}

/// True when the message was for us, or went to the client in its own terms.
bool Engine::mapped_message(Upstream& u, Session& s, const resp::Reply& message) {
  const auto& e = message.elements;
  const BytesView kind = e[0].text;
  if (kind == "subscribe" || kind == "psubscribe" || kind == "unsubscribe" || kind == "punsubscribe") {
    if (s.extras->confirmations != 0) confirmed(u, s, 1);
    return true;
  }
  const bool pattern = kind == "pmessage" && e.size() == 4;
  if (!pattern && (kind != "message" || e.size() != 3)) return false;
  const std::size_t at = pattern ? 2 : 1;
  if (!e[at + 1].textual()) return false;
  Bytes out;
  for (const Event& event : s.extras->events->on_message({pattern, e[1].text}, e[at].text, e[at + 1].text)) {
    if (event.pattern)
      append_message(out, s.pool.protocol, {"pmessage", *event.pattern, event.channel, event.payload});
    else
      append_message(out, s.pool.protocol, {"message", event.channel, event.payload});
  }
  if (!out.empty()) write_out(s, out, false);
  return true;
}

/// CLIENT TRACKING: prefixes of BCAST must cover both names of each record.
Engine::Verdict Engine::gate_tracking(Session& s, Request& r, Upstream& u) {
  std::vector<BytesView> prefixes, others;
  bool broadcast = false;
  for (std::size_t i = 0; i < r.argv.size(); ++i) {
    if (i > 2 && equal_ignoring_case(r.argv[i], "PREFIX") && i + 1 < r.argv.size()) {
      prefixes.push_back(r.argv[++i]);
    } else {
      broadcast |= i > 2 && equal_ignoring_case(r.argv[i], "BCAST");
      others.push_back(r.argv[i]);
    }
  }
  if (r.command->name == "CLIENT TRACKING" && equal_ignoring_case(r.argv[2], "OFF")) s.more().broadcast = Broadcast();
  if (!scoped() || !broadcast || prefixes.empty() || overlapping(prefixes)) return forward(s, r, u, nullptr);
  return gate_broadcast(s, r, u, prefixes, std::move(others));
}

/// The server adds prefixes to those that it has, and refuses one that begins with another: what it was given before,
/// it is not given again.
Engine::Verdict Engine::gate_broadcast(Session& s, const Request& r, Upstream& u, std::span<const BytesView> prefixes,
                                       std::vector<BytesView> others) {
  Broadcast& known = s.more().broadcast;
  Run& run = hooked(s, r, Run::Hook::tracking);
  run.argv.assign(prefixes.begin(), prefixes.end());
  run.argument = static_cast<std::int64_t>(prefixes.size());
  // Without any prefix the server reports everything, which is too much but never too little.
  if (const auto wider = bcast_prefixes(served_, settings_.view, prefixes))
    for (const Bytes& prefix : *wider) {
      const bool of_app = std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end();
      // Two prefixes of the app that overlap are for the server to refuse.
      const bool covered = std::any_of(known.given.begin(), known.given.end(), [&](const Bytes& given) {
        return prefix.starts_with(given) && !(of_app && known.asked.contains(given));
      });
      if (covered) continue;
      run.argv.push_back(prefix);
    }
  for (std::size_t i = prefixes.size(); i < run.argv.size(); ++i) others.insert(others.end(), {"PREFIX", run.argv[i]});
  Bytes raw;
  resp::append_command(raw, others);
  Request sent{others, raw, r.command, others.size()};
  const bool before = std::exchange(owned_input_, true);  // `raw` ends with this call
  s.drain_next = true;                                    // what the server has taken decides what it is given next
  const Verdict verdict = forward(s, sent, u, &run);
  owned_input_ = before;
  return verdict;
}

void Engine::tracking_reply(Session& s, Run& run, BytesView reply) {
  if (reply.starts_with("+")) {
    Broadcast& known = s.more().broadcast;
    const auto asked = run.argv.begin() + run.argument;
    known.asked.insert(run.argv.begin(), asked);
    known.given.insert(asked, run.argv.end());
  }
  run_done(run, reply, true);
}

/// CLIENT TRACKINGINFO names the client's own prefixes.
void Engine::tracking_info_reply(Session& s, Run& run, BytesView reply) {
  auto tree = resp::parse_reply(reply);
  if (!tree || s.more().broadcast.asked.empty()) return run_done(run, reply, true);
  for (std::size_t i = 0; i + 1 < tree->elements.size(); i += 2) {
    if (tree->elements[i].text != "prefixes") continue;
    tree->elements[i + 1].elements.clear();
    for (const Bytes& prefix : s.extras->broadcast.asked) tree->elements[i + 1].elements.push_back(resp::bulk(prefix));
  }
  Bytes out;
  resp::append_reply(out, *tree);
  run_done(run, out, false);
}

}  // namespace keyshift::proxy
