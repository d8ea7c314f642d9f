#include "control/verify.hpp"

#include <doctest/doctest.h>

#include <map>

#include "migration/reserved_name.hpp"
#include "resp/reply.hpp"

using namespace keyshift;
using namespace keyshift::control;
using migration::Mode;

namespace {

const transforms::RuleSet& rules() {
  static const auto read = transforms::read_migration(R"(apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: m}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://localhost"}
  rules:
    - {name: user, from: {key: "user:<id:int>", type: hash}, to: {key: "{user:<id>}:profile"}}
    - {name: session, from: {key: "sess:<token>"}, to: {key: "session:v2:<token>"}}
)");
  static const transforms::RuleSet set(*read.migration);
  return set;
}

/// A store as names and types; "!" stands for a server that refuses to tell.
using Store = std::map<Bytes, Bytes>;

std::size_t answer(Verification& verification, const Store& store) {
  std::size_t asked = 0;
  for (;;) {
    Bytes out;
    const std::size_t expected = verification.next(out);
    if (expected == 0) return asked;
    asked += expected;
    std::vector<resp::Reply> replies;
    for (std::size_t at = 0; at < out.size() && replies.size() < expected;) {
      // "*2 $4 TYPE $n key", each behind its line end.
      const auto size_at = out.find('$', out.find("TYPE", at)) + 1;
      const auto line_end = out.find("\r\n", size_at);
      const auto size = std::stoul(out.substr(size_at, line_end - size_at));
      const auto found = store.find(out.substr(line_end + 2, size));
      at = line_end + 2 + size + 2;
      resp::Reply reply = resp::status(found == store.end() ? "none" : found->second);
      if (found != store.end() && found->second == "!") {
        reply.type = '-';
        reply.text = "NOPERM no";
      }
      replies.push_back(std::move(reply));
    }
    verification.take(replies);
  }
}

VerifyReport verified(const Store& first, const Store& second, VerifyPlan plan) {
  Verification verification(rules(), std::move(plan));
  for (const auto& [key, type] : first) verification.scanned(key);
  answer(verification, first);
  verification.look_again();
  answer(verification, second);
  return verification.report();
}
VerifyReport verified(const Store& store, Mode mode = Mode::to_new) { return verified(store, store, {mode, "m", 1}); }

}  // namespace

TEST_CASE("records under their new names are in place, and only they are counted for the rule") {
  const auto report = verified({{"{user:7}:profile", "hash"}, {"session:v2:a", "string"}, {"plain", "list"}});
  CHECK(report.clean());
  CHECK(report.scanned == 3);
  CHECK(report.rules[0].in_place == 1);
  CHECK(report.rules[1].in_place == 1);
  CHECK(report.rules[1].checked == 1);
  CHECK(report.listed.empty());
}

TEST_CASE("a record under its old name is a difference while new ones are wanted, and the other way round") {
  for (const Mode mode : {Mode::to_new, Mode::at_new}) {
    const auto report = verified({{"user:7", "hash"}}, mode);
    REQUIRE(report.listed.size() == 1);
    CHECK(report.listed[0].kind == DifferenceKind::left_behind);
    CHECK(report.listed[0].key == "user:7");
    CHECK(report.listed[0].rule == 0);
    CHECK(report.stable == 1);
    CHECK_FALSE(report.clean());
  }
  for (const Mode mode : {Mode::old, Mode::to_old}) {
    CHECK(verified({{"user:7", "hash"}}, mode).clean());
    CHECK(verified({{"{user:7}:profile", "hash"}}, mode).stable == 1);
  }
}

TEST_CASE("a record under both names is one difference, not two") {
  const auto report = verified({{"user:7", "hash"}, {"{user:7}:profile", "hash"}});
  CHECK(report.stable == 1);
  REQUIRE(report.listed.size() == 1);
  CHECK(report.listed[0].kind == DifferenceKind::both_names);
}

TEST_CASE("another type than the rule names is a difference; a rule without one takes any") {
  const auto report = verified({{"{user:7}:profile", "string"}, {"session:v2:a", "zset"}});
  REQUIRE(report.listed.size() == 1);
  CHECK(report.listed[0].kind == DifferenceKind::wrong_type);
  CHECK(report.listed[0].detail == "it is a string, the rule says hash");
}

TEST_CASE("a record that the server refuses to show is a difference, with the server's words") {
  const auto report = verified({{"session:v2:a", "!"}});
  REQUIRE(report.listed.size() == 1);
  CHECK(report.listed[0].kind == DifferenceKind::unreadable);
  CHECK(report.listed[0].detail == "NOPERM no");
}

TEST_CASE("what the second look does not find any more only moved") {
  const Store first{{"user:7", "hash"}, {"user:8", "hash"}, {"sess:a", "string"}, {"{user:9}:profile", "string"}};
  const Store second{{"{user:7}:profile", "hash"}, {"user:8", "hash"}, {"{user:9}:profile", "hash"}};
  const auto report = verified(first, second, {Mode::to_new, "m", 1});
  CHECK(report.moving == 3);
  REQUIRE(report.listed.size() == 1);
  CHECK(report.listed[0].key == "user:8");
}

TEST_CASE("a sample checks one in so many of those in place, and still finds all that are not") {
  Store store;
  for (int i = 0; i < 100; ++i) store["{user:" + std::to_string(i) + "}:profile"] = "hash";
  store["user:500"] = "hash";
  const auto report = verified(store, store, {Mode::to_new, "m", 10});
  CHECK(report.rules[0].in_place == 100);
  CHECK(report.rules[0].checked == 10);
  CHECK(report.stable == 1);
}

TEST_CASE("the quarantine of this run is counted by rule, that of others is not") {
  const auto report = verified({{migration::quarantine_name("m", "user:7"), "hash"},
                                {migration::quarantine_name("m", "user:7", 2), "hash"},
                                {migration::quarantine_name("m", "session:v2:a"), "string"},
                                {migration::quarantine_name("other", "user:7"), "hash"},
                                {"keyshift:quarantine:{", "hash"},
                                {migration::control_record_name(), "hash"}});
  CHECK(report.clean());
  CHECK(report.rules[0].quarantined == 2);
  CHECK(report.rules[1].quarantined == 1);
}

TEST_CASE("too many suspects are not clean, and are said to be too many") {
  Store store;
  for (int i = 0; i < 10'050; ++i) store["user:" + std::to_string(i)] = "hash";
  const auto moved = verified(store, {}, {Mode::to_new, "m", 1});
  CHECK(moved.moving == 10'000);
  CHECK(moved.unconfirmed == 50);
  CHECK_FALSE(moved.clean());
  const auto stayed = verified(store);
  CHECK(stayed.stable == 10'000);
  CHECK(stayed.listed.size() == VerifyReport::kMostListed);
}

TEST_CASE("a rehearsal looks at enough of each rule, and then no further") {
  Verification verification(rules(), {.mode = Mode::old, .run = "run", .enough = 2});
  CHECK_FALSE(verification.enough());
  for (const char* key : {"user:1", "user:2", "user:3", "sess:a"}) verification.scanned(key);
  CHECK_FALSE(verification.enough());
  verification.scanned("sess:b");
  CHECK(verification.enough());
  CHECK(answer(verification, {{"user:1", "hash"}, {"user:2", "hash"}, {"sess:a", "set"}, {"sess:b", "set"}}) == 8);
  verification.look_again();
  CHECK(verification.report().clean());
  CHECK(verification.report().rules[0].in_place == 3);
  CHECK(verification.report().rules[0].checked == 2);
}

TEST_CASE("a rehearsal of the way there finds names that are taken") {
  Verification verification(rules(), {.mode = Mode::old, .run = "run", .enough = 10});
  const Store store{{"user:1", "hash"}, {"{user:1}:profile", "hash"}, {"sess:a", "set"}};
  for (const auto& [key, type] : store) verification.scanned(key);
  answer(verification, store);
  verification.look_again();
  answer(verification, store);
  CHECK(verification.report().stable == 1);
  CHECK(verification.report().by_kind[static_cast<std::size_t>(DifferenceKind::both_names)] == 1);
}
