#include <doctest/doctest.h>

#include "migration/reserved_name.hpp"
#include "unit/engine/engine_world.hpp"

using namespace keyshift;
using namespace keyshift::proxy;
using namespace keyshift::proxy::test;

namespace {
const Bytes kRun = "manual";
/// The list of what lies in quarantine.
std::set<Bytes>& quarantined(ModelRedis& redis) {
  return redis.keys().try_emplace(migration::quarantined_name(kRun), Value(Value::Type::set)).first->second.set;
}
/// Two records, one other key, and everything of ours that may lie there.
void fill(ModelRedis& redis) {
  for (const char* key : {"user:1", "{user:2}:profile", "plain"}) redis.keys()[key] = "v";
  for (const Bytes& key : {migration::control_record_name(), migration::store_id_name(),
                           migration::checkpoint_name(kRun), migration::sweeper_name(kRun)})
    redis.keys()[key] = "ours";
}
}  // namespace

TEST_CASE("DBSIZE counts no key of ours, in one round trip where nothing lies in quarantine") {
  ModelRedis redis;
  fill(redis);
  World world(redis, moving_settings());
  auto& client = world.client();
  CHECK(world.ask(client, request({"DBSIZE"})) == ":3\r\n");
  redis.keys().erase(migration::sweeper_name(kRun));
  CHECK(world.ask(client, request({"DBSIZE"})) == ":3\r\n");
}

TEST_CASE("DBSIZE counts no quarantined record, and believes no list about keys that are gone") {
  ModelRedis redis;
  fill(redis);
  for (const char* key : {"user:7", "user:8", "user:9"}) {
    const Bytes name = migration::quarantine_name(kRun, key);
    quarantined(redis).insert(name);
    if (BytesView(key) != "user:9") redis.keys()[name] = "a loser";
  }
  World world(redis, moving_settings());
  CHECK(world.ask(world.client(), request({"DBSIZE"})) == ":3\r\n");
}

TEST_CASE("replies around DBSIZE keep their order") {
  ModelRedis redis;
  fill(redis);
  quarantined(redis).insert("gone");
  World world(redis, moving_settings());
  auto& client = world.client();
  CHECK(world.ask(client, request({"GET", "user:1"}) + request({"DBSIZE"}) + request({"ECHO", "x"})) ==
        "$1\r\nv\r\n:3\r\n$1\r\nx\r\n");
}

TEST_CASE("DBSIZE inside MULTI leaves out what the last one outside has seen of ours") {
  ModelRedis redis;
  fill(redis);
  World world(redis, moving_settings());
  auto& client = world.client();
  CHECK(world.ask(client, request({"DBSIZE"})) == ":3\r\n");
  CHECK(world.ask(client, request({"MULTI"}) + request({"DBSIZE"}) + request({"EXEC"})) ==
        "+OK\r\n+QUEUED\r\n*1\r\n:3\r\n");
}

TEST_CASE("a loser that a command has put aside is listed, so that DBSIZE does not count it") {
  for (const char* command : {"GET", "DEL"}) {
    CAPTURE(command);
    ModelRedis redis;
    World world(redis, moving_settings());
    auto& client = world.client();
    redis.keys() = {{"user:5", "old"}, {"{user:5}:profile", "new"}, {"plain", "v"}};
    world.ask(client, request({command, "user:5"}));
    world.run();
    CHECK(redis.keys().contains(migration::quarantine_name(kRun, "user:5")));
    CHECK(quarantined(redis).contains(migration::quarantine_name(kRun, "user:5")));
    CHECK(world.ask(client, request({"DBSIZE"})) == (BytesView(command) == "DEL" ? ":1\r\n" : ":2\r\n"));
  }
}
