#include "transforms/rule_set.hpp"

#include <doctest/doctest.h>

#include "unit/transforms/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::transforms;
using keyshift::transforms::test::rules_of;

namespace {

/// "<rule><f|t> <other name>", or "-" for a key out of scope.
std::string told(const RuleSet& rules, BytesView key) {
  const Match match = rules.match(key);
  if (match.rule < 0) return "-";
  Bytes other = "what was there before";
  rules.other_name(match, key, other);
  return std::to_string(match.rule) + (match.side == Side::from ? "f " : "t ") + other;
}

}  // namespace

TEST_CASE("a key belongs to the rule and the side whose pattern it fits, and has one other name") {
  const auto rules = rules_of({{"sess:<token>", "session:v2:<token>"}, {"user:<id:int>", "{user:<id>}:profile"}});
  CHECK(told(*rules, "sess:abc") == "0f session:v2:abc");
  CHECK(told(*rules, "session:v2:abc") == "0t sess:abc");
  CHECK(told(*rules, "user:42") == "1f {user:42}:profile");
  CHECK(told(*rules, "{user:42}:profile") == "1t user:42");
  CHECK(told(*rules, "user:042") == "-");
  CHECK(told(*rules, "user:") == "-");
  CHECK(told(*rules, "sess:") == "-");
  CHECK(told(*rules, "") == "-");
  CHECK(told(*rules, "{user:42}:profile2") == "-");
  CHECK(told(*rules, BytesView("sess:\0\xff", 7)) == "0f " + Bytes("session:v2:\0\xff", 13));
  CHECK(rules->database() == 3);
}

TEST_CASE("captures change places") {
  const auto rules = rules_of({{"<a:word>:<b:hex>:<c:int>x", "k/<c>/<a>/<b>"}});
  CHECK(told(*rules, "one:ff:-7x") == "0f k/-7/one/ff");
  CHECK(told(*rules, "k/-7/one/ff") == "0t one:ff:-7x");
  CHECK(told(*rules, "one:fg:-7x") == "-");
}

TEST_CASE("captures that nothing separates are cut where only one cut is possible") {
  const auto rules = rules_of({{"u<id:uuid><n:int>", "<n>:<id>"}});
  const Bytes id = "00112233-4455-6677-8899-aabbccddeeff";
  CHECK(told(*rules, "u" + id + "17") == "0f 17:" + id);
  CHECK(told(*rules, "17:" + id) == "0t u" + id + "17");
}

TEST_CASE("a capture of any bytes may hold the literal that follows it where the rest settles the cut") {
  const auto rules = rules_of({{"p<path:any>:<n:int>", "v2:<n>:<path>"}});
  CHECK(told(*rules, "pa:b:c:5") == "0f v2:5:a:b:c");
  CHECK(told(*rules, "v2:5:a:b:c") == "0t pa:b:c:5");
}

TEST_CASE("a value that the other side cannot hold keeps its key out of scope") {
  const auto rules = rules_of({{"user:<id>", "{user:<id>}:profile"}});
  CHECK(told(*rules, "user:x}:profil") == "0f {user:x}:profil}:profile");
  CHECK(told(*rules, "user:x}:profile") == "-");
  CHECK(told(*rules, "{user:x}:profile}:profile") == "-");
}

TEST_CASE("a rule without captures renames one key") {
  const auto rules = rules_of({{"config", "settings:v2"}});
  CHECK(told(*rules, "config") == "0f settings:v2");
  CHECK(told(*rules, "settings:v2") == "0t config");
  CHECK(told(*rules, "configs") == "-");
}

TEST_CASE("captures are told with their names") {
  const auto rules = rules_of({{"<a>:<b>", "v2/<b>/<a>"}});
  const Bytes key = "v2/x/y:";
  CHECK(rules->match(key).rule == -1);
  const Bytes good = "v2/x/y";
  const auto captures = rules->captures(rules->match(good), good);
  REQUIRE(captures.size() == 2);
  CHECK(captures[0].name == "b");
  CHECK(captures[0].value == "x");
  CHECK(captures[1].value == "y");
}

TEST_CASE("no rules: no key is in scope") {
  const auto rules = rules_of({});
  CHECK(told(*rules, "a") == "-");
  CHECK(rules->glob_excludes("*"));
}
