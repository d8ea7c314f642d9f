#include "proxy/engine/keyspace_events.hpp"

#include <algorithm>

#include "proxy/engine/glob.hpp"

namespace keyshift::proxy {
namespace {

using transforms::Side;

constexpr BytesView kRenameFrom = "rename_from", kRenameTo = "rename_to";

}  // namespace

KeyspaceEvents::KeyspaceEvents(std::shared_ptr<const control::Serving> serving, migration::View view)
    : serving_(std::move(serving)), view_(view) {
  for (std::size_t i = 0; i < serving_->databases.size(); ++i) {
    const Bytes database = std::to_string(serving_->databases[i].database);
    places_.push_back({i, "__keyspace@" + database + "__:", "__keyevent@" + database + "__:", {}});
  }
}

bool KeyspaceEvents::fits(const control::Serving& serving) const {
  const auto same = [](const control::ServedDatabase& a, const control::ServedDatabase& b) {
    return a.database == b.database && a.rules == b.rules;
  };
  return std::equal(serving.databases.begin(), serving.databases.end(), serving_->databases.begin(),
                    serving_->databases.end(), same);
}

void KeyspaceEvents::follow(std::shared_ptr<const control::Serving> serving) {
  serving_ = std::move(serving);
  for (Place& place : places_)
    for (MoveSeen& seen : place.seen) seen = {};
}

std::vector<Subscription> KeyspaceEvents::subscribe(const Subscription& app) {
  std::vector<Subscription> added;
  if (!app_.insert(app).second) return added;
  for (Subscription& needed : upstream_for(app)) {
    if (upstream_[needed]++ != 0) continue;
    // A move already seen was over before this subscription began.
    for (Place& place : places_)
      for (MoveSeen& seen : place.seen)
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
  for (const Place& place : places_) needed_at(place, app, needed);
  return {needed.begin(), needed.end()};
}

void KeyspaceEvents::needed_at(const Place& place, const Subscription& app, std::set<Subscription>& needed) const {
  const BytesView name = app.name;
  const transforms::RuleSet& rules = *rules_of(place).rules;
  if (!app.pattern && name.starts_with(place.key_prefix)) {
    const BytesView key = name.substr(place.key_prefix.size());
    const transforms::Match match = rules.match(key);
    Bytes other;
    if (match.rule >= 0) {
      rules.other_name(match, key, other);
      needed.insert({false, place.key_prefix + other});
    }
  }
  if (app.pattern && concerns_records(place, name)) {
    for (std::size_t rule = 0; rule < rules.rules().size(); ++rule)
      for (const Side side : {Side::from, Side::to}) needed.insert(covering(place, rule, side));
  }
  const Bytes heard = place.event_prefix + Bytes(kRenameTo);
  if (app.pattern ? glob_matches(name, heard) : name == heard)
    needed.insert({false, place.event_prefix + Bytes(kRenameFrom)});
}

/// Could a record's keyspace channel, by the app's name, fit the pattern? True when that cannot be told.
bool KeyspaceEvents::concerns_records(const Place& place, BytesView pattern) const {
  const GlobPrefix prefix = glob_prefix(pattern);
  const BytesView literal = prefix.literal, here = place.key_prefix;
  if (!literal.starts_with(here)) return here.starts_with(literal) && !prefix.rest.empty();
  const Bytes keys = glob_escaped(literal.substr(here.size())) + Bytes(prefix.rest);
  return !rules_of(place).rules->glob_excludes(keys);
}

Subscription KeyspaceEvents::covering(const Place& place, std::size_t rule, Side side) const {
  const transforms::Rule& row = rules_of(place).rules->rules()[rule];
  return {true, place.key_prefix + (side == Side::from ? row.from : row.to).covering_glob()};
}

std::vector<Event> KeyspaceEvents::on_message(const Subscription& by, BytesView channel, BytesView payload) {
  std::vector<Event> out;
  for (Place& place : places_) {
    if (channel.starts_with(place.key_prefix)) {
      key_message(place, by, channel.substr(place.key_prefix.size()), payload, out);
      return out;
    }
    if (channel.starts_with(place.event_prefix)) {
      event_message(place, by, channel, payload, out);
      return out;
    }
  }
  deliver(by, channel, payload, out);
  return out;
}

void KeyspaceEvents::event_message(Place& place, const Subscription& by, BytesView channel, BytesView stored,
                                   std::vector<Event>& out) {
  if (transforms::reserved(stored)) return;
  const transforms::Match match = rules_of(place).rules->match(stored);
  if (dropped(place, by_event, by, stored, match, channel.substr(place.event_prefix.size()))) return;
  Bytes scratch;
  deliver(by, channel, names_of(place).of(match, stored, scratch), out);
}

void KeyspaceEvents::key_message(Place& place, const Subscription& by, BytesView stored, BytesView event,
                                 std::vector<Event>& out) {
  if (transforms::reserved(stored)) return;
  const transforms::Match match = rules_of(place).rules->match(stored);
  Bytes scratch;
  const Bytes channel = place.key_prefix + Bytes(names_of(place).of(match, stored, scratch));
  if (match.rule < 0) return deliver(by, channel, event, out);
  if (dropped(place, by_key, by, stored, match, event)) return;
  if (!by.pattern) {
    if (app_.contains({false, channel})) out.push_back({std::nullopt, channel, Bytes(event)});
    return;
  }
  // The same event comes by every pattern that fits it: the one of its rule and side counts.
  if (by == covering(place, static_cast<std::size_t>(match.rule), match.side)) deliver_patterns(channel, event, out);
}

bool KeyspaceEvents::dropped(Place& place, Kind kind, const Subscription& by, BytesView stored,
                             const transforms::Match& match, BytesView event) {
  if (match.rule < 0) return false;
  MoveSeen& seen = place.seen[kind];
  const control::ServedDatabase& here = rules_of(place);
  if (match.side != home_side(here.at(match).mode) && event == kRenameFrom) {
    Bytes other;
    here.rules->other_name(match, stored, other);
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
