#include "migration/sweep_pass.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <deque>

#include "migration/reserved_name.hpp"
#include "unit/migration/model_redis.hpp"
#include "unit/migration/some_rules.hpp"

using namespace keyshift;
using migration::Mode;
using migration::RuleCounts;
using migration::SweepBatch;
using migration::SweepPass;
using migration::Throttle;
using migration::WaitReason;
using test::ModelRedis;
using test::some_rules;
using Kind = SweepPass::Step::Kind;
using Policy = transforms::Policy::Conflict;

namespace {

migration::ThrottleLimits no_limits() {
  migration::ThrottleLimits limits;
  limits.keys_per_second = 0;
  limits.server_latency = {};
  limits.replica_lag_bytes = 0;
  limits.aof_fsync = false;
  return limits;
}

/// Drives a pass against the model: what is sent is executed at once, its replies are taken when they are waited for.
struct Drive {
  Drive(ModelRedis& model, std::shared_ptr<const transforms::RuleSet> rules, Mode mode = Mode::to_new,
        SweepBatch batch = {})
      : redis(model), pass(std::move(rules), mode, "run", batch, counts) {}

  /// One step; false at the end of the pass.
  bool step() {
    out.clear();
    const auto step = pass.next(throttle, now, out);
    last = step;
    if (step.kind == Kind::send) {
      auto answers = redis.execute(out);
      REQUIRE(answers.size() == step.replies);
      in_flight += out.size();
      most_in_flight = std::max(most_in_flight, replies.size() + answers.size());
      replies.insert(replies.end(), answers.begin(), answers.end());
    } else if (step.kind == Kind::receive) {
      REQUIRE(!replies.empty());
      REQUIRE(pass.take(replies.front()).has_value());
      replies.pop_front();
    } else if (step.kind == Kind::wait) {
      REQUIRE(step.until > now);
      now = step.until;
      waits.push_back(step.reason);
    }
    return step.kind != Kind::ended;
  }
  void run(int most = 100000) {
    while (step()) REQUIRE(--most > 0);
    CHECK(replies.empty());
  }

  ModelRedis& redis;
  std::vector<RuleCounts> counts;
  SweepPass pass;
  Throttle throttle{no_limits()};
  Time now{seconds(1000)};
  Bytes out;
  std::deque<Bytes> replies;
  SweepPass::Step last;
  std::vector<WaitReason> waits;
  std::size_t in_flight = 0, most_in_flight = 0;
};

ModelRedis filled(int users) {
  ModelRedis redis;
  for (int i = 0; i < users; ++i) redis.keys["user:" + std::to_string(i)] = "v" + std::to_string(i);
  for (int i = 0; i < users; ++i) redis.keys["other:" + std::to_string(i)] = "o";
  return redis;
}

}  // namespace

TEST_CASE("a pass moves every record of its rules, touches nothing else, and counts exactly") {
  ModelRedis redis = filled(1000);
  redis.keys["sess:abc"] = "s";
  Drive drive(redis, some_rules());
  drive.run();
  CHECK(redis.keys.size() == 2001);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(redis.keys["{user:" + std::to_string(i) + "}:profile"] == "v" + std::to_string(i));
  CHECK(redis.keys["session:v2:abc"] == "s");
  CHECK(drive.counts[0].moved == 1);
  CHECK(drive.counts[1].moved == 1000);
  CHECK(drive.counts[1].found == 1000);
  CHECK(drive.pass.found_any());
  CHECK(drive.most_in_flight <= 2 * 32 + 1);
}

TEST_CASE("a second pass finds nothing") {
  ModelRedis redis = filled(300);
  Drive(redis, some_rules()).run();
  Drive second(redis, some_rules());
  second.run();
  CHECK(!second.pass.found_any());
  CHECK(second.pass.scanned() == 600);
}

TEST_CASE("the way back is the mirror") {
  ModelRedis redis = filled(300);
  const auto before = redis.keys;
  Drive(redis, some_rules()).run();
  Drive back(redis, some_rules(), Mode::to_old);
  back.run();
  CHECK(redis.keys == before);
  CHECK(back.counts[1].moved == 300);
}

TEST_CASE("a record that clients moved or deleted between SCAN and RENAMENX counts as gone") {
  ModelRedis redis = filled(50);
  Drive drive(redis, some_rules());
  redis.refuse = [&](const Bytes& command) {
    if (command == "RENAMENX") redis.keys.erase("user:7");
    return Bytes();
  };
  drive.run();
  CHECK(drive.counts[1].moved == 49);
  CHECK(drive.counts[1].gone == 1);
}

TEST_CASE("both names: the loser goes to quarantine and the pass goes on") {
  for (const Policy policy : {Policy::keep_new, Policy::keep_old}) {
    ModelRedis redis = filled(200);
    redis.keys["{user:5}:profile"] = "newer";
    redis.keys["{user:6}:profile"] = "newer";
    Drive drive(redis, some_rules(policy));
    drive.run();
    const bool keep_new = policy == Policy::keep_new;
    CHECK(redis.keys["{user:5}:profile"] == (keep_new ? "newer" : "v5"));
    CHECK(redis.keys[migration::quarantine_name("run", keep_new ? "user:5" : "{user:5}:profile")] ==
          (keep_new ? "v5" : "newer"));
    CHECK(redis.keys.count("user:5") == 0);
    CHECK(drive.counts[1].moved == 198);
    CHECK(drive.counts[1].conflicts == 2);
    CHECK(drive.counts[1].quarantined == 2);
    CHECK(drive.counts[1].found == 200);
    CHECK(drive.pass.conflicts_met().size() == 2);
    CHECK(drive.pass.conflicts_met().empty());
  }
}

TEST_CASE("policy stop waits with the record's name, counts it once, and goes on when one of both is gone") {
  ModelRedis redis = filled(200);
  redis.keys["{user:5}:profile"] = "newer";
  Drive drive(redis, some_rules(Policy::stop));
  int steps = 0;
  while (drive.waits.size() < 3 && ++steps < 100000) REQUIRE(drive.step());
  CHECK(drive.waits.back() == WaitReason::conflict);
  CHECK(drive.pass.detail().find("user:5") != std::string::npos);
  CHECK(drive.counts[1].conflicts == 1);
  CHECK(redis.keys["{user:5}:profile"] == "newer");
  CHECK(redis.keys["user:5"] == "v5");
  redis.keys.erase("{user:5}:profile");
  drive.run();
  CHECK(redis.keys["{user:5}:profile"] == "v5");
  CHECK(drive.counts[1].moved == 200);
  CHECK(drive.counts[1].conflicts == 1);
}

TEST_CASE("whatever the server refuses, the pass waits with its words, and moves everything when it is over") {
  for (const std::string command : {"RENAMENX", "SCAN", "WATCH", "EXISTS", "MULTI", "RENAME", "EXEC"}) {
    CAPTURE(command);
    ModelRedis redis = filled(300);
    redis.keys["{user:5}:profile"] = "newer";
    int asked = 0;
    redis.refuse = [&](const Bytes& name) {
      if (name != command) return Bytes();
      ++asked;
      return asked % 3 == 0 && asked < 60 ? Bytes("READONLY You can't write against a read only replica.") : Bytes();
    };
    if (command != "RENAMENX" && command != "SCAN") {
      redis.refuse = [&](const Bytes& name) {
        return name == command && ++asked <= 2 ? Bytes("READONLY no") : Bytes();
      };
    }
    Drive drive(redis, some_rules());
    drive.run();
    CHECK(!drive.waits.empty());
    CHECK(drive.waits.front() == WaitReason::refused);
    for (int i = 0; i < 300; ++i) REQUIRE(redis.keys.count("user:" + std::to_string(i)) == 0);
    CHECK(drive.counts[1].moved == 299);
    CHECK(drive.counts[1].quarantined == 1);
    CHECK(drive.pass.found_any());
  }
}

TEST_CASE("a lost connection at any step loses nothing, whether what was in flight was executed or not") {
  CHECK(rc::check([](std::uint64_t seed, bool keep_new) {
    ModelRedis redis = filled(120);
    redis.keys["{user:5}:profile"] = "newer";
    Drive drive(redis, some_rules(keep_new ? Policy::keep_new : Policy::keep_old));
    bool more = true;
    for (int steps = 0; more && steps < 100000; ++steps) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      more = drive.step();
      if (more && steps < 2000 && (seed >> 60) == 0) {
        drive.pass.connection_lost();
        drive.replies.clear();
        redis.disconnect();
      }
    }
    RC_ASSERT(!more);
    std::multiset<Bytes> values;
    for (const auto& [key, value] : redis.keys) {
      RC_ASSERT(key.rfind("user:", 0) != 0);
      values.insert(value);
    }
    for (int i = 0; i < 120; ++i) RC_ASSERT(values.count("v" + std::to_string(i)) == 1u);
    RC_ASSERT(values.count("newer") == 1u);
  }));
}

TEST_CASE("a pass that begins again at the cursor of a killed one finds the rest") {
  CHECK(rc::check([](unsigned stop_after) {
    ModelRedis redis = filled(400);
    std::uint64_t cursor = 0;
    {
      Drive first(redis, some_rules());
      for (unsigned i = 0; i < stop_after % 600 && first.step(); ++i) {
      }
      cursor = first.pass.resume_cursor();
    }
    std::vector<RuleCounts> counts;
    Drive rest(redis, some_rules());
    rest.pass.go_on_at(cursor);
    rest.run();
    for (const auto& [key, value] : redis.keys) RC_ASSERT(key.rfind("user:", 0) != 0);
  }));
}

TEST_CASE("what is not Redis' answer ends the connection") {
  for (const char* reply : {"+OK\r\n", "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n", "*0\r\n"}) {
    ModelRedis redis = filled(10);
    Drive drive(redis, some_rules());
    drive.step();
    REQUIRE(drive.last.kind == Kind::send);
    CHECK(drive.pass.take(reply).has_error());
  }
  ModelRedis redis = filled(10);
  Drive drive(redis, some_rules());
  CHECK(drive.pass.take(":1\r\n").has_error());
}

TEST_CASE("batches stay under their bytes, but a long name still goes") {
  ModelRedis redis;
  for (int i = 0; i < 40; ++i) redis.keys["sess:" + Bytes(static_cast<std::size_t>(100 * i + 1), 'x')] = "v";
  redis.keys["sess:" + Bytes(20000, 'y')] = "v";
  SweepBatch batch;
  batch.bytes = 2000;
  Drive drive(redis, some_rules(), Mode::to_new, batch);
  std::size_t longest = 0;
  while (drive.step())
    if (drive.last.kind == Kind::send && drive.out.size() < 20000) longest = std::max(longest, drive.out.size());
  CHECK(drive.counts[0].moved == 41);
  CHECK(longest < 2000 + 4000 * 2 + 300);
}

TEST_CASE("the rate holds for moves, and an empty keyspace is not scanned at full speed") {
  ModelRedis redis = filled(2000);
  Drive drive(redis, some_rules());
  auto limits = no_limits();
  limits.keys_per_second = 1000;
  drive.throttle = Throttle(limits);
  const Time begun = drive.now;
  drive.run();
  const double seconds_taken = std::chrono::duration<double>(drive.now - begun).count();
  CHECK(seconds_taken == doctest::Approx(2.15).epsilon(0.1));
  for (const WaitReason reason : drive.waits) REQUIRE(reason == WaitReason::rate);
}

TEST_CASE("the estimate grows along the cursors of SCAN and is never whole") {
  CHECK(migration::pass_estimate(0) == 0);
  CHECK(migration::pass_estimate(8) == doctest::Approx(1.0 / 16));
  CHECK(migration::pass_estimate(1) == doctest::Approx(0.5));
  CHECK(migration::pass_estimate(15) == doctest::Approx(15.0 / 16));
  CHECK(migration::pass_estimate(~std::uint64_t{0}) == 0.99);
}

TEST_CASE("what a pass has still to meet is estimated from what it has met, and not before it has met anything") {
  CHECK(migration::remaining_estimate(100, 0, 0.25) == doctest::Approx(300));
  CHECK(migration::remaining_estimate(100, 0.5, 0.75) == doctest::Approx(100));
  CHECK(migration::remaining_estimate(0, 0, 0.5) == 0);
  CHECK(migration::remaining_estimate(100, 0.5, 0.505) < 0);
  CHECK(migration::remaining_estimate(0, 0, 0) < 0);
}
