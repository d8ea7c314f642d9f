#include "control/fence.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace keyshift;
using namespace keyshift::control;

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
    - {name: user, from: {key: "user:<id:int>"}, to: {key: "{user:<id>}:profile"}}
    - {name: blank, from: {key: "a b:<id:int>"}, to: {key: "ab:<id>"}}
)");
  static const transforms::RuleSet set(*read.migration);
  return set;
}
using Words = std::vector<std::string>;

AclUser user(std::string_view line) {
  const auto read = read_acl_line(line);
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("a line of ACL LIST gives its key patterns and selectors, and no password") {
  const AclUser read = user(
      "user alice on #1c8bfe8f801d79745c4631d09fff36c82aa37fc4cce4fc946683d7b336b63032 ~user:* %R~report:* "
      "resetchannels &news -@all +get (~cache:* &* -@all +set +get) (%W~log:* -@all)");
  CHECK(read.name == "alice");
  CHECK(read.on);
  CHECK(read.keys == Words{"~user:*", "%R~report:*"});
  CHECK(read.selectors == Words{"(~cache:* &* -@all +set +get)", "(%W~log:* -@all)"});
  CHECK_FALSE(user("user bob off").on);
  for (const char* none : {"", "user", "user ", "alice on ~*"}) CHECK_MESSAGE(!read_acl_line(none), none);
}

TEST_CASE("a pattern reaches records by either name, and reserved keys") {
  for (const char* rule :
       {"~*", "~user:*", "~user:1", "~{user:*", "%R~u*", "%W~user:7", "~[uv]ser:*", "~us?r:1", "~keyshift:*", "~key*",
        "~keyshift:epoch:{}:key", "~\\keyshift:*", "(~cache:* ~user:* +get)", "(allkeys +get)", "*"})
    CHECK_MESSAGE(reaches(rule, rules()), rule);
  for (const char* rule : {"~cache:*", "~user", "~user:x", "~users:*", "~keyshif", "~keys:*", "%R~report:*",
                           "(~cache:* +get)", "(+get)", "(~)"})
    CHECK_MESSAGE(!reaches(rule, rules()), rule);
}

TEST_CASE("what reaches records is taken, the rest stays, and the undo gives all of it back") {
  const auto step = fence_of(user("user app on nopass ~cache:* ~user:* %R~{user:* &* +@all"), rules(), {"jobs:*"});
  REQUIRE(step);
  CHECK(step->user == "app");
  CHECK(step->taken == Words{"~user:*", "%R~{user:*"});
  CHECK(step->apply == Words{"resetkeys", "~cache:*", "~jobs:*"});
  CHECK(step->undo == Words{"resetkeys", "~cache:*", "~user:*", "%R~{user:*"});
}

TEST_CASE("a user with every key keeps what is named, and nothing else") {
  const auto step = fence_of(user("user default on nopass ~* &* +@all"), rules(), {});
  REQUIRE(step);
  CHECK(step->apply == Words{"resetkeys"});
  CHECK(step->undo == Words{"resetkeys", "~*"});
}

TEST_CASE("selectors that reach records go, the others are set again") {
  const auto step = fence_of(user("user app on ~cache:* (~user:* +get) (~log:* +get)"), rules(), {});
  REQUIRE(step);
  CHECK(step->taken == Words{"(~user:* +get)"});
  CHECK(step->apply == Words{"resetkeys", "~cache:*", "clearselectors", "(~log:* +get)"});
  CHECK(step->undo == Words{"resetkeys", "~cache:*", "clearselectors", "(~user:* +get)", "(~log:* +get)"});
}

TEST_CASE("a user who reaches no record is left alone") {
  CHECK_FALSE(fence_of(user("user cache on ~cache:* +@all"), rules(), {}));
  CHECK_FALSE(fence_of(user("user none on +@all"), rules(), {}));
}

TEST_CASE("the grants cover both names of every rule") {
  CHECK(grants_of(rules()) == Words{"~a?b:*", "~ab:*", "~user:*", "~{user:*}:profile"});
}

TEST_CASE("no text crashes the reading of users") {
  rc::check([](const std::string& text) {
    if (const auto read = read_acl_line("user " + text)) (void)fence_of(*read, rules(), {});
    (void)reaches("(" + text, rules());
  });
}
