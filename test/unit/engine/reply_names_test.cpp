#include "proxy/engine/reply_names.hpp"

#include <doctest/doctest.h>

#include "unit/engine/rules_for_tests.hpp"

namespace keyshift::proxy {
namespace {

using commands::ReplyNames;
using resp::array;
using resp::bulk;
using resp::Reply;

Reply typed(char type, std::vector<Reply> elements) {
  Reply reply = array(std::move(elements));
  reply.type = type;
  return reply;
}

Reply mapped(ReplyNames kind, Reply reply, migration::View view = migration::View::old) {
  const auto rules = test::two_rules();
  map_names(kind, AppNames(*rules, view), reply);
  return reply;
}

TEST_CASE("each record is given by the app's name, whichever of its names is stored") {
  const Reply stored = array({bulk("user:1"), bulk("{user:2}:profile"), bulk("other")});
  CHECK(mapped(ReplyNames::array, stored) == array({bulk("user:1"), bulk("user:2"), bulk("other")}));
  CHECK(mapped(ReplyNames::array, stored, migration::View::at_new) ==
        array({bulk("{user:1}:profile"), bulk("{user:2}:profile"), bulk("other")}));
}

TEST_CASE("a reply that is a key, or null, is mapped or left") {
  CHECK(mapped(ReplyNames::whole, bulk("session:v2:x")) == bulk("sess:x"));
  CHECK(mapped(ReplyNames::whole, resp::null(resp::Protocol::resp2)) == resp::null(resp::Protocol::resp2));
}

TEST_CASE("of an element with its key only the key is a name") {
  CHECK(mapped(ReplyNames::first, array({bulk("session:v2:x"), bulk("session:v2:x")})) ==
        array({bulk("sess:x"), bulk("session:v2:x")}));
  CHECK(mapped(ReplyNames::first, array({})) == array({}));
}

TEST_CASE("streams are mapped in both protocols, their entries are not") {
  const Reply entries = array({bulk("session:v2:x")});
  CHECK(mapped(ReplyNames::streams, array({array({bulk("session:v2:a"), entries})})) ==
        array({array({bulk("sess:a"), entries})}));
  CHECK(mapped(ReplyNames::streams, typed('%', {bulk("session:v2:a"), entries})) ==
        typed('%', {bulk("sess:a"), entries}));
}

TEST_CASE("SCAN's cursor and the flags of keys are no names") {
  CHECK(mapped(ReplyNames::scan, array({bulk("session:v2:1"), array({bulk("session:v2:1")})})) ==
        array({bulk("session:v2:1"), array({bulk("sess:1")})}));
  const Reply flags = array({resp::status("RW")});
  CHECK(mapped(ReplyNames::key_at_pairs, array({array({bulk("{user:1}:profile"), flags})})) ==
        array({array({bulk("user:1"), flags})}));
}

TEST_CASE("a reply of another shape, an error, and what has no names stay as they are") {
  for (const ReplyNames kind : {ReplyNames::none, ReplyNames::whole, ReplyNames::array, ReplyNames::first,
                                ReplyNames::streams, ReplyNames::scan, ReplyNames::key_at_pairs}) {
    Reply error = bulk("{user:1}:profile");
    error.type = '-';
    CHECK(mapped(kind, error) == error);
    CHECK(mapped(kind, resp::integer(7)) == resp::integer(7));
    CHECK(mapped(kind, array({array({})})) == array({array({})}));
  }
  CHECK(mapped(ReplyNames::none, bulk("{user:1}:profile")) == bulk("{user:1}:profile"));
}

TEST_CASE("an attribute in front of a reply is stepped over") {
  CHECK(mapped(ReplyNames::whole, typed('|', {bulk("ttl"), resp::integer(1), bulk("{user:1}:profile")})) ==
        typed('|', {bulk("ttl"), resp::integer(1), bulk("user:1")}));
}

Bytes said(BytesView error, std::vector<NamePair> pairs) { return error_with_app_names(error, pairs); }

TEST_CASE("errors of Redis speak of the app's names") {
  CHECK(said("-NOGROUP No such key '{user:1}:profile' or consumer group 'g' in XREADGROUP with GROUP option\r\n",
             {{"{user:1}:profile", "user:1"}}) ==
        "-NOGROUP No such key 'user:1' or consumer group 'g' in XREADGROUP with GROUP option\r\n");
  CHECK(said("-WRONGTYPE Operation against a key", {{"a", "b"}}) == "-WRONGTYPE Operation against a key");
}

TEST_CASE("a consumer group that bears a key's name keeps it") {
  CHECK(said("-NOGROUP No such key 'N' or consumer group 'N'", {{"N", "O"}}) ==
        "-NOGROUP No such key 'O' or consumer group 'N'");
  CHECK(said("-NOGROUP No such consumer group 'N' for key name 'N'", {{"N", "O"}}) ==
        "-NOGROUP No such consumer group 'N' for key name 'O'");
}

TEST_CASE("names in errors are whole names, swapped ones stay swapped, line ends are spaces") {
  CHECK(said("-ERR 'ab' 'a'", {{"a", "x"}}) == "-ERR 'ab' 'x'");
  CHECK(said("-ERR 'a' 'b'", {{"a", "b"}, {"b", "a"}}) == "-ERR 'b' 'a'");
  CHECK(said("-NOGROUP No such key 'a  b'", {{"a\r\nb", "c\nd"}}) == "-NOGROUP No such key 'c d'");
}

}  // namespace
}  // namespace keyshift::proxy
