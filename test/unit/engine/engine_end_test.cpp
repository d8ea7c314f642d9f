// A client that sends its end of file behind its commands, as `printf ... | nc -N` does, gets what Redis would give it.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;

TEST_CASE("what came before an end of file is answered, then the session closes") {
  for (std::size_t chunk = 1; chunk < 60; ++chunk) {
    CAPTURE(chunk);
    ModelRedis server;
    server.keys()["user:1"] = "value";
    World world(server, moving_settings());
    world.chunk = chunk;
    World::Client& c = world.client();
    world.send(c, request({"GET", "user:1"}) + "PING\r\n" + request({"APPEND", "user:1", "s"}) + request({"MULTI"}) +
                      request({"GET", "user:1"}) + request({"EXEC"}));
    world.end(c);
    CHECK_FALSE(c.closed);
    world.run();
    CHECK(c.got == "$5\r\nvalue\r\n+PONG\r\n:6\r\n+OK\r\n+QUEUED\r\n*1\r\n$6\r\nvalues\r\n");
    CHECK(c.closed);
    CHECK(world.engine.sessions() == 0);
  }
}

TEST_CASE("half a command before the end of file is dropped") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.send(c, request({"PING"}) + "*2\r\n$3\r\nGET\r\n$6\r\nuse");
  world.end(c);
  world.run();
  CHECK(c.got == "+PONG\r\n");
  CHECK(c.closed);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE("an idle client's end of file closes its session at once") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
  world.end(c);
  CHECK(c.closed);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE("an open MULTI is given up at the end of file") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.send(c, request({"MULTI"}) + request({"SET", "plain", "1"}));
  world.end(c);
  world.run();
  CHECK(c.got == "+OK\r\n+QUEUED\r\n");
  CHECK(c.closed);
  CHECK(server.keys().count("plain") == 0);
  CHECK(world.open_wires() == 0);
}

TEST_CASE("a parked client's end of file ends what it waits for before it can take anything") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
  CHECK(world.ask(c, request({"BLPOP", "queue", "0"})).empty());
  world.end(c);
  CHECK(c.closed);
  CHECK(world.engine.sessions() == 0);
  CHECK(world.open_wires() == 1);  // the shared one
}

TEST_CASE("a request whose body will never be whole closes with its client") {
  ModelRedis server;
  EngineSettings settings = moving_settings();
  settings.big_request = 1024;
  World world(server, std::move(settings));
  World::Client& c = world.client();
  world.send(c, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000\r\n" + Bytes(3000, 'x'));
  world.run();
  world.end(c);
  world.run();
  CHECK(c.closed);
  CHECK(server.keys().count("k") == 0);
}

TEST_CASE("an end of file while the server hangs is over when the time limit is") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
  world.answers = false;
  world.send(c, request({"GET", "plain"}));
  world.end(c);
  world.run();
  CHECK_FALSE(c.closed);
  world.pass(seconds(3600));
  world.run();
  CHECK(c.closed);
  CHECK(world.engine.sessions() == 0);
}

}  // namespace
}  // namespace keyshift::proxy
