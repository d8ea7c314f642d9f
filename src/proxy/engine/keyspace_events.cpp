#include "proxy/engine/keyspace_events.hpp"

#include <algorithm>

#include "proxy/engine/glob.hpp"

namespace keyshift::proxy {
namespace {

using transforms::Side;

constexpr BytesView kRenameFrom = "rename_from", kRenameTo = "rename_to";

}  // namespace

KeyspaceEvents::KeyspaceEvents(const transforms::RuleSet& rules, migration::View view, migration::Mode mode)
    : rules_(rules), names_(rules, view), leaving_(opposite(home_side(mode))) {
  const Bytes database = std::to_string(rules.database());
  key_prefix_ = "__keyspace@" + database + "__:";
  event_prefix_ = "__keyevent@" + database + "__:";
}

void KeyspaceEvents::set_mode(migration::Mode mode) {
  leaving_ = opposite(home_side(mode));
  for (MoveSeen& seen : seen_) seen = {};
}

std::vector<Subscription> KeyspaceEvents::subscribe(const Subscription& app) {
  std::vector<Subscription> added;
  if (!app_.insert(app).second) return added;
  for (Subscription& needed : upstream_for(app)) {
    if (upstream_[needed]++ != 0) continue;
    // A move already seen was over before this subscription began.
    for (MoveSeen& seen : seen_)
      if (!seen.to.empty()) seen.dropped.insert(needed);
    added.push_back(std::move(needed));
  }
  return added;
}

std::vector<Subscription> KeyspaceEvents::unsubscribe(const Subscription& app) {
  std::vector<Subscription> removed;
  if (app_.erase(app) == 0) return removed;
  for (Subscription& needed : upstream_for(app)) {
    const auto at = upstream_.find(needed);
    if (--at->second != 0) continue;
    upstream_.erase(at);
    removed.push_back(std::move(needed));
  }
  return removed;
}

std::vector<Subscription> KeyspaceEvents::upstream_for(const Subscription& app) const {
  std::set<Subscription> needed{app};
  const BytesView name = app.name;
  if (!app.pattern && name.starts_with(key_prefix_)) {
    const BytesView key = name.substr(key_prefix_.size());
    const transforms::Match match = rules_.match(key);
    Bytes other;
    if (match.rule >= 0) {
      rules_.other_name(match, key, other);
      needed.insert({false, key_prefix_ + other});
    }
  }
  if (app.pattern && concerns_records(name)) {
    for (std::size_t rule = 0; rule < rules_.rules().size(); ++rule)
      for (const Side side : {Side::from, Side::to}) needed.insert(covering(rule, side));
  }
  const Bytes heard = event_prefix_ + Bytes(kRenameTo);
  if (app.pattern ? glob_matches(name, heard) : name == heard)
    needed.insert({false, event_prefix_ + Bytes(kRenameFrom)});
  return {needed.begin(), needed.end()};
}

/// Could a record's keyspace channel, by the app's name, fit the pattern? True when that cannot be told.
bool KeyspaceEvents::concerns_records(BytesView pattern) const {
  const GlobPrefix prefix = glob_prefix(pattern);
  const BytesView literal = prefix.literal;
  if (!literal.starts_with(key_prefix_)) return BytesView(key_prefix_).starts_with(literal) && !prefix.rest.empty();
  const Bytes keys = glob_escaped(literal.substr(key_prefix_.size())) + Bytes(prefix.rest);
  return !rules_.glob_excludes(keys);
}

Subscription KeyspaceEvents::covering(std::size_t rule, Side side) const {
  const transforms::Rule& row = rules_.rules()[rule];
  return {true, key_prefix_ + (side == Side::from ? row.from : row.to).covering_glob()};
}

std::vector<Event> KeyspaceEvents::on_message(const Subscription& by, BytesView channel, BytesView payload) {
  std::vector<Event> out;
  if (channel.starts_with(key_prefix_)) {
    key_message(by, channel.substr(key_prefix_.size()), payload, out);
    return out;
  }
  if (!channel.starts_with(event_prefix_)) {
    deliver(by, channel, payload, out);
    return out;
  }
  if (transforms::reserved(payload)) return out;
  const transforms::Match match = rules_.match(payload);
  if (dropped(by_event, by, payload, match, channel.substr(event_prefix_.size()))) return out;
  Bytes scratch;
  deliver(by, channel, names_.of(match, payload, scratch), out);
  return out;
}

void KeyspaceEvents::key_message(const Subscription& by, BytesView stored, BytesView event, std::vector<Event>& out) {
  if (transforms::reserved(stored)) return;
  const transforms::Match match = rules_.match(stored);
  Bytes scratch;
  const Bytes channel = key_prefix_ + Bytes(names_.of(match, stored, scratch));
  if (match.rule < 0) return deliver(by, channel, event, out);
  if (dropped(by_key, by, stored, match, event)) return;
  if (!by.pattern) {
    if (app_.contains({false, channel})) out.push_back({std::nullopt, channel, Bytes(event)});
    return;
  }
  // The same event comes by every pattern that fits it: the one of its rule and side counts.
  if (by == covering(static_cast<std::size_t>(match.rule), match.side)) deliver_patterns(channel, event, out);
}

bool KeyspaceEvents::dropped(Kind kind, const Subscription& by, BytesView stored, const transforms::Match& match,
                             BytesView event) {
  if (match.rule < 0) return false;
  MoveSeen& seen = seen_[kind];
  if (match.side == leaving_ && event == kRenameFrom) {
    Bytes other;
    rules_.other_name(match, stored, other);
    if (other != seen.to || !seen.dropped.empty()) seen = {std::move(other), {}};
    return true;
  }
  if (seen.to.empty() || stored != seen.to) return false;
  if (event == kRenameTo) return seen.dropped.insert(by).second;
  seen = {};
  return false;
}

/// What the server sent by a subscription of the app's own.
void KeyspaceEvents::deliver(const Subscription& by, BytesView channel, BytesView payload,
                             std::vector<Event>& out) const {
  if (!app_.contains(by)) return;
  Event event{std::nullopt, Bytes(channel), Bytes(payload)};
  if (by.pattern) event.pattern = by.name;
  out.push_back(std::move(event));
}

void KeyspaceEvents::deliver_patterns(BytesView channel, BytesView payload, std::vector<Event>& out) const {
  for (const Subscription& app : app_)
    if (app.pattern && glob_matches(app.name, channel)) out.push_back({app.name, Bytes(channel), Bytes(payload)});
}

}  // namespace keyshift::proxy
