// Names of connections, and the epoch key that is read behind them.
#include "unit/engine/engine_fleet.hpp"

namespace keyshift::proxy {
namespace {

using test::Fleet;
using test::request;
using test::World;

const Bytes ok = "+OK\r\n";

TEST_CASE("every connection carries the change that it is under, the living ones too") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  World::Client& own = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "Ada"})) == ok);
  CHECK(fleet.world.ask(own, request({"WATCH", "plain"})) == ok);
  REQUIRE(fleet.server.links().size() == 2);
  for (int i = 0; i < 2; ++i) {
    for (const auto& [id, link] : fleet.server.links())
      CHECK(link->name == "keyshift:p:" + control::text(fleet.cur.id));
    fleet.hold();
    CHECK(fleet.late().empty());
    fleet.flip(migration::Mode::to_new);
  }
}

TEST_CASE("a command on a record waits until the server shows the change that we act on") {
  Fleet fleet;
  control::Change ahead = control::hold_after(fleet.cur, 0, 0, 9);
  fleet.set_key(ahead);
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})) == "");
  CHECK(fleet.world.learns != 0);
  CHECK(fleet.world.helps == 0);
  fleet.settle(control::serve_same_era(ahead, 10));
  CHECK(std::exchange(c.got, {}) == "$-1\r\n");
}

TEST_CASE("a server that is behind is helped; out of scope it serves meanwhile") {
  Fleet fleet;
  const control::Change before = fleet.cur;
  fleet.tell(control::change_without_hold(before, 5));
  World::Client& c = fleet.world.client();
  World::Client& other = fleet.world.client();
  CHECK(fleet.world.ask(other, request({"SET", "plain", "1"})) == ok);
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})) == "");
  CHECK(fleet.world.helps != 0);
  fleet.set_key(fleet.cur);
  fleet.world.pass(milliseconds(20));
  fleet.world.run();
  CHECK(c.got == "$-1\r\n");
}

TEST_CASE("without its epoch key a server is not used, and the client is told so in time") {
  Fleet fleet;
  fleet.server.keys().clear();
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"GET", "plain"})) == "");
  for (int i = 0; i < 400 && c.got.empty(); ++i) {
    fleet.world.pass(milliseconds(10));
    fleet.world.run();
  }
  CHECK(c.got.starts_with("-KSCONTROL the server has no epoch key"));
}

TEST_CASE("until it was told a change the proxy sends nothing") {
  test::ModelRedis server;
  World world(server, test::following());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"GET", "plain"})) == "");
  CHECK(world.wires.empty());
  for (int i = 0; i < 40; ++i) world.pass(milliseconds(100));
  CHECK(std::exchange(c.got, {}).starts_with("-KSCONTROL the control record could not be read yet"));
  CHECK(world.ask(c, request({"GET", "plain"})) == "");
  auto free = std::make_shared<control::Serving>();
  free->carries = control::Carries::free;
  world.engine.turn(free, world.now);
  world.flush();
  world.run();
  CHECK(c.got == "$-1\r\n");
  CHECK(server.links().begin()->second->name == "keyshift:p:free=0.0000000000000000");
}

TEST_CASE("a free connection is not used where the scope is another one") {
  test::ModelRedis server;
  World world(server, test::following());
  auto free = std::make_shared<control::Serving>();
  free->carries = control::Carries::free;
  world.engine.turn(free, world.now);
  const control::Change first = control::first_change(7);
  server.keys()[migration::epoch_key_name()] = control::encode(first);
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"GET", "plain"})) == "");
  CHECK(world.learns != 0);
  auto next = std::make_shared<control::Serving>(*free);
  next->change.scope = first.id;
  world.engine.turn(next, world.now);
  world.flush();
  world.run();
  CHECK(c.got == "$-1\r\n");
}

TEST_CASE(
    "a free connection is not used where the scope is a lower one: another half of the store may have added a run") {
  test::ModelRedis server;
  World world(server, test::following());
  control::Change key = control::first_change(7);
  key.id = {9, 9};
  key.scope = {2, 5};
  server.keys()[migration::epoch_key_name()] = control::encode(key);
  auto free = std::make_shared<control::Serving>();
  free->carries = control::Carries::free;
  free->change.scope = {3, 6};
  world.engine.turn(free, world.now);
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"GET", "plain"})) == "");
  key.scope = {3, 6};
  server.keys()[migration::epoch_key_name()] = control::encode(key);
  for (int i = 0; i < 5; ++i) world.pass(milliseconds(10)), world.run();
  CHECK(c.got == "$-1\r\n");
}

TEST_CASE("a connection that only listens is named so before, and not looked at") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"SUBSCRIBE", "news"})) == "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
  REQUIRE(fleet.server.links().size() == 1);
  const auto& link = *fleet.server.links().begin()->second;
  CHECK(link.name == "keyshift:p:none");
  CHECK(link.log.back()[0] == "SUBSCRIBE");
  fleet.hold();
  CHECK(link.name == "keyshift:p:none");
  CHECK(fleet.late().empty());
}

TEST_CASE("where the client's user may not read the epoch key, a connection of ours looks at the name and the key") {
  Fleet fleet;
  fleet.server.key_error = "-NOPERM this user has no permissions\r\n";
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"AUTH", "limited", "pw"})) == ok);
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "Ada"})) == ok);
  fleet.hold();
  CHECK(fleet.late().empty());
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})) == "");
  fleet.flip(migration::Mode::to_new);
  for (int i = 0; i < 5; ++i) {
    fleet.world.pass(milliseconds(20));
    fleet.world.run();
  }
  CHECK(c.got == "$3\r\nAda\r\n");
}

}  // namespace
}  // namespace keyshift::proxy
