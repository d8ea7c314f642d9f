// Replies in order, requests of one client apart from those of the next.
#include <rapidcheck.h>

#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;

/// Commands that go by the shared connection, by a pinned one, with moves, are answered here and are refused.
const Bytes mixed = request({"SET", "plain", "1"}) + request({"GET", "user:1"}) + request({"CLIENT", "SETNAME", "me"}) +
                    request({"SET", "keyshift:x", "1"}) + request({"SET", "user:1", "v"}) + request({"MULTI"}) +
                    request({"GET", "user:1"}) + request({"INCR", "plain"}) + request({"EXEC"}) +
                    request({"CLIENT", "GETNAME"}) + request({"MGET", "user:1", "plain"}) + "PING\r\n" +
                    request({"GET", "{user:1}:profile"}) + request({"ECHO", "end"});
const Bytes mixed_replies =
    "+OK\r\n$5\r\nvalue\r\n+OK\r\n"
    "-KSREFUSED command=SET reason=reserved: keys that begin with 'keyshift:' are reserved\r\n"
    "+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$1\r\nv\r\n:2\r\n$2\r\nme\r\n*2\r\n$1\r\nv\r\n$1\r\n2\r\n+PONG\r\n"
    "-KSREFUSED rule=user command=GET reason=other-view: '{user:1}:profile' is a name of the other schema version "
    "(policy.other_view: alias would serve it)\r\n$3\r\nend\r\n";

TEST_CASE("replies come in the order of the commands, wherever each was served") {
  ModelRedis server;
  server.keys()["user:1"] = "value";
  World world(server, moving_settings());
  CHECK(world.ask(world.client(), mixed) == mixed_replies);
  CHECK(server.keys().count("user:1") == 0);
}

TEST_CASE("how the bytes are cut changes nothing that a client sees") {
  for (std::size_t chunk = 1; chunk < 80; ++chunk) {
    CAPTURE(chunk);
    ModelRedis server;
    server.keys()["user:1"] = "value";
    World world(server, moving_settings());
    world.chunk = chunk;
    CHECK(world.ask(world.client(), mixed) == mixed_replies);
  }
}

Bytes drawn_command() {
  const Bytes key = *rc::gen::element<Bytes>("user:1", "user:2", "sess:a", "plain", "other");
  switch (*rc::gen::inRange(0, 9)) {
    case 0:
      return request({"SET", key, *rc::gen::arbitrary<std::string>()});
    case 1:
      return request({"APPEND", key, "x"});
    case 2:
      return request({"DEL", key});
    case 3:
      return request({"MGET", key, "user:2", "plain"});
    case 4:
      return request({"MULTI"}) + request({"GET", key}) + request({"APPEND", "user:1", "m"}) + request({"EXEC"});
    case 5:
      return "GET " + key + "\r\n";
    case 6:
      return request({"WATCH", key});
    case 7:
      return request({"SET", "big", Bytes(static_cast<std::size_t>(*rc::gen::inRange(60'000, 70'000)), 'b')});
    default:
      return request({"GET", key});
  }
}

TEST_CASE("any commands in any pieces are answered as when each is sent alone") {
  CHECK(rc::check([] {
    const auto commands = *rc::gen::container<std::vector<Bytes>>(rc::gen::exec(drawn_command));
    const auto chunk = static_cast<std::size_t>(*rc::gen::inRange(1, 5000));
    ModelRedis alone, piped;
    alone.keys()["user:1"] = piped.keys()["user:1"] = "1";
    World one(alone, moving_settings()), many(piped, moving_settings());
    many.chunk = chunk;
    World::Client& a = one.client();
    Bytes expected, all;
    for (const Bytes& command : commands) {
      expected += one.ask(a, command);
      all += command;
    }
    const Bytes got = many.ask(many.client(), all);
    RC_ASSERT(got == expected);
    RC_ASSERT(alone.keys() == piped.keys());
  }));
}

TEST_CASE("a client that leaves in the middle of a reply leaves no byte of it to the next") {
  ModelRedis server;
  server.keys()["long"] = Bytes(1000, 'L');
  server.keys()["short"] = "s";
  World world(server, EngineSettings());
  World::Client& first = world.client();
  World::Client& second = world.client();
  world.ask(first, request({"PING"}));
  world.send(first, request({"GET", "long"}));
  world.send(second, request({"GET", "short"}));
  World::Wire& wire = world.wire();
  REQUIRE(world.to_server(wire));
  world.chunk = 500;
  REQUIRE(world.to_proxy(wire));
  world.leave(first);
  world.run();
  CHECK(second.got == "$1\r\ns\r\n");
  CHECK(world.engine.sessions() == 1);
}

TEST_CASE("a malformed request is answered as Redis does and disturbs no other client") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& bad = world.client();
  World::Client& good = world.client();
  CHECK(world.ask(bad, "*1\r\n@boom\r\n") == "-ERR Protocol error: expected '$', got '@'\r\n");
  CHECK(bad.closed);
  CHECK(world.ask(good, request({"ECHO", "hello"})) == "$5\r\nhello\r\n");
  CHECK_FALSE(good.closed);
}

TEST_CASE("half a request of one client is no part of another's") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& slow = world.client();
  World::Client& quick = world.client();
  const Bytes whole = request({"SET", "k", "value"});
  for (std::size_t i = 0; i < whole.size(); ++i) {
    world.send(slow, whole.substr(i, 1));
    CHECK(world.ask(quick, request({"ECHO", "q"})) == "$1\r\nq\r\n");
  }
  world.run();
  CHECK(slow.got == "+OK\r\n");
}

TEST_CASE("a request with a big argument streams through, and the next one is read cleanly") {
  for (const std::size_t chunk : {std::size_t{16'384}, std::size_t{1000}, std::size_t{1} << 20}) {
    CAPTURE(chunk);
    ModelRedis server;
    server.keys()["user:1"] = "old";
    World world(server, moving_settings());
    world.chunk = chunk;
    World::Client& c = world.client();
    const Bytes body(70'000, 'x');
    CHECK(world.ask(c, request({"SET", "user:1", body}) + request({"ECHO", "next"})) == "+OK\r\n$4\r\nnext\r\n");
    CHECK(server.keys()["{user:1}:profile"] == body);
    CHECK(server.keys().count("user:1") == 0);
  }
}

TEST_CASE("a big request that must be read whole is served too") {
  ModelRedis server;
  World world(server, moving_settings());
  world.chunk = 10'000;
  const Bytes body(70'000, 'x');
  CHECK(world.ask(world.client(), request({"MULTI"}) + request({"SET", "user:1", body}) + request({"EXEC"})) ==
        "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
  CHECK(server.keys()["{user:1}:profile"] == body);
}

TEST_CASE("a reply that is bigger than the shared connections carry comes whole, and after the one before it") {
  ModelRedis server;
  EngineSettings settings;
  settings.big_reply = 1000;
  server.keys()["big"] = Bytes(5000, 'B');
  World world(server, settings);
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  world.chunk = 100;
  Bytes expected = "+PONG\r\n";
  resp::append_bulk(expected, server.keys()["big"].text);
  CHECK(world.ask(c, request({"PING"}) + request({"GET", "big"}) + request({"GET", "z"})) == expected + "$-1\r\n");
  CHECK(world.counters.big_replies_asked_again.read() == 1);
}

TEST_CASE("CLIENT REPLY OFF and SKIP drop replies, and no others") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"CLIENT", "REPLY", "SKIP"}) + request({"SET", "a", "1"}) + request({"GET", "a"})) ==
        "$1\r\n1\r\n");
  CHECK(world.ask(c, request({"CLIENT", "REPLY", "OFF"}) + request({"SET", "a", "2"}) + request({"PING"})).empty());
  CHECK(world.ask(c, request({"CLIENT", "REPLY", "ON"}) + request({"GET", "a"})) == "+OK\r\n$1\r\n2\r\n");
}

}  // namespace
}  // namespace keyshift::proxy
