// From one change of the control record to the next.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;

std::shared_ptr<control::Serving> by_hand(const World& world, migration::Mode mode, std::uint64_t era) {
  auto serving = std::make_shared<control::Serving>();
  serving->change.era = era;
  test::add_run(*serving, world.engine.settings().rules, mode);
  return serving;
}

TEST_CASE("rules, mode and run are those of the last turn") {
  ModelRedis server;
  World world(server, moving_settings(migration::Mode::old));
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"SET", "user:1", "Ada"})) == "+OK\r\n");
  CHECK(server.keys().contains("user:1"));
  world.engine.turn(by_hand(world, migration::Mode::to_new, 1), world.now);
  CHECK(world.ask(c, request({"GET", "user:1"})) == "$3\r\nAda\r\n");
  CHECK(server.keys().contains("{user:1}:profile"));
  world.engine.turn(std::make_shared<control::Serving>(), world.now);
  CHECK(world.ask(c, request({"GET", "user:1"})) == "$-1\r\n");
}

TEST_CASE("what was known to be in place is not known in the next era") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.ask(c, request({"SET", "user:1", "Ada"}));
  world.engine.turn(by_hand(world, migration::Mode::to_old, 1), world.now);
  CHECK(world.ask(c, request({"SET", "user:1", "Bob"})) == "+OK\r\n");
  server.keys()["user:1"] = "Eve";  // moved by somebody else after the next turn
  server.keys().erase("{user:1}:profile");
  world.engine.turn(by_hand(world, migration::Mode::to_new, 2), world.now);
  CHECK(world.ask(c, request({"GET", "user:1"})) == "$3\r\nEve\r\n");
}

}  // namespace
}  // namespace keyshift::proxy
