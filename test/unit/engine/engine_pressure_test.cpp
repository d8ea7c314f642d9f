// Bounds: what a slow or greedy client may cost, and what happens at each bound.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::request;
using test::World;

TEST_CASE("a slow client on a connection of its own makes the server wait, and goes on when it reads") {
  ModelRedis server;
  EngineSettings settings;
  settings.client_out_high = 10'000;
  server.keys()["big"] = Bytes(100'000, 'B');
  World world(server, settings);
  world.chunk = 1000;
  World::Client& c = world.client();
  world.ask(c, request({"WATCH", "x"}));
  c.reads = false;
  world.ask(c, request({"GET", "big"}));
  World::Wire& wire = world.wire();
  CHECK(wire.paused);
  CHECK(c.session->out.size() < 20'000);
  c.reads = true;
  world.write(c);
  world.flush();
  world.run();
  Bytes expected;
  resp::append_bulk(expected, server.keys()["big"].text);
  CHECK(c.got == expected);
  CHECK_FALSE(wire.paused);
}

TEST_CASE("a client that lets its replies pile up above the limit is closed, and nothing of it is kept") {
  for (const bool pinned : {false, true}) {
    CAPTURE(pinned);
    ModelRedis server;
    EngineSettings settings;
    settings.client_out_limit = 30'000;
    server.keys()["k"] = Bytes(1000, 'v');
    World world(server, settings);
    World::Client& c = world.client();
    World::Client& other = world.client();
    world.ask(c, pinned ? request({"WATCH", "x"}) : request({"PING"}));
    c.reads = false;
    Bytes many;
    for (int i = 0; i < 100; ++i) many += request({"GET", "k"});
    world.send(c, many);
    world.run();
    CHECK(c.closed);
    CHECK(world.counters.output_limit_kills.read() == 1);
    CHECK(world.ask(other, request({"ECHO", "ok"})) == "$2\r\nok\r\n");
    CHECK(world.engine.sessions() == 1);
  }
}

TEST_CASE("slow clients that ask for one big value at the same time cost a buffer each, not the value") {
  for (const char* key : {"big", "user:1"}) {  // bare, and as a pair with its move
    CAPTURE(key);
    ModelRedis server;
    EngineSettings settings = test::moving_settings();
    settings.client_out_high = settings.big_reply = 10'000;
    server.keys()[key] = Bytes(500'000, 'B');
    Bytes expected;
    resp::append_bulk(expected, server.keys()[key].text);
    World world(server, settings);
    world.ask(world.client(), request({"PING"}));
    std::vector<World::Client*> slow;
    for (int i = 0; i < 5; ++i) {
      slow.push_back(&world.client());
      slow.back()->reads = false;
      world.send(*slow.back(), request({"GET", key}));
    }
    world.chunk = 4096;
    world.run();
    for (World::Client* c : slow) CHECK(c->session->out.size() < 30'000);
    for (World::Client* c : slow) {
      c->reads = true;
      world.write(*c);
      world.flush();
      world.run();
      CHECK((c->got == expected));
    }
  }
}

TEST_CASE("a big reply that is asked for again waits for its new connection as long as for an answer") {
  ModelRedis server;
  EngineSettings settings;
  settings.big_reply = 10'000;
  server.keys()["big"] = Bytes(100'000, 'B');
  World world(server, settings);
  world.chunk = 1000;
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  world.send(c, request({"GET", "big"}));
  while (world.wires.size() == 1 && world.advance(world.wires.front())) {
  }
  REQUIRE(world.wires.size() == 2);
  world.answers = false;  // it copies big values for others
  world.run();
  c.got.clear();
  for (Duration waited{}; waited < 3 * settings.connect_timeout; waited += seconds(1)) world.pass(seconds(1));
  CHECK(c.got.empty());
  world.answers = true;
  world.run();
  Bytes expected;
  resp::append_bulk(expected, server.keys()["big"].text);
  const bool whole = c.got == expected;  // too long to be printed
  CHECK(whole);
}

TEST_CASE("a client has no more commands in flight than the limit, and all are answered in the end") {
  ModelRedis server;
  EngineSettings settings;
  settings.pipeline_limit = 10;
  World world(server, settings);
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  Bytes many, expected;
  for (int i = 1; i <= 100; ++i) {
    many += request({"INCR", "n"});
    expected += ":" + std::to_string(i) + "\r\n";
  }
  world.send(c, many);
  CHECK(c.session->in_flight() == 10);
  world.run();
  CHECK(c.got == expected);
}

TEST_CASE("a client that is not served is not read for ever") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.chunk = 16'384;
  world.ask(c, request({"PING"}));
  world.answers = false;
  Bytes many;
  for (int i = 0; i < 20'000; ++i) many += request({"INCR", "counter"});
  world.send(c, many);
  CHECK(c.session->read_paused);
  CHECK(c.session->in.size() < 200'000);
  CHECK(c.unsent.size() > 100'000);
  world.answers = true;
  world.run();
  CHECK(server.keys()["counter"] == "20000");
  CHECK(c.got.ends_with(":20000\r\n"));
}

TEST_CASE("a big request to a slow server is not taken in") {
  ModelRedis server;
  EngineSettings settings;
  settings.upstream_out_high = 50'000;
  World world(server, settings);
  world.chunk = 16'384;
  World::Client& c = world.client();
  const Bytes body(1'000'000, 'x');
  CHECK(world.ask(c, request({"SET", "k", body})) == "+OK\r\n");
  CHECK(server.keys()["k"] == body);
}

TEST_CASE("a request that must be read whole and is longer than the limit ends its connection with an error") {
  ModelRedis server;
  EngineSettings settings;
  settings.request_limit = 100'000;
  World world(server, settings);
  world.chunk = 16'384;
  World::Client& c = world.client();
  world.ask(c, request({"MULTI"}));
  const Bytes got = world.ask(c, request({"SET", "k", Bytes(200'000, 'x')}));
  CHECK(got.starts_with("-"));
  CHECK(c.closed);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE("an idle client is closed after the limit, one that works is not") {
  ModelRedis server;
  EngineSettings settings;
  settings.idle_timeout = seconds(10);
  World world(server, settings);
  World::Client& idle = world.client();
  World::Client& busy = world.client();
  for (int i = 0; i < 11; ++i) {
    world.pass(seconds(1));
    world.ask(busy, request({"PING"}));
  }
  CHECK(idle.closed);
  CHECK_FALSE(busy.closed);
}

TEST_CASE("draining answers what is in flight, then closes everybody") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& idle = world.client();
  World::Client& busy = world.client();
  world.send(busy, request({"ECHO", "last"}));
  world.engine.drain(world.now);
  world.flush();
  CHECK(idle.closed);
  CHECK_FALSE(busy.closed);
  world.run();
  world.pass(milliseconds(100));
  CHECK(busy.got == "$4\r\nlast\r\n");
  CHECK(busy.closed);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE("QUIT is answered, and what comes behind it is not") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"SET", "a", "1"}) + request({"QUIT"}) + request({"SET", "a", "2"})) == "+OK\r\n+OK\r\n");
  CHECK(c.closed);
  CHECK(server.keys()["a"] == "1");
}

}  // namespace
}  // namespace keyshift::proxy
