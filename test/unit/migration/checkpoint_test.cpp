#include "migration/checkpoint.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "migration/sweep_run.hpp"
#include "unit/migration/some_rules.hpp"

using namespace keyshift;
using namespace keyshift::migration;

namespace {
Checkpoint some_checkpoint() {
  Checkpoint c;
  c.run = "users-v2";
  c.rules = "abc";
  c.mode = Mode::to_old;
  c.server_run_id = "r1";
  c.cursor = 18446744073709551615u;
  c.pass = 3;
  c.scanned = 17;
  c.written = UnixMillis(std::chrono::milliseconds(1700000000123));
  c.counts = {{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}};
  return c;
}
const ServerLife life{"r1", "m1"};
}  // namespace

TEST_CASE("a checkpoint reads back as it was written") {
  const auto read = read_checkpoint(encode(some_checkpoint()));
  REQUIRE(read.has_value());
  CHECK(*read == some_checkpoint());
}

TEST_CASE("a checkpoint of another version is refused by its number") {
  Bytes bytes = encode(some_checkpoint());
  bytes.replace(0, bytes.find('\n'), "keyshift-checkpoint 2");
  const auto read = read_checkpoint(bytes);
  REQUIRE(read.has_error());
  CHECK(read.error().what.find("version 2") != std::string::npos);
}

TEST_CASE("a checkpoint that is cut off or damaged is refused, never misread") {
  const Bytes whole = encode(some_checkpoint());
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    const auto read = read_checkpoint(BytesView(whole).substr(0, size));
    // Cut behind a line of counts it is whole but for those.
    if (read) CHECK(read->counts.size() < 2);
  }
  CHECK(read_checkpoint("hello").has_error());
  CHECK(read_checkpoint(whole + "more 1\n").has_error());
  CHECK(rc::check([&](std::size_t at, char byte) {
    Bytes damaged = whole;
    damaged[at % damaged.size()] = byte;
    (void)read_checkpoint(damaged);
  }));
}

TEST_CASE("the digest of rules tells apart what is not the same sweep") {
  CHECK(rules_digest(*test::some_rules()) == rules_digest(*test::some_rules()));
  transforms::MigrationFile other;
  other.source.url = "redis://localhost:6379/0";
  transforms::Rule rule;
  rule.name = "session";
  rule.from = *transforms::KeyPattern::parse("sess:<token>");
  rule.to = *transforms::KeyPattern::parse("session:v3:<token>");
  other.rules.push_back(rule);
  CHECK(rules_digest(transforms::RuleSet(other)) != rules_digest(*test::some_rules()));
}

TEST_CASE("a sweep goes on at a checkpoint of its run, rules, direction and server process alone") {
  Checkpoint c = some_checkpoint();
  c.cursor = 5;
  const auto begin = [](const Checkpoint& checkpoint, const ServerLife& server) {
    return SweepRun("users-v2", "abc", Mode::to_old).begin(server, checkpoint);
  };
  CHECK(begin(c, life).cursor == 5);
  CHECK(begin(c, life).number == 3);
  CHECK(begin(c, {"r2", "m1"}).cursor == 0);
  CHECK(begin(c, {"r2", "m1"}).number == 3);
  Checkpoint other = c;
  other.run = "x";
  CHECK(begin(other, life).cursor == 0);
  other = c;
  other.rules = "x";
  CHECK(begin(other, life).cursor == 0);
  other = c;
  other.mode = Mode::to_new;
  CHECK(begin(other, life).cursor == 0);
  CHECK(SweepRun("users-v2", "abc", Mode::to_old).begin(life, std::nullopt).number == 1);
}

TEST_CASE("a clean pass is whole, found nothing, and saw one life of one server") {
  const auto fresh = [] {
    SweepRun run("users-v2", "abc", Mode::to_new);
    run.begin(life, std::nullopt);
    return run;
  };
  CHECK(fresh().ended(life, false));
  CHECK(!fresh().ended(life, true));
  CHECK(!fresh().ended({"r1", "m2"}, false));
  CHECK(!fresh().ended({"r2", "m1"}, false));

  SweepRun lost = fresh();
  CHECK(lost.reconnected(life, 9) == 9);
  CHECK(!lost.ended(life, false));
  CHECK(lost.again(life).cursor == 0);
  CHECK(lost.pass() == 2);
  CHECK(lost.ended(life, false));

  SweepRun restarted = fresh();
  CHECK(restarted.reconnected({"r2", "m2"}, 9) == 0);
  CHECK(restarted.ended({"r2", "m2"}, false));

  Checkpoint half = some_checkpoint();
  half.mode = Mode::to_new;
  SweepRun resumed("users-v2", "abc", Mode::to_new);
  resumed.begin(life, half);
  CHECK(!resumed.ended(life, false));
}
