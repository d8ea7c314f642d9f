#include "proxy/engine/scan_merge.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "proxy/engine/glob.hpp"
#include "unit/engine/rules_for_tests.hpp"

namespace keyshift::proxy {
namespace {

using migration::Mode;
using migration::View;
using resp::array;
using resp::bulk;
using resp::Reply;

/// Kept for the whole test: what the steps point into.
const control::ServedDatabase& here(const transforms::RuleSet& rules, Mode mode) {
  static std::vector<std::shared_ptr<control::Serving>> kept;
  return kept.emplace_back(test::served(rules, mode))->databases.front();
}

ScanStep step(const transforms::RuleSet& rules, Mode mode, std::vector<BytesView> argv, std::uint64_t era = 1,
              View view = View::old) {
  const auto planned = plan_scan({here(rules, mode), view, era}, argv);
  REQUIRE(planned.has_value());
  return planned.value();
}

Reply merged(const transforms::RuleSet& rules, Mode mode, const ScanStep& at, const Bytes& cursor,
             const std::vector<Bytes>& keys) {
  std::vector<Reply> names;
  for (const Bytes& key : keys) names.push_back(bulk(key));
  auto reply = merge_scan(here(rules, mode), at, array({bulk(cursor), array(std::move(names))}));
  REQUIRE(reply.has_value());
  return reply.value();
}

std::vector<Bytes> names_of(const Reply& reply) {
  std::vector<Bytes> names;
  for (const Reply& name : reply.elements[1].elements) names.push_back(name.text);
  return names;
}

using Names = std::vector<Bytes>;
const Names kStored{"user:1", "{user:2}:profile", "other", "keyshift:x"};

TEST_CASE("where nothing moves one pass shows the side where records are, by the app's names") {
  const auto rules = test::two_rules();
  CHECK(names_of(merged(*rules, Mode::old, step(*rules, Mode::old, {"SCAN", "0"}), "0", kStored)) ==
        Names{"user:1", "other"});
  CHECK(names_of(merged(*rules, Mode::at_new, step(*rules, Mode::at_new, {"SCAN", "0"}), "0", kStored)) ==
        Names{"user:2", "other"});
  CHECK(names_of(merged(*rules, Mode::at_new, step(*rules, Mode::at_new, {"SCAN", "0"}, 1, View::at_new), "0",
                        kStored)) == Names{"{user:2}:profile", "other"});
  CHECK(merged(*rules, Mode::old, step(*rules, Mode::old, {"SCAN", "0"}), "0", kStored).elements[0].text == "0");
}

TEST_CASE("while records move, the side that they leave comes first, then the side that they go to") {
  const auto rules = test::two_rules();
  for (const Mode mode : {Mode::to_new, Mode::to_old}) {
    const bool to_new = mode == Mode::to_new;
    const Reply first = merged(*rules, mode, step(*rules, mode, {"SCAN", "0"}), "0", kStored);
    CHECK(names_of(first) == (to_new ? Names{"user:1", "other"} : Names{"user:2", "other"}));
    const Bytes cursor = first.elements[0].text;
    CHECK(cursor != "0");
    const ScanStep second = step(*rules, mode, {"SCAN", cursor});
    CHECK(second.request == "*2\r\n$4\r\nSCAN\r\n$1\r\n0\r\n");
    const Reply last = merged(*rules, mode, second, "0", kStored);
    CHECK(names_of(last) == (to_new ? Names{"user:2"} : Names{"user:1"}));
    CHECK(last.elements[0].text == "0");
  }
}

TEST_CASE("a scan that a flip overtakes begins anew, one that a mere change of mode overtakes goes on") {
  const auto rules = test::two_rules();
  const Bytes cursor =
      merged(*rules, Mode::to_new, step(*rules, Mode::to_new, {"SCAN", "0"}, 1), "40", {}).elements[0].text;
  CHECK(step(*rules, Mode::to_new, {"SCAN", cursor}, 1).at.server == 40);
  CHECK(step(*rules, Mode::to_old, {"SCAN", cursor}, 2).at.server == 0);
  const ScanStep settled = step(*rules, Mode::at_new, {"SCAN", cursor}, 1);
  CHECK(settled.at.server == 40);
  CHECK(settled.second_pass);
}

TEST_CASE("with two runs each record is shown on its own run's side: leaving, then home; one that rests shows once") {
  control::Serving serving;
  transforms::MigrationFile users, sessions;
  users.rules.push_back(test::rule("user", "user:<id>", "{user:<id>}:profile"));
  sessions.rules.push_back(test::rule("session", "sess:<token>", "session:v2:<token>"));
  test::add_run(serving, std::make_shared<const transforms::RuleSet>(users), Mode::to_new, "users");
  test::add_run(serving, std::make_shared<const transforms::RuleSet>(sessions), Mode::to_old, "sessions");
  const std::vector<Bytes> stored{"user:1", "{user:2}:profile", "sess:3", "session:v2:4", "plain"};
  const auto page = [&](Bytes& cursor) {
    const std::vector<BytesView> argv{"SCAN", cursor};
    const auto at = plan_scan({serving.databases[0], View::old, 1}, argv);
    REQUIRE(at.has_value());
    std::vector<Reply> names;
    for (const Bytes& key : stored) names.push_back(bulk(key));
    auto reply = merge_scan(serving.databases[0], at.value(), array({bulk("0"), array(std::move(names))}));
    REQUIRE(reply.has_value());
    cursor = reply.value().elements[0].text;
    return names_of(reply.value());
  };
  Bytes cursor = "0";
  CHECK(page(cursor) == Names{"user:1", "sess:4", "plain"});
  CHECK(page(cursor) == Names{"user:2", "sess:3"});
  CHECK(cursor == "0");
  serving.runs[1].mode = Mode::at_new;
  const control::Serving moving = serving;
  control::lay_out(serving, &moving);
  CHECK(page(cursor) == Names{"user:1", "plain"});
  CHECK(page(cursor) == Names{"user:2", "sess:4"});
}

TEST_CASE("MATCH speaks of the app's names; where no rule is concerned the server does the work, in one pass") {
  const auto rules = test::two_rules();
  const ScanStep mine = step(*rules, Mode::at_new, {"SCAN", "0", "match", "user:*", "COUNT", "7", "TYPE", "hash"});
  CHECK(mine.request == "*6\r\n$4\r\nSCAN\r\n$1\r\n0\r\n$5\r\nCOUNT\r\n$1\r\n7\r\n$4\r\nTYPE\r\n$4\r\nhash\r\n");
  CHECK(names_of(merged(*rules, Mode::at_new, mine, "0", {"{user:2}:profile", "session:v2:x", "other", "user:"})) ==
        Names{"user:2", "user:"});
  const ScanStep none = step(*rules, Mode::to_new, {"SCAN", "0", "MATCH", "cart:*"});
  CHECK(none.request == "*4\r\n$4\r\nSCAN\r\n$1\r\n0\r\n$5\r\nMATCH\r\n$6\r\ncart:*\r\n");
  CHECK(merged(*rules, Mode::to_new, none, "0", {"cart:1"}).elements[0].text == "0");
}

TEST_CASE("of two MATCH the last counts, and options that nobody knows are the server's to refuse") {
  const auto rules = test::two_rules();
  const ScanStep twice = step(*rules, Mode::old, {"SCAN", "0", "MATCH", "x*", "MATCH", "user:*"});
  CHECK(twice.match == "user:*");
  CHECK(twice.request == "*2\r\n$4\r\nSCAN\r\n$1\r\n0\r\n");
  CHECK(step(*rules, Mode::old, {"SCAN", "0", "MATCH"}).request == "*3\r\n$4\r\nSCAN\r\n$1\r\n0\r\n$5\r\nMATCH\r\n");
  CHECK(step(*rules, Mode::old, {"SCAN", "0", "MATCH", "user:*", "BAD"}).request ==
        "*5\r\n$4\r\nSCAN\r\n$1\r\n0\r\n$5\r\nMATCH\r\n$6\r\nuser:*\r\n$3\r\nBAD\r\n");
}

TEST_CASE("errors of the server stay, a reply of another shape and a cursor that does not fit are errors") {
  const auto rules = test::two_rules();
  const ScanStep at = step(*rules, Mode::to_new, {"SCAN", "0"});
  Reply error = bulk("ERR syntax error");
  error.type = '-';
  CHECK(merge_scan(here(*rules, Mode::old), at, error).value() == error);
  CHECK(merge_scan(here(*rules, Mode::old), at, resp::integer(1)).has_error());
  CHECK(merge_scan(here(*rules, Mode::old), at, array({bulk("x"), array({})})).has_error());
  CHECK(merge_scan(here(*rules, Mode::old), at, array({bulk("18446744073709551615"), array({})})).has_error());
  const std::vector<BytesView> bad{"SCAN", "x"};
  CHECK(plan_scan({here(*rules, Mode::old), View::old, 1}, bad).error().what == "invalid cursor");
}

/// A keyspace in which every name has a fixed random place, walked from cursor to cursor as a server does: what is
/// there throughout a walk is found by it, what comes and goes may be missed.
struct Keyspace {
  std::set<std::pair<std::uint64_t, Bytes>> places;

  static std::uint64_t place(const Bytes& name) { return 1 + std::hash<Bytes>{}(name) % 1000; }
  void add(const Bytes& name) { places.emplace(place(name), name); }
  bool rename(const Bytes& from, const Bytes& to) {
    if (places.erase({place(from), from}) == 0) return false;
    add(to);
    return true;
  }
  Reply scan(std::uint64_t cursor, std::uint64_t count) const {
    std::vector<Reply> names;
    for (const auto& [at, name] : places)
      if (at >= cursor && at < cursor + count) names.push_back(bulk(name));
    return array({bulk(cursor + count > 1000 ? "0" : std::to_string(cursor + count)), array(std::move(names))});
  }
};

struct Simulation {
  const transforms::RuleSet& rules;
  std::mt19937_64 random;
  Keyspace keys;
  std::set<Bytes> expected, seen;  ///< by the app's names
  Mode mode;
  std::uint64_t era = 1;
  bool wrong_order = false;

  static constexpr int kRecords = 12;
  static Bytes old_name(int i) { return "user:" + std::to_string(i); }
  static Bytes new_name(int i) { return "{user:" + std::to_string(i) + "}:profile"; }

  Simulation(const transforms::RuleSet& set, std::uint64_t seed, Mode direction)
      : rules(set), random(seed), mode(direction) {
    for (int i = 0; i < kRecords; ++i) {
      keys.add(random() % 2 == 0 ? old_name(i) : new_name(i));
      expected.insert(old_name(i));
    }
    keys.add("other");
    keys.add("keyshift:x");
    expected.insert("other");
  }
  void move_some() {
    for (int i = 0; i < kRecords; ++i) {
      if (random() % 4 != 0) continue;
      if (mode == Mode::to_new) keys.rename(old_name(i), new_name(i));
      if (mode == Mode::to_old) keys.rename(new_name(i), old_name(i));
    }
  }
  void flip() {
    ++era;
    mode = mode == Mode::to_new ? Mode::to_old : Mode::to_new;
  }
  /// The mistake that the order of passes is there to prevent: the side that records go to is read first.
  void swap_passes(ScanStep& at) const {
    if (at.at.pass != ScanCursor::Pass::only) at.leaving = !at.leaving;
  }
  bool call(Bytes& cursor) {
    const std::vector<BytesView> argv{"SCAN", cursor};
    const auto serving = test::served(rules, mode);
    const control::ServedDatabase* const now = &serving->databases.front();
    auto at = plan_scan({*now, View::old, era}, argv);
    REQUIRE(at.has_value());
    if (wrong_order) swap_passes(at.value());
    auto reply = merge_scan(*now, at.value(), keys.scan(at.value().at.server, 1 + random() % 400));
    REQUIRE(reply.has_value());
    for (const Bytes& name : names_of(reply.value())) seen.insert(name);
    cursor = reply.value().elements[0].text;
    return cursor != "0";
  }
  void run(int flips) {
    Bytes cursor = "0";
    while (call(cursor)) {
      move_some();
      if (flips > 0 && random() % 5 == 0) {
        flip();
        --flips;
      }
    }
  }
};

std::size_t seeds_that_miss(Mode mode, int flips, bool wrong_order, std::size_t seeds) {
  const auto rules = test::two_rules();
  std::size_t missing = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    Simulation simulation(*rules, seed, mode);
    simulation.wrong_order = wrong_order;
    simulation.run(flips);
    for (const Bytes& name : simulation.seen) REQUIRE(simulation.expected.contains(name));
    missing += simulation.seen == simulation.expected ? 0U : 1U;
  }
  return missing;
}

TEST_CASE("no record that is there throughout is missed while records move, in either direction, with flips between") {
  for (const Mode mode : {Mode::to_new, Mode::to_old})
    for (const int flips : {0, 3}) CHECK(seeds_that_miss(mode, flips, false, 2000) == 0);
}

TEST_CASE("passes in the wrong order do miss records, so the simulation can tell") {
  CHECK(seeds_that_miss(Mode::to_new, 0, true, 500) > 50);
  CHECK(seeds_that_miss(Mode::to_old, 0, true, 500) > 50);
}

}  // namespace
}  // namespace keyshift::proxy
