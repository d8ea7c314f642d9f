#include "store/handshake.hpp"

#include <doctest/doctest.h>

using keyshift::Bytes;
using keyshift::resp::Protocol;
using keyshift::resp::Reply;
using keyshift::store::Greeting;
using keyshift::store::Handshake;
using keyshift::store::Role;

namespace {
Reply error(Bytes text) {
  Reply reply;
  reply.type = '-';
  reply.text = std::move(text);
  return reply;
}
Reply text(char type, Bytes body) {
  Reply reply;
  reply.type = type;
  reply.text = std::move(body);
  return reply;
}
Reply list(char type, std::vector<Reply> elements) {
  Reply reply;
  reply.type = type;
  reply.elements = std::move(elements);
  return reply;
}
const Reply hello3 = list('%', {text('$', "server"), text('$', "redis")});
const Reply hello2 = list('*', {text('$', "server"), text('$', "redis")});
const Reply master = list('*', {text('$', "master")});
const Reply ok = text('+', "OK");

/// The commands that come next, with spaces between their words; lengths and headers left out.
std::string said(Handshake& handshake, std::size_t expected_replies) {
  Bytes out;
  CHECK(handshake.next(out) == expected_replies);
  std::string words;
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find("\r\n", at);
    if (out[at] == '*') {
      words += words.empty() ? "" : "; ";
      at = end + 2;
      continue;
    }
    const auto size = std::stoul(out.substr(at + 1, end - at));
    words += (words.empty() || words.ends_with(' ') ? "" : " ") + out.substr(end + 2, size);
    at = end + 2 + size + 2;
  }
  return words;
}
bool take(Handshake& handshake, std::vector<Reply> replies) { return handshake.take(replies).has_value(); }
Bytes refusal(Handshake& handshake, std::vector<Reply> replies) {
  const auto taken = handshake.take(replies);
  REQUIRE(taken.has_error());
  return taken.error().what;
}
}  // namespace

TEST_CASE("HELLO carries login and name in one, then come role and database") {
  Handshake handshake({"app", "pw", "keyshift:p:1.x", 3, Protocol::resp3});
  CHECK(said(handshake, 1) == "HELLO 3 AUTH app pw SETNAME keyshift:p:1.x");
  CHECK(take(handshake, {hello3}));
  CHECK(said(handshake, 2) == "ROLE; SELECT 3");
  CHECK(take(handshake, {master, ok}));
  CHECK(said(handshake, 0).empty());
  CHECK(handshake.protocol() == Protocol::resp3);
  CHECK(handshake.role() == Role::primary);
}

TEST_CASE("a password without a user logs in as default") {
  Handshake handshake({"", "pw", "", 0, Protocol::resp2});
  CHECK(said(handshake, 1) == "HELLO 2 AUTH default pw");
  CHECK(take(handshake, {hello2}));
  CHECK(said(handshake, 1) == "ROLE");
}

TEST_CASE("a server without HELLO gets AUTH and CLIENT SETNAME, and speaks RESP2") {
  Handshake handshake({"app", "pw", "n", 0, Protocol::resp3});
  (void)said(handshake, 1);
  CHECK(take(handshake, {error("ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `app`, `pw`, ")}));
  CHECK(said(handshake, 2) == "AUTH app pw; CLIENT SETNAME n");
  CHECK(take(handshake, {ok, ok}));
  CHECK(said(handshake, 1) == "ROLE");
  CHECK(take(handshake, {list('*', {text('$', "slave")})}));
  CHECK(said(handshake, 0).empty());
  CHECK(handshake.protocol() == Protocol::resp2);
  CHECK(handshake.role() == Role::replica);
}

TEST_CASE("a server without HELLO and nothing to say goes on to ROLE at once") {
  Handshake handshake(Greeting{});
  (void)said(handshake, 1);
  CHECK(take(handshake, {error("ERR unknown command 'HELLO'")}));
  CHECK(said(handshake, 1) == "ROLE");
}

TEST_CASE("a server that has RESP2 alone is asked for that") {
  Handshake handshake({"", "", "n", 0, Protocol::resp3});
  (void)said(handshake, 1);
  CHECK(take(handshake, {error("NOPROTO unsupported protocol version")}));
  CHECK(said(handshake, 1) == "HELLO 2 SETNAME n");
  CHECK(take(handshake, {hello2}));
}

TEST_CASE("each step that the server refuses ends the handshake and says why, without the password") {
  const auto hello = [](const Reply& reply) {
    Handshake handshake({"app", "pw", "n", 1, Protocol::resp2});
    (void)said(handshake, 1);
    return refusal(handshake, {reply});
  };
  CHECK(hello(error("WRONGPASS invalid username-password pair")).find("user and password") != Bytes::npos);
  CHECK(hello(error("NOAUTH HELLO must be called")).find("wants a password") != Bytes::npos);
  CHECK(hello(error("ERR something about pw")) == "the server refused the login (ERR)");
  CHECK(hello(text('+', "pw")).find("not Redis'") != Bytes::npos);

  Handshake old({"app", "pw", "n", 0, Protocol::resp2});
  (void)said(old, 1);
  CHECK(take(old, {error("ERR unknown command")}));
  (void)said(old, 2);
  CHECK(refusal(old, {error("ERR invalid password"), ok}).find("user and password") != Bytes::npos);
  CHECK(refusal(old, {ok, error("NOPERM no")}).find("name of the connection: NOPERM no") != Bytes::npos);

  Handshake late({"", "", "", 99, Protocol::resp2});
  (void)said(late, 1);
  CHECK(take(late, {hello2}));
  (void)said(late, 2);
  CHECK(refusal(late, {master, error("ERR DB index is out of range")}).find("database 99: ERR DB index") !=
        Bytes::npos);
}

TEST_CASE("a user who may not ask for the role is let through with the role unknown") {
  Handshake handshake(Greeting{});
  (void)said(handshake, 1);
  CHECK(take(handshake, {hello2}));
  (void)said(handshake, 1);
  CHECK(take(handshake, {error("NOPERM this user has no permissions to run the 'role' command")}));
  CHECK(handshake.role() == Role::unknown);
}
