#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "control/serving.hpp"
#include "proxy/engine/app_names.hpp"

namespace keyshift::proxy {

/// One thing to (P)SUBSCRIBE to, or one that was.
struct Subscription {
  bool pattern = false;
  Bytes name;
  auto operator<=>(const Subscription&) const = default;
};

/// A message for the app: `pattern` is set for a pmessage.
struct Event {
  std::optional<Bytes> pattern;
  Bytes channel, payload;
  bool operator==(const Event&) const = default;
};

/// True when a channel of this name or pattern could be a keyspace notification.
bool could_be_event(BytesView name, bool pattern) noexcept;

/// Keyspace notifications of one session in the app's view (docs/protocol.md, section 6): which channels to ask the
/// server for, and what of its messages the app gets. One per connection that subscribes; one thread.
///
/// Promised, for channels `__keyspace@<db>__:<key>` and `__keyevent@<db>__:<event>` of each database with rules:
/// - An event of a record comes under the app's name, whichever of its names it happened under, once for each of the
///   app's subscriptions that fit the *app's* channel, as Redis would send it.
/// - The rename_from and rename_to of a move never come. A rename away from the side that records leave can only be a
///   move; the rename_to that follows it is told from an app's own RENAME to that record by its partner.
/// - Events of reserved keys never come.
/// All other channels are passed on as they are, bytes and order unchanged. Not promised: more than Redis does (events
/// sent while a connection is away are lost); events on strays, keys on the wrong side of a settled mode, come as
/// events of the record. Across follow() a move whose two halves fall on both sides may show.
///
/// The server's confirmations count upstream subscriptions; those for the app are the caller's to make.
class KeyspaceEvents {
 public:
  KeyspaceEvents(std::shared_ptr<const control::Serving> serving, migration::View view);

  /// True when `serving` has the same rules, so that follow() will do.
  [[nodiscard]] bool fits(const control::Serving& serving) const;
  /// Records may go other ways from here on.
  void follow(std::shared_ptr<const control::Serving> serving);

  /// The app subscribes or unsubscribes. Gives what must now be subscribed or unsubscribed upstream; empty when the
  /// upstream subscriptions of others cover it. Repeating either does no harm.
  std::vector<Subscription> subscribe(const Subscription& app);
  std::vector<Subscription> unsubscribe(const Subscription& app);
  [[nodiscard]] const std::set<Subscription>& subscriptions() const noexcept { return app_; }

  /// A message that came by the upstream subscription `by` (a pmessage by its pattern, a message by its channel), in
  /// the order in which the server sent it. Gives what the app gets: nothing, one, or one per pattern of its own.
  std::vector<Event> on_message(const Subscription& by, BytesView channel, BytesView payload);

  /// The upstream subscriptions that `app` needs, itself among them: both names of a record's channel; for a pattern
  /// that records' channels could fit also one pattern for each side of each rule; and the event rename_from wherever
  /// rename_to could be heard.
  [[nodiscard]] std::vector<Subscription> upstream_for(const Subscription& app) const;

 private:
  /// A move whose rename_to has still to come, apart for the two kinds of channel.
  struct MoveSeen {
    Bytes to;
    std::set<Subscription> dropped;  ///< by which its rename_to was dropped already
  };
  enum Kind : std::size_t { by_key, by_event };
  /// One database with rules.
  struct Place {
    std::size_t index = 0;  ///< in Serving::databases
    Bytes key_prefix, event_prefix;
    MoveSeen seen[2];
  };

  [[nodiscard]] const control::ServedDatabase& rules_of(const Place& place) const {
    return serving_->databases[place.index];
  }
  [[nodiscard]] AppNames names_of(const Place& place) const { return {*rules_of(place).rules, view_}; }
  void needed_at(const Place& place, const Subscription& app, std::set<Subscription>& needed) const;
  [[nodiscard]] bool dropped(Place& place, Kind kind, const Subscription& by, BytesView stored,
                             const transforms::Match& match, BytesView event);
  void key_message(Place& place, const Subscription& by, BytesView stored, BytesView event, std::vector<Event>& out);
  void event_message(Place& place, const Subscription& by, BytesView channel, BytesView stored,
                     std::vector<Event>& out);
  void deliver_patterns(BytesView channel, BytesView payload, std::vector<Event>& out) const;
  void deliver(const Subscription& by, BytesView channel, BytesView payload, std::vector<Event>& out) const;
  [[nodiscard]] bool concerns_records(const Place& place, BytesView pattern) const;
  [[nodiscard]] Subscription covering(const Place& place, std::size_t rule, transforms::Side side) const;

  std::shared_ptr<const control::Serving> serving_;
  migration::View view_;
  std::vector<Place> places_;
  std::set<Subscription> app_;
  std::map<Subscription, std::size_t> upstream_;  ///< how many of the app's need it
};

}  // namespace keyshift::proxy
