#include "migration/conflict.hpp"

#include <doctest/doctest.h>

#include "migration/reserved_name.hpp"
#include "unit/migration/model_redis.hpp"

using namespace keyshift;
using migration::ConflictStep;
using migration::Mode;
using migration::quarantine_name;
using migration::quarantined_name;
using test::ModelRedis;
using Outcome = ConflictStep::Outcome;
using Policy = transforms::Policy::Conflict;

namespace {
Outcome settle(ModelRedis& redis, ConflictStep& step) {
  for (int rounds = 0; rounds < 100; ++rounds) {
    Bytes out;
    const std::size_t replies = step.next(out);
    if (replies == 0) return step.outcome();
    const auto answers = redis.execute(out);
    REQUIRE(answers.size() == replies);
    for (const Bytes& answer : answers) step.take(answer);
  }
  FAIL("the step does not end");
  return step.outcome();
}
ConflictStep step_of(Mode mode, Policy policy) {
  return mode == Mode::to_new ? ConflictStep("o", "n", "run", mode, policy)
                              : ConflictStep("n", "o", "run", mode, policy);
}
}  // namespace

TEST_CASE("the winner of the policy ends where the mode wants it, the loser in quarantine") {
  struct Row {
    Mode mode;
    Policy policy;
    Bytes stays, value, loser, loser_value;
  };
  for (const Row& row : {Row{Mode::to_new, Policy::keep_new, "n", "new", "o", "old"},
                         Row{Mode::to_new, Policy::keep_old, "n", "old", "n", "new"},
                         Row{Mode::to_old, Policy::keep_new, "o", "new", "o", "old"},
                         Row{Mode::to_old, Policy::keep_old, "o", "old", "n", "new"}}) {
    ModelRedis redis;
    redis.keys = {{"o", "old"}, {"n", "new"}};
    auto step = step_of(row.mode, row.policy);
    CHECK(settle(redis, step) == Outcome::settled);
    const std::map<Bytes, Bytes> expected{{row.stays, row.value}, {quarantine_name("run", row.loser), row.loser_value}};
    CHECK(redis.keys == expected);
    CHECK(step.quarantine() == quarantine_name("run", row.loser));
    CHECK(redis.sets[quarantined_name("run")] == std::set<Bytes>{step.quarantine()});
  }
}

TEST_CASE("policy stop touches nothing and leaves no WATCH behind") {
  ModelRedis redis;
  redis.keys = {{"o", "old"}, {"n", "new"}};
  auto step = step_of(Mode::to_new, Policy::stop);
  CHECK(settle(redis, step) == Outcome::left);
  CHECK(redis.keys.size() == 2);
  CHECK(redis.log.back() == "UNWATCH");
}

TEST_CASE("a conflict that is none any more is left alone") {
  for (const char* missing : {"o", "n"}) {
    ModelRedis redis;
    redis.keys = {{"o", "old"}, {"n", "new"}};
    redis.keys.erase(missing);
    const auto before = redis.keys;
    auto step = step_of(Mode::to_new, Policy::keep_old);
    CHECK(settle(redis, step) == Outcome::vanished);
    CHECK(redis.keys == before);
  }
}

TEST_CASE("an earlier loser in quarantine is never overwritten") {
  ModelRedis redis;
  redis.keys = {
      {"o", "old"}, {"n", "new"}, {quarantine_name("run", "o"), "first"}, {quarantine_name("run", "o", 1), "second"}};
  auto step = step_of(Mode::to_new, Policy::keep_new);
  CHECK(settle(redis, step) == Outcome::settled);
  CHECK(redis.keys[quarantine_name("run", "o")] == "first");
  CHECK(redis.keys[quarantine_name("run", "o", 1)] == "second");
  CHECK(redis.keys[quarantine_name("run", "o", 2)] == "old");
}

TEST_CASE("a client that writes between look and EXEC is not overrun") {
  ModelRedis redis;
  redis.keys = {{"o", "old"}, {"n", "new"}};
  int writes = 0;
  redis.before_exec = [&] {
    if (writes < 3) redis.keys["n"] = "written " + std::to_string(++writes);
  };
  auto step = step_of(Mode::to_new, Policy::keep_old);
  CHECK(settle(redis, step) == Outcome::settled);
  CHECK(redis.keys["n"] == "old");
  CHECK(redis.keys[quarantine_name("run", "n")] == "written 3");
}

TEST_CASE("a record that clients never leave alone is given up for now") {
  ModelRedis redis;
  redis.keys = {{"o", "old"}, {"n", "new"}};
  int writes = 0;
  redis.before_exec = [&] { redis.keys["n"] = std::to_string(++writes); };
  auto step = step_of(Mode::to_new, Policy::keep_new);
  CHECK(settle(redis, step) == Outcome::contended);
  CHECK(redis.keys.size() == 2);
}

TEST_CASE("a loser that cannot be listed is put aside all the same") {
  ModelRedis redis;
  redis.keys = {{"o", "old"}, {"n", "new"}};
  redis.refuse = [](const Bytes& name) { return name == "SADD" ? Bytes("OOM command not allowed") : Bytes(); };
  auto step = step_of(Mode::to_new, Policy::keep_new);
  CHECK(settle(redis, step) == Outcome::settled);
  CHECK(redis.keys[quarantine_name("run", "o")] == "old");
}

TEST_CASE("whichever command the server refuses, nothing is lost and its words are kept") {
  for (const std::string command : {"WATCH", "EXISTS", "MULTI", "RENAME", "EXEC"}) {
    ModelRedis redis;
    redis.keys = {{"o", "old"}, {"n", "new"}};
    bool refused = false;
    redis.refuse = [&](const Bytes& name) {
      refused = refused || name == command;
      return name == command ? Bytes("NOREPLICAS Not enough good replicas to write.") : Bytes();
    };
    auto step = step_of(Mode::to_new, Policy::keep_new);
    CAPTURE(command);
    CHECK(settle(redis, step) == Outcome::refused);
    CHECK(refused);
    CHECK(step.why().find("NOREPLICAS") == 0);
    std::set<Bytes> values;
    for (const auto& [key, value] : redis.keys) values.insert(value);
    CHECK(values == std::set<Bytes>{"old", "new"});
  }
}
