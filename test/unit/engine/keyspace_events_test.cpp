#include "proxy/engine/keyspace_events.hpp"

#include <doctest/doctest.h>

#include "proxy/engine/glob.hpp"
#include "unit/engine/rules_for_tests.hpp"

namespace keyshift::proxy {
namespace {

using migration::Mode;
using migration::View;

const Bytes kKey = "__keyspace@0__:", kEvent = "__keyevent@0__:";

Subscription channel(Bytes name) { return {false, std::move(name)}; }
Subscription pattern(Bytes name) { return {true, std::move(name)}; }

/// A server's pub/sub: publishes to what is subscribed upstream, in the order in which Redis does.
struct World {
  std::unique_ptr<transforms::RuleSet> rules = test::two_rules();
  KeyspaceEvents events;
  std::set<Subscription> upstream;
  std::vector<Event> got;

  explicit World(View view = View::old, Mode mode = Mode::to_new) : events(test::served(*rules, mode), view) {}
  void subscribe(const Subscription& app) {
    for (const Subscription& added : events.subscribe(app)) REQUIRE(upstream.insert(added).second);
  }
  void unsubscribe(const Subscription& app) {
    for (const Subscription& removed : events.unsubscribe(app)) REQUIRE(upstream.erase(removed) == 1);
  }
  void publish(const Bytes& name, const Bytes& payload) {
    for (const Subscription& by : upstream) {
      if (by.pattern ? !glob_matches(by.name, name) : by.name != name) continue;
      for (Event& event : events.on_message(by, name, payload)) got.push_back(std::move(event));
    }
  }
  void happens(const Bytes& event, const Bytes& key) {
    publish(kKey + key, event);
    publish(kEvent + event, key);
  }
  void renamed(const Bytes& from, const Bytes& to) {
    happens("rename_from", from);
    happens("rename_to", to);
  }
  std::vector<Event> taken() { return std::exchange(got, {}); }
};

using Events = std::vector<Event>;

TEST_CASE("an app hears of a record under its own name, wherever the record is") {
  World world;
  world.subscribe(channel(kKey + "user:1"));
  world.happens("set", "{user:1}:profile");
  world.happens("expired", "user:1");
  world.happens("set", "{user:2}:profile");
  CHECK(world.taken() == Events{{std::nullopt, kKey + "user:1", "set"}, {std::nullopt, kKey + "user:1", "expired"}});
}

TEST_CASE("payloads of key events are the app's names") {
  World world(View::at_new);
  world.subscribe(channel(kEvent + "set"));
  world.happens("set", "user:1");
  world.happens("set", "other");
  CHECK(world.taken() ==
        Events{{std::nullopt, kEvent + "set", "{user:1}:profile"}, {std::nullopt, kEvent + "set", "other"}});
}

TEST_CASE("a pattern is applied to the app's channel, and an event comes once however many patterns fit upstream") {
  World world;
  const Bytes mine = kKey + "user:*";
  world.subscribe(pattern(mine));
  world.happens("set", "{user:1}:profile");
  world.happens("set", "user:2");
  world.happens("set", "session:v2:1");
  world.happens("set", "user:");
  CHECK(world.taken() ==
        Events{{mine, kKey + "user:1", "set"}, {mine, kKey + "user:2", "set"}, {mine, kKey + "user:", "set"}});
}

TEST_CASE("a pattern over all keyspace channels hears all once, a stored name's spelling fits nothing") {
  World world;
  world.subscribe(pattern("__key*__:*"));
  world.happens("set", "{user:1}:profile");
  CHECK(world.taken() == Events{{"__key*__:*", kKey + "user:1", "set"}, {"__key*__:*", kEvent + "set", "user:1"}});
  World other;
  other.subscribe(pattern(kKey + "{user*"));
  other.happens("set", "{user:1}:profile");
  CHECK(other.taken().empty());
}

TEST_CASE("each of the app's subscriptions that fits gets the event") {
  World world;
  world.subscribe(pattern(kKey + "user:*"));
  world.subscribe(pattern("*"));
  world.subscribe(channel(kKey + "user:1"));
  world.publish(kKey + "{user:1}:profile", "del");
  CHECK(world.taken().size() == 3);
}

TEST_CASE("the renames of a move are not heard, by any kind of subscription, in either direction") {
  for (const Mode mode : {Mode::to_new, Mode::to_old}) {
    for (const Subscription& app :
         {channel(kKey + "user:1"), pattern(kKey + "*"), pattern("*"), channel(kEvent + "rename_to"),
          channel(kEvent + "rename_from"), pattern(kEvent + "*"), pattern("*rename_to")}) {
      CAPTURE(app.name);
      World world(View::old, mode);
      world.subscribe(app);
      world.subscribe(pattern("__key*"));
      for (int i = 0; i < 2; ++i) {
        if (mode == Mode::to_new)
          world.renamed("user:1", "{user:1}:profile");
        else
          world.renamed("{user:1}:profile", "user:1");
      }
      CHECK(world.taken().empty());
    }
  }
}

TEST_CASE("an app's own RENAME to a record is heard, also right after the record's move") {
  World world;
  world.subscribe(channel(kEvent + "rename_to"));
  world.subscribe(pattern(kKey + "user:*"));
  const Events heard{{kKey + "user:*", kKey + "user:1", "rename_to"}, {std::nullopt, kEvent + "rename_to", "user:1"}};
  world.renamed("other", "{user:1}:profile");
  CHECK(world.taken() == heard);
  world.renamed("user:1", "{user:1}:profile");
  CHECK(world.taken().empty());
  world.renamed("other", "{user:1}:profile");
  CHECK(world.taken() == heard);
}

TEST_CASE("a move of long ago hides nothing from a subscription made since, nor from what came back") {
  World world;
  world.subscribe(pattern(kKey + "*"));
  world.renamed("user:1", "{user:1}:profile");
  world.subscribe(channel(kKey + "user:1"));
  world.publish(kKey + "{user:1}:profile", "rename_to");
  CHECK(world.taken().size() == 2);
  // A pair whose second half never came (the connection began between) must not swallow a later one.
  for (const Subscription& by : world.upstream) world.events.on_message(by, kKey + "user:1", "rename_from");
  world.publish(kKey + "{user:1}:profile", "set");
  world.publish(kKey + "{user:1}:profile", "rename_to");
  CHECK(world.taken().size() == 4);
}

TEST_CASE("an app's RENAME away from a record is heard") {
  World world;
  world.subscribe(channel(kKey + "user:1"));
  world.renamed("{user:1}:profile", "other");
  CHECK(world.taken() == Events{{std::nullopt, kKey + "user:1", "rename_from"}});
}

TEST_CASE("reserved keys are never heard of") {
  World world;
  world.subscribe(pattern("*"));
  world.happens("set", "keyshift:epoch");
  CHECK(world.taken().empty());
}

TEST_CASE("other channels and other databases pass unchanged") {
  World world;
  world.subscribe(pattern("*"));
  world.publish("news", "user:1");
  world.publish("__keyspace@1__:{user:1}:profile", "set");
  CHECK(world.taken() == Events{{"*", "news", "user:1"}, {"*", "__keyspace@1__:{user:1}:profile", "set"}});
}

TEST_CASE("only what concerns records costs more subscriptions") {
  World world;
  CHECK(world.events.upstream_for(channel("news")).size() == 1);
  CHECK(world.events.upstream_for(pattern("news.*")).size() == 1);
  CHECK(world.events.upstream_for(pattern(kKey + "cart:*")).size() == 1);
  CHECK(world.events.upstream_for(channel(kKey + "cart:1")).size() == 1);
  CHECK(world.events.upstream_for(channel(kEvent + "set")).size() == 1);
  CHECK(world.events.upstream_for(channel(kKey + "sess:1")).size() == 2);
  CHECK(world.events.upstream_for(pattern(kKey + "sess:*")).size() > 2);
}

TEST_CASE("what several subscriptions need goes when the last of them goes") {
  World world;
  world.subscribe(pattern(kKey + "user:1*"));
  world.subscribe(pattern(kKey + "user:2*"));
  world.unsubscribe(pattern(kKey + "user:1*"));
  world.happens("set", "{user:2}:profile");
  CHECK(world.taken().size() == 1);
  world.unsubscribe(pattern(kKey + "user:2*"));
  CHECK(world.upstream.empty());
  CHECK(world.events.unsubscribe(pattern("never")).empty());
}

}  // namespace
}  // namespace keyshift::proxy
