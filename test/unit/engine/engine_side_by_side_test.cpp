// Several runs at one store, each in a mode of its own.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using migration::Mode;
using test::ModelRedis;
using test::request;
using test::World;

const Bytes ok = "+OK\r\n";

std::shared_ptr<const transforms::RuleSet> rules_of(const char* from, const char* to, int database = 0,
                                                    transforms::Policy policy = {}) {
  std::vector<transforms::Rule> rules{test::rule("rule", from, to)};
  return std::make_shared<const transforms::RuleSet>(std::move(rules), policy, database);
}

const std::shared_ptr<const transforms::RuleSet>& users() {
  static const auto rules = rules_of("user:<id>", "{user:<id>}:profile");
  return rules;
}
const std::shared_ptr<const transforms::RuleSet>& orders() {
  static const auto rules = rules_of("order:<id>", "bill:{<id>}");
  return rules;
}

/// Two runs, `users` and `orders`, in modes that the test sets.
struct TwoRuns {
  explicit TwoRuns(Mode one, Mode other) : world(server, EngineSettings()) { turn(one, other); }

  std::shared_ptr<control::Serving> serving(Mode one, Mode other) const {
    auto out = std::make_shared<control::Serving>();
    out->change.era = era;
    test::add_run(*out, users(), one, "users");
    test::add_run(*out, orders(), other, "orders");
    return out;
  }
  void turn(Mode one, Mode other) { turn(serving(one, other)); }
  void turn(const std::shared_ptr<control::Serving>& next) {
    world.engine.turn(next, world.now);
    world.flush();
  }
  Bytes ask(std::initializer_list<BytesView> argv) { return world.ask(client, request(argv)); }
  [[nodiscard]] bool has(const Bytes& key) { return server.keys().contains(key); }

  std::uint64_t era = 1;
  ModelRedis server;
  World world;
  World::Client& client = world.client();
};

TEST_CASE("one command with records of two runs does to each what its own run says") {
  TwoRuns both(Mode::to_new, Mode::old);
  both.server.keys()["user:1"] = "Ada";
  CHECK(both.ask({"MGET", "user:1", "order:1", "plain"}) == "*3\r\n$3\r\nAda\r\n$-1\r\n$-1\r\n");
  CHECK(both.ask({"MSET", "user:1", "a", "order:1", "b", "plain", "c"}) == ok);
  CHECK(both.has("{user:1}:profile"));
  CHECK_FALSE(both.has("user:1"));
  CHECK(both.has("order:1"));
  CHECK_FALSE(both.has("bill:{1}"));
  CHECK(both.ask({"RENAME", "user:1", "order:7"}) == ok);
  CHECK(both.server.keys().at("order:7") == "a");
  CHECK(both.ask({"DEL", "order:7", "order:1"}) == ":2\r\n");
}

TEST_CASE("runs go opposite ways at once") {
  TwoRuns both(Mode::to_new, Mode::to_old);
  both.server.keys()["user:1"] = "Ada";
  both.server.keys()["bill:{1}"] = "tea";
  CHECK(both.ask({"MSET", "user:2", "x", "order:2", "y"}) == ok);
  CHECK(both.ask({"MGET", "user:1", "order:1"}) == "*2\r\n$3\r\nAda\r\n$3\r\ntea\r\n");
  CHECK(both.has("{user:1}:profile"));
  CHECK(both.has("order:1"));
  CHECK(both.has("{user:2}:profile"));
  CHECK(both.has("order:2"));
}

TEST_CASE("a transaction and a WATCH hold records of two runs, each where its run has it") {
  TwoRuns both(Mode::to_new, Mode::at_new);
  both.server.keys()["user:1"] = "Ada";
  both.server.keys()["bill:{1}"] = "tea";
  CHECK(both.ask({"WATCH", "user:1", "order:1"}) == ok);
  CHECK(both.ask({"MULTI"}) == ok);
  CHECK(both.ask({"APPEND", "user:1", "!"}) == "+QUEUED\r\n");
  CHECK(both.ask({"APPEND", "order:1", "?"}) == "+QUEUED\r\n");
  CHECK(both.ask({"EXEC"}) == "*2\r\n:4\r\n:4\r\n");
  CHECK(both.server.keys().at("{user:1}:profile") == "Ada!");
  CHECK(both.server.keys().at("bill:{1}") == "tea?");
  CHECK(both.ask({"WATCH", "order:1"}) == ok);
  World::Client& other = both.world.client();
  CHECK(both.world.ask(other, request({"SET", "order:1", "x"})) == ok);
  CHECK(both.ask({"MULTI"}) == ok);
  both.ask({"GET", "user:1"});
  CHECK(both.ask({"EXEC"}) == "*-1\r\n");
}

TEST_CASE("KEYS shows each run's records where they are, and no stray of a settled one") {
  TwoRuns both(Mode::to_new, Mode::at_new);
  for (const char* key : {"user:1", "{user:2}:profile", "order:3", "bill:{4}", "plain"}) both.server.keys()[key] = "v";
  const Bytes listed = both.ask({"KEYS", "*"});
  for (const char* shown : {"user:1\r\n", "user:2\r\n", "order:4\r\n", "plain\r\n"}) {
    CAPTURE(shown);
    CHECK(listed.find(shown) != Bytes::npos);
  }
  CHECK(listed.find("order:3") == Bytes::npos);
}

TEST_CASE("a conflict is settled by the policy of its own run, into its own quarantine") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  auto serving = std::make_shared<control::Serving>();
  transforms::Policy stop;
  stop.conflict = transforms::Policy::Conflict::stop;
  test::add_run(*serving, users(), Mode::to_new, "users");
  test::add_run(*serving, rules_of("order:<id>", "bill:{<id>}", 0, stop), Mode::to_new, "orders");
  world.engine.turn(serving, world.now);
  for (const char* key : {"user:1", "{user:1}:profile", "order:1", "bill:{1}"}) server.keys()[key] = key;
  CHECK(world.ask(c, request({"SET", "user:1", "v"})) == ok);
  world.run();
  CHECK_FALSE(server.keys().contains("user:1"));
  const Bytes refused = world.ask(c, request({"SET", "order:1", "v"}));
  CHECK(refused.find("reason=conflict") != Bytes::npos);
  CHECK(server.keys().contains("order:1"));
  server.keys()["user:2"] = "a";
  server.keys()["{user:2}:profile"] = "b";
  const Bytes mixed = world.ask(c, request({"MSET", "user:2", "v", "order:2", "w"}));
  CHECK(mixed == ok);
  CHECK(server.keys().at("bill:{2}") == "w");
}

TEST_CASE("the turn of one run forgets nothing of the other that moves") {
  TwoRuns both(Mode::to_new, Mode::to_new);
  CHECK(both.ask({"MSET", "user:1", "a", "order:1", "b"}) == ok);
  both.era = 2;
  both.turn(Mode::to_old, Mode::to_new);
  both.world.forget_sent();
  CHECK(both.ask({"GET", "order:1"}) == "$1\r\nb\r\n");
  CHECK(both.world.sent() == std::vector<Bytes>{"GET bill:{1}"});
  CHECK(both.ask({"GET", "user:1"}) == "$1\r\na\r\n");
  CHECK(both.has("user:1"));
  both.era = 4;  // a turn was missed: nobody knows whose
  both.turn(Mode::to_old, Mode::to_new);
  both.server.keys()["order:1"] = "c";
  both.server.keys().erase("bill:{1}");
  CHECK(both.ask({"GET", "order:1"}) == "$1\r\nc\r\n");
}

TEST_CASE("a run that is not understood is refused by its keys, the other one is served") {
  TwoRuns both(Mode::to_new, Mode::to_new);
  auto next = both.serving(Mode::to_new, Mode::to_new);
  next->runs[1].refusal = "the spec of the run orders is of format 2";
  control::lay_out(*next);
  both.turn(next);
  both.server.keys()["user:1"] = "Ada";
  const Bytes refusal = "-KSCONTROL the spec of the run orders is of format 2\r\n";
  CHECK(both.ask({"GET", "user:1"}) == "$3\r\nAda\r\n");
  CHECK(both.has("{user:1}:profile"));
  CHECK(both.ask({"SET", "plain", "1"}) == ok);
  CHECK(both.ask({"GET", "order:1"}) == refusal);
  CHECK(both.ask({"MGET", "user:1", "bill:{1}"}) == refusal);
  CHECK(both.ask({"KEYS", "*"}) == refusal);
  CHECK(both.ask({"MULTI"}) == ok);
  CHECK(both.ask({"GET", "order:1"}) == refusal);
  CHECK(both.ask({"EXEC"}).starts_with("-EXECABORT"));
}

TEST_CASE("a run of which not even the key patterns are known is refused with every key that is no other run's") {
  TwoRuns both(Mode::to_new, Mode::to_new);
  auto next = both.serving(Mode::to_new, Mode::to_new);
  next->runs[1].rules = nullptr;
  next->runs[1].refusal = "the rules of the run orders are missing at the store";
  control::lay_out(*next);
  both.turn(next);
  both.server.keys()["user:1"] = "Ada";
  const Bytes refusal = "-KSCONTROL the rules of the run orders are missing at the store\r\n";
  CHECK(both.ask({"GET", "user:1"}) == "$3\r\nAda\r\n");
  CHECK(both.ask({"GET", "order:1"}) == refusal);
  CHECK(both.ask({"SET", "plain", "1"}) == refusal);
  CHECK(both.ask({"KEYS", "*"}) == refusal);
  CHECK(both.ask({"PING"}) == "+PONG\r\n");
  CHECK(both.ask({"SELECT", "3"}) == ok);
  CHECK(both.ask({"SET", "order:1", "1"}) == refusal);
  both.turn(Mode::to_new, Mode::to_new);
  CHECK(both.ask({"SET", "order:1", "1"}) == ok);
}

TEST_CASE("of two runs whose keys clash the later one is refused, whatever wrote them into the record") {
  TwoRuns both(Mode::to_new, Mode::old);
  auto next = both.serving(Mode::to_new, Mode::old);
  test::add_run(*next, rules_of("user:<id>", "person:<id>"), Mode::to_new, "people");
  REQUIRE(next->databases.size() == 1);
  CHECK(next->databases[0].by_rule.size() == 2);
  control::Serving again;
  again.runs = next->runs;
  again.runs[2].refusal.clear();
  control::lay_out(again, next.get());
  CHECK(again.databases[0].rules == next->databases[0].rules);
  CHECK(again.runs[2].refusal == next->runs[2].refusal);
  both.turn(next);
  CHECK(both.ask({"SET", "order:1", "v"}) == ok);
  CHECK(both.ask({"GET", "person:1"}).starts_with("-KSCONTROL keys of the run people clash"));
  CHECK(both.ask({"GET", "user:1"}).starts_with("-KSCONTROL keys of the run people clash"));
  CHECK(both.ask({"GET", "{user:1}:profile"}).starts_with("-KSREFUSED rule=rule command=GET reason=other-view"));
}

TEST_CASE("runs in two databases do not meet, whatever their keys are called") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  auto serving = std::make_shared<control::Serving>();
  test::add_run(*serving, users(), Mode::old, "users");
  test::add_run(*serving, rules_of("user:<id>", "person:<id>", 3), Mode::at_new, "people");
  CHECK(serving->databases.size() == 2);
  world.engine.turn(serving, world.now);
  CHECK(world.ask(c, request({"SET", "user:1", "zero"})) == ok);
  CHECK(world.ask(c, request({"SET", "person:2", "other"})) == ok);
  CHECK(world.ask(c, request({"SELECT", "3"})) == ok);
  world.forget_sent();
  CHECK(world.ask(c, request({"SET", "user:1", "three"})) == ok);
  CHECK(world.ask(c, request({"COPY", "plain", "user:1", "DB", "0"})).find("reason=other-database") != Bytes::npos);
  bool found = false;
  for (const Bytes& line : world.sent()) found |= line == "SET person:1 three";
  CHECK(found);
}

TEST_CASE("two runs together say whose key it is by one set of rules, and it is kept while they stay") {
  TwoRuns both(Mode::to_new, Mode::old);
  const auto before = both.serving(Mode::to_new, Mode::old);
  control::Serving next;
  next.runs = before->runs;
  next.runs[1].mode = Mode::to_new;
  control::lay_out(next, before.get());
  REQUIRE(next.databases.size() == 1);
  CHECK(next.databases[0].rules == before->databases[0].rules);
  const auto user = next.databases[0].rules->match("user:1"), order = next.databases[0].rules->match("bill:{1}");
  CHECK(next.databases[0].at(user).run == 0);
  CHECK(next.databases[0].at(order).run == 1);
  CHECK(next.databases[0].at(order).mode == Mode::to_new);
  CHECK(next.databases[0].at(order).number == 1);
}

}  // namespace
}  // namespace keyshift::proxy
