#include <doctest/doctest.h>

#include "unit/engine/engine_world.hpp"

using namespace keyshift;
using namespace keyshift::proxy;
using namespace keyshift::proxy::test;

namespace {
std::uint64_t count(const Durations& durations) {
  std::uint64_t sum = 0;
  for (const Counter& bucket : durations.buckets) sum += bucket.read();
  return sum;
}
/// Of all commands of clients, whichever they were.
std::uint64_t of_commands(const EngineCounters& counters) {
  std::uint64_t sum = 0;
  for (const auto& slot : counters.commands)
    if (const auto* command = slot.load(); command != nullptr) sum += count(command->duration);
  return sum;
}
}  // namespace

TEST_CASE("a command counts its duration once, whatever goes with it; what is ours counts apart") {
  ModelRedis redis;
  World world(redis, moving_settings());
  auto& client = world.client();
  redis.keys()["user:1"] = redis.keys()["user:2"] = "v";
  world.ask(client, request({"ACL", "WHOAMI"}));  // the first row of the table is in use
  const std::uint64_t before = of_commands(world.counters);
  world.ask(client, request({"SET", "user:1", "w"}));  // MULTI, RENAMENX, SET, EXEC
  world.ask(client, request({"GET", "user:2"}));       // RENAMENX, GET
  CHECK(of_commands(world.counters) == before + 2);
  CHECK(count(world.counters.own) >= 4);
  CHECK(count(world.counters.moves) == 2);
  world.ask(client, request({"GET", "user:2"}));
  world.ask(client, request({"GET", "user:3"}));  // nothing to move
  CHECK(count(world.counters.moves) == 2);
}
