#include "transforms/explain_key.hpp"

#include <doctest/doctest.h>

#include "unit/transforms/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::transforms;
using keyshift::transforms::test::rules_of;

TEST_CASE("a key in scope is told with rule, side, captures and other name") {
  const auto rules = rules_of({{"user:<id>", "{user:<id>}:profile"}});
  CHECK(to_text(explain_key(*rules, "user:a b")) ==
        "'user:a b' belongs to rule 'r0': it is the old name, by user:<id>\n"
        "  <id> is 'a b'\n"
        "  new name: '{user:a b}:profile'\n");
  const KeyExplanation back = explain_key(*rules, "{user:7}:profile");
  CHECK(back.match.side == Side::to);
  CHECK(back.other_name == "user:7");
}

TEST_CASE("a key that only the other side keeps out of scope is told with the reason") {
  const auto rules = rules_of({{"user:<id>", "{user:<id>}:profile"}});
  CHECK(to_text(explain_key(*rules, "user:x}:profile")) ==
        "'user:x}:profile' is out of every rule's scope: commands on it go through as they are\n"
        "  it fits user:<id> of rule 'r0', but with a value that {user:<id>}:profile cannot hold, so the way back "
        "would be "
        "lost\n");
  CHECK(explain_key(*rules, "cart:1").near_misses.empty());
}

TEST_CASE("a reserved name is told as such") {
  CHECK(to_text(explain_key(*rules_of({}), "keyshift:x")) == "'keyshift:x' is a reserved name: Keyshift's own\n");
}
