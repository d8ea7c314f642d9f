// Replies that hold names where only the engine can tell: logs of commands, prefixes of client-side caching.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;

/// An entry of SLOWLOG GET.
Bytes entry(std::initializer_list<BytesView> argv) {
  return "*6\r\n:1\r\n:1700000000\r\n:12\r\n" + request(argv) + "$9\r\n127.0.0.1\r\n$0\r\n\r\n";
}

/// What the client gets for `asked` when the server's answer to it is `reply`.
Bytes answered(World& world, World::Client& c, BytesView asked, BytesView reply) {
  world.answers = false;
  world.send(c, asked);
  const auto wire = std::find_if(world.wires.begin(), world.wires.end(),
                                 [&c](const World::Wire& w) { return w.open && w.upstream->id == c.session->channel; });
  REQUIRE(wire != world.wires.end());
  wire->to_server.clear();
  world.inject(*wire, reply);
  world.answers = true;
  return std::exchange(c.got, Bytes());
}

TEST_CASE("the slow log shows commands with the app's names, and only keys are names") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  const Bytes stored = "*2\r\n" + entry({"mset", "{user:7}:profile", "{user:7}:profile", "plain", "1"}) +
                       entry({"eval", "return 1", "1", "session:v2:x", "session:v2:x"});
  const Bytes shown = "*2\r\n" + entry({"mset", "user:7", "{user:7}:profile", "plain", "1"}) +
                      entry({"eval", "return 1", "1", "sess:x", "session:v2:x"});
  CHECK(answered(world, c, request({"SLOWLOG", "GET"}), stored) == shown);
  CHECK(answered(world, c, request({"COMMANDLOG", "GET", "1", "slow"}), stored) == shown);
}

TEST_CASE("an entry of the slow log that was cut short or is of an unknown command stays as it is") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  const Bytes odd = "*3\r\n" + entry({"module.cmd", "{user:7}:profile"}) + entry({"get"}) + "*1\r\n:1\r\n";
  CHECK(answered(world, c, request({"SLOWLOG", "GET"}), odd) == odd);
}

TEST_CASE("the slow log inside MULTI shows the app's names, too") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.ask(c, request({"MULTI"}) + request({"SLOWLOG", "GET"}));
  CHECK(answered(world, c, request({"EXEC"}), "*1\r\n*1\r\n" + entry({"get", "{user:7}:profile"})) ==
        "*1\r\n*1\r\n" + entry({"get", "user:7"}));
}

TEST_CASE("prefixes of BCAST that come one after the other give the server each name once") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  const auto track = [&](BytesView prefix) {
    return world.ask(c, request({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix}));
  };
  CHECK(track("user:1") == "+OK\r\n");
  CHECK(track("user:2") == "+OK\r\n");
  CHECK(track("sess:") == "+OK\r\n");
  track("user:17");  // overlaps what the app asked for before: the server must see that
  CHECK(world.sent().back() == "CLIENT TRACKING ON BCAST PREFIX user:17");
  std::size_t covering = 0;
  for (const Bytes& line : world.sent())
    for (auto at = line.find(" PREFIX {user:"); at != Bytes::npos; at = line.find(" PREFIX {user:", at + 1)) ++covering;
  CHECK(covering == 1);
  const Bytes head = "*4\r\n$5\r\nflags\r\n*1\r\n$5\r\nbcast\r\n$8\r\nprefixes\r\n";
  CHECK(
      answered(world, c, request({"CLIENT", "TRACKINGINFO"}),
               head + "*5\r\n$5\r\nsess:\r\n$11\r\nsession:v2:\r\n$6\r\nuser:1\r\n$6\r\nuser:2\r\n$6\r\n{user:\r\n") ==
      head + "*4\r\n$5\r\nsess:\r\n$6\r\nuser:1\r\n$7\r\nuser:17\r\n$6\r\nuser:2\r\n");
  world.ask(c, request({"CLIENT", "TRACKING", "OFF"}));
  world.forget_sent();
  track("user:");
  CHECK(world.sent().back().find("PREFIX {user:") != Bytes::npos);
}

}  // namespace
}  // namespace keyshift::proxy
