// What belongs to one client stays with it: its database, its user, its transaction, its subscriptions, its waiting.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::request;
using test::Words;
using test::World;

/// A client in database 9, without any connection in that database that waits to be used.
World::Client& client_in_nine(World& world) {
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"SELECT", "9"})) == "+OK\r\n");
  world.pass(seconds(11));
  CHECK(world.open_wires() == 0);
  return c;
}

TEST_CASE("a transaction that begins while a script is busy is refused as a whole, though its connection is refused") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = client_in_nine(world);
  server.busy = true;
  CHECK(world.ask(c, request({"MULTI"})) == "+OK\r\n");
  CHECK(world.ask(c, request({"INCR", "n"})).starts_with("-BUSY "));
  server.busy = false;
  world.pass(seconds(1));
  CHECK(world.ask(c, request({"INCR", "n"})).starts_with("-BUSY "));
  CHECK(world.ask(c, request({"NOT-A-COMMAND"})).starts_with("-BUSY "));
  CHECK(world.ask(c, request({"EXEC"})).starts_with("-EXECABORT "));
  CHECK(server.databases[9].empty());
  CHECK(world.ask(c, request({"INCR", "n"})) == ":1\r\n");
}

TEST_CASE("what is sent behind a MULTI that no server could be asked for does not run alone") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.accepts = false;
  CHECK(world.ask(c, request({"MULTI"})) == "+OK\r\n");
  world.accepts = true;
  world.pass(seconds(2));
  CHECK(world.ask(c, request({"INCR", "n"})).starts_with("-KSUPSTREAM "));
  CHECK(world.ask(c, request({"DISCARD"})) == "+OK\r\n");
  CHECK(world.ask(c, request({"EXEC"})) == "-ERR EXEC without MULTI\r\n");
  CHECK(server.keys().empty());
}

TEST_CASE("a transaction without a connection ends with RESET and with QUIT, too") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.accepts = false;
  world.ask(c, request({"MULTI"}));
  world.accepts = true;
  world.pass(seconds(2));
  CHECK(world.ask(c, request({"RESET"})) == "+RESET\r\n");
  CHECK(world.ask(c, request({"INCR", "n"})) == ":1\r\n");
  world.accepts = false;
  world.cut_all();
  world.ask(c, request({"MULTI"}));
  CHECK(world.ask(c, request({"QUIT"})) == "+OK\r\n");
  CHECK(c.closed);
}

TEST_CASE("a server that is busy with a script says so itself, also where it refuses a new connection its database") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = client_in_nine(world);
  server.busy = true;
  CHECK(world.ask(c, request({"EVAL", "return 1", "0"})).starts_with("-BUSY "));
  CHECK(world.ask(c, request({"GET", "n"})).starts_with("-BUSY "));
  server.busy = false;
  world.pass(milliseconds(1));
  CHECK(world.ask(c, request({"GET", "n"})) == "$-1\r\n");
}

TEST_CASE("a user who may not SELECT keeps the database that was chosen before the login") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = client_in_nine(world);
  CHECK(world.ask(c, request({"AUTH", "limited", "secret"})) == "+OK\r\n");
  world.pass(seconds(11));
  CHECK(world.ask(c, request({"SET", "a", "1"})) == "+OK\r\n");
  CHECK(server.databases[9].count("a") == 1);
  const Words login{"AUTH", "limited", "secret"};
  CHECK(world.wire().link.log.at(2) == login);
}

TEST_CASE("where the proxy has no password of its own, a client that logs in is in the database of the upstream URL") {
  ModelRedis server;
  server.password = "secret";
  EngineSettings settings;
  settings.upstream_database = 5;
  World world(server, settings);
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"AUTH", "secret"}) + request({"SET", "a", "1"})) == "+OK\r\n+OK\r\n");
  CHECK(server.databases[5].count("a") == 1);
  CHECK(server.databases[0].empty());
}

TEST_CASE("writes that CLIENT PAUSE keeps waiting keep nobody else waiting, however long") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& admin = world.client();
  World::Client& writer = world.client();
  World::Client& reader = world.client();
  world.ask(reader, request({"GET", "a"}));
  CHECK(world.ask(admin, request({"CLIENT", "PAUSE", "60000", "WRITE"})) == "+OK\r\n");
  server.paused = true;
  CHECK(world.ask(writer, request({"SET", "a", "1"})).empty());
  CHECK(world.ask(reader, request({"GET", "a"})) == "$-1\r\n");
  world.pass(seconds(40));
  CHECK(writer.got.empty());
  CHECK(world.ask(admin, request({"CLIENT", "UNPAUSE"})) == "+OK\r\n");
  server.paused = false;
  world.resume();
  CHECK(writer.got == "+OK\r\n");
  const std::size_t wires = world.wires.size();
  CHECK(world.ask(reader, request({"GET", "a"})) == "$1\r\n1\r\n");
  CHECK(world.wires.size() == wires);
}

TEST_CASE("a subscriber that goes back to RESP2 still gets its messages") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"HELLO", "3"}) + request({"SUBSCRIBE", "news"}) + request({"HELLO", "2"}));
  const Bytes message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
  const auto own = std::find_if(world.wires.begin(), world.wires.end(),
                                [](const World::Wire& w) { return w.open && w.upstream->owner != nullptr; });
  REQUIRE(own != world.wires.end());
  world.inject(*own, message);
  CHECK(c.got == message);
  CHECK_FALSE(c.closed);
}

}  // namespace
}  // namespace keyshift::proxy
