#include "proxy/engine/invalidations.hpp"

#include <doctest/doctest.h>

#include "unit/engine/rules_for_tests.hpp"

namespace keyshift::proxy {
namespace {

using migration::View;
using resp::array;
using resp::bulk;
using resp::Reply;

Reply push(Reply keys) {
  Reply reply = array({bulk("invalidate"), std::move(keys)});
  reply.type = '>';
  return reply;
}

TEST_CASE("an invalidation names the app's key, whichever name the server gives") {
  const auto rules = test::two_rules();
  Reply reply = push(array({bulk("user:1"), bulk("{user:1}:profile"), bulk("x")}));
  const auto serving = test::served(*rules, migration::Mode::to_new);
  map_invalidation(serving->databases, View::old, reply);
  CHECK(reply == push(array({bulk("user:1"), bulk("user:1"), bulk("x")})));
  map_invalidation(serving->databases, View::at_new, reply);
  CHECK(reply == push(array({bulk("{user:1}:profile"), bulk("{user:1}:profile"), bulk("x")})));
}

TEST_CASE("the message of a redirected invalidation is mapped like the push") {
  const auto rules = test::two_rules();
  Reply reply = array({bulk("message"), bulk("__redis__:invalidate"), array({bulk("session:v2:s")})});
  map_invalidation(test::served(*rules, migration::Mode::to_new)->databases, View::old, reply);
  CHECK(reply.elements[2] == array({bulk("sess:s")}));
}

TEST_CASE("invalidate-all stays null, and what is no invalidation is not touched") {
  const auto rules = test::two_rules();
  const auto serving = test::served(*rules, migration::Mode::to_new);
  Reply all = push(resp::null(resp::Protocol::resp3));
  const Reply before = all;
  map_invalidation(serving->databases, View::old, all);
  CHECK(all == before);
  Reply message = array({bulk("message"), bulk("news"), array({bulk("{user:1}:profile")})});
  const Reply sent = message;
  map_invalidation(serving->databases, View::old, message);
  CHECK(message == sent);
}

std::optional<std::vector<Bytes>> prefixes(View view, std::vector<BytesView> asked) {
  const auto rules = test::two_rules();
  return bcast_prefixes(test::served(*rules, migration::Mode::to_new)->databases, view, asked);
}

TEST_CASE("prefixes cover both names of the records that they could mean, and no rule else") {
  CHECK(prefixes(View::old, {"user:12"}) == std::vector<Bytes>{"user:12", "{user:"});
  CHECK(prefixes(View::old, {"us"}) == std::vector<Bytes>{"us", "{user:"});
  CHECK(prefixes(View::at_new, {"session:"}) == std::vector<Bytes>{"sess:", "session:"});
  CHECK(prefixes(View::old, {"cart:"}) == std::vector<Bytes>{"cart:"});
}

TEST_CASE("no prefix is registered beside one that it begins with") {
  CHECK(prefixes(View::old, {"sess"}) == std::vector<Bytes>{"sess"});
  CHECK(prefixes(View::old, {"user:", "{"}) == std::vector<Bytes>{"user:", "{"});
}

TEST_CASE("no prefix, an empty one, and a pattern that begins with a capture mean everything") {
  CHECK(prefixes(View::old, {}) == std::nullopt);
  CHECK(prefixes(View::old, {"", "a"}) == std::nullopt);
  transforms::MigrationFile file;
  file.rules.push_back(test::rule("tail", "tail:<id:int>", "<id:int>:tail"));
  const transforms::RuleSet rules(file);
  const std::vector<BytesView> asked{"tail:"};
  CHECK(bcast_prefixes(test::served(rules, migration::Mode::to_new)->databases, View::old, asked) == std::nullopt);
}

TEST_CASE("overlapping prefixes of the app are found") {
  const std::vector<BytesView> apart{"a", "b"}, inside{"ab", "c", "a"}, twice{"a", "a"};
  CHECK_FALSE(overlapping(apart));
  CHECK(overlapping(inside));
  CHECK(overlapping(twice));
}

}  // namespace
}  // namespace keyshift::proxy
