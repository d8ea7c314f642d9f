#include "checker/model.hpp"

#include <doctest/doctest.h>

#include "build.hpp"

using namespace keyshift::history;

namespace {

/// Runs lines on one state, keys a to c, at one ms after another.
class Server {
 public:
  Reply run(const std::string& line) {
    const Words split = words(line);
    Call call{find_command(split), {}, &split, nullptr};
    REQUIRE(call.command);
    const auto keys = keys_of(split);
    for (const auto& key : *keys) call.keys.push_back(static_cast<std::uint32_t>(key[0] - 'a'));
    Reply reply = execute(state_, call, now_);
    now_ += 1'000'000;
    return reply;
  }
  void wait(std::int64_t ms) { now_ += ms * 1'000'000; }

 private:
  State state_ = State(3);
  Instant now_ = 0;
};

}  // namespace

TEST_CASE("SET obeys its options") {
  Server s;
  CHECK(s.run("SET a 1 XX").null());
  CHECK(s.run("SET a 1 NX") == ok());
  CHECK(s.run("SET a 2 NX").null());
  CHECK(s.run("SET a 3 GET") == text("1"));
  CHECK(s.run("SET a 4 PX 100") == ok());
  CHECK(s.run("SET a 5 KEEPTTL") == ok());
  CHECK(s.run("PTTL a") == integer(98));
  CHECK(s.run("SET a 6") == ok());
  CHECK(s.run("PTTL a") == integer(-1));
}

TEST_CASE("A record ends at its deadline") {
  Server s;
  s.run("SET a 1 PX 10");
  s.wait(8);
  CHECK(s.run("EXISTS a") == integer(1));
  s.wait(1);
  CHECK(s.run("GET a").null());
  CHECK(s.run("PTTL a") == integer(-2));
}

TEST_CASE("What is emptied is gone, with its deadline") {
  Server s;
  s.run("RPUSH a x");
  s.run("PEXPIRE a 1000");
  CHECK(s.run("RPOP a") == text("x"));
  CHECK(s.run("EXISTS a") == integer(0));
  s.run("RPUSH a y");
  CHECK(s.run("PTTL a") == integer(-1));
  CHECK(s.run("PEXPIRE a 0") == integer(1));
  CHECK(s.run("TYPE a") == status("none"));
}

TEST_CASE("The wrong type is refused and changes nothing") {
  Server s;
  s.run("HSET a f 1 g 2");
  for (const char* line : {"GET a", "INCR a", "LPOP a", "SADD a x", "GETDEL a", "APPEND a x"})
    CHECK(s.run(line) == error("WRONGTYPE"));
  CHECK(s.run("HGETALL a") == array({text("f"), text("1"), text("g"), text("2")}));
  CHECK(s.run("MGET a b") == array({{}, {}}));
}

TEST_CASE("LRANGE reads its bounds as Redis does") {
  Server s;
  s.run("RPUSH a 1 2 3");
  CHECK(s.run("LRANGE a 0 -1").elements.size() == 3);
  CHECK(s.run("LRANGE a -2 -1") == array({text("2"), text("3")}));
  CHECK(s.run("LRANGE a -100 0") == array({text("1")}));
  CHECK(s.run("LRANGE a 2 1").elements.empty());
}

TEST_CASE("A command without an effect is told from one with it by its reply") {
  const auto idle = [](const std::string& line, const Reply& reply) {
    const Words split = words(line);
    return without_effect(*find_command(split), split, reply);
  };
  CHECK(idle("GET a", text("1")));
  CHECK(idle("SETNX a 1", integer(0)));
  CHECK_FALSE(idle("SETNX a 1", integer(1)));
  CHECK(idle("SET a 1 NX", {}));
  CHECK_FALSE(idle("SET a 1 GET", {}));
  CHECK_FALSE(idle("HSET a f 1", integer(0)));
  CHECK(idle("LPOP a", {}));
  CHECK(idle("RENAME a b", error("ERR")));
}
