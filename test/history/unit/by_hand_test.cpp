#include <doctest/doctest.h>

#include "build.hpp"

using namespace keyshift::history;

TEST_CASE("One client after another is linearizable when each sees what the one before left") {
  CHECK(Builder()
            .op(1, 0, 1, "SET a 1", ok())
            .op(2, 2, 3, "GET a", text("1"))
            .op(1, 4, 5, "DEL a", integer(1))
            .op(2, 6, 7, "GET a", {})
            .linearizable());
}

TEST_CASE("Operations that overlap may have happened in either order") {
  for (const char* seen : {"1", "2"})
    CHECK(Builder()
              .op(1, 0, 10, "SET a 1", ok())
              .op(2, 0, 10, "SET a 2", ok())
              .op(3, 11, 12, "GET a", text(seen))
              .linearizable());
}

TEST_CASE("Two readers that saw two writes in opposite orders contradict each other") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 10, "SET a 1", ok())
                  .op(2, 0, 10, "SET a 2", ok())
                  .op(3, 0, 3, "GET a", text("1"))
                  .op(3, 4, 8, "GET a", text("2"))
                  .op(4, 0, 3, "GET a", text("2"))
                  .op(4, 4, 8, "GET a", text("1"))
                  .linearizable());
}

TEST_CASE("A write that was acknowledged and is not there is lost") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 1, "SET a 1", ok())
                  .op(2, 2, 3, "SET a 2", ok())
                  .op(2, 4, 5, "GET a", text("1"))
                  .linearizable());
  CHECK_FALSE(Builder().op(1, 0, 1, "SET a 1", ok()).op(2, 2, 3, "GET a", {}).linearizable());
}

TEST_CASE("A record that was deleted may not be back") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 1, "SET a 1", ok())
                  .op(1, 2, 3, "DEL a", integer(1))
                  .op(2, 4, 5, "GET a", {})
                  .op(2, 6, 7, "GET a", text("1"))
                  .linearizable());
}

TEST_CASE("A record that a pop emptied may not be back") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 1, "RPUSH l x", integer(1))
                  .op(1, 2, 3, "LPOP l", text("x"))
                  .op(2, 4, 5, "LRANGE l 0 -1", array({text("x")}))
                  .linearizable());
}

TEST_CASE("A read may not be older than a read that ended before it began") {
  Builder stale;
  stale.op(1, 0, 1, "SET a 1", ok()).op(1, 2, 20, "SET a 2", ok()).op(2, 3, 4, "GET a", text("2"));
  CHECK(Builder(stale).op(3, 3, 8, "GET a", text("1")).linearizable());
  CHECK_FALSE(Builder(stale).op(3, 5, 8, "GET a", text("1")).linearizable());
}

TEST_CASE("An increment that ran twice is seen") {
  CHECK(Builder().op(1, 0, 9, "INCR n", integer(2)).op(2, 0, 9, "INCR n", integer(1)).linearizable());
  CHECK_FALSE(Builder().op(1, 0, 1, "INCR n", integer(1)).op(2, 2, 3, "INCR n", integer(3)).linearizable());
  CHECK_FALSE(Builder().op(1, 0, 9, "INCR n", integer(1)).op(2, 0, 9, "INCR n", integer(1)).linearizable());
}

TEST_CASE("Replies in the wrong order for the order of the operations are seen") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 1, "RPUSH l x", integer(1))
                  .op(1, 2, 3, "RPUSH l y", integer(2))
                  .op(2, 4, 5, "LRANGE l 0 -1", array({text("y"), text("x")}))
                  .linearizable());
}

TEST_CASE("A client's commands on one connection run in their order, though their times overlap") {
  Builder pipeline;
  pipeline.op(1, 0, 10, "SET a 1", ok()).op(1, 0, 10, "SET a 2", ok());
  CHECK(Builder(pipeline).op(2, 11, 12, "GET a", text("2")).linearizable());
  CHECK_FALSE(Builder(pipeline).op(2, 11, 12, "GET a", text("1")).linearizable());
  CHECK_FALSE(Builder().op(1, 0, 10, "GET a", text("2")).op(1, 0, 10, "SET a 2", ok()).linearizable());
}

TEST_CASE("A write that may have been overwritten unseen may still be seen, whatever its client sent behind it") {
  CHECK(Builder()
            .op(2, 0, 5, "SET a 2", ok())
            .op(1, 0, 20, "SET a 1", ok())
            .op(1, 0, 20, "TYPE a", status("string"))
            .op(3, 10, 11, "GET a", text("1"))
            .linearizable());
}

TEST_CASE("A value that is written twice may come back") {
  CHECK(Builder()
            .op(1, 0, 1, "SET a x", ok())
            .op(1, 2, 3, "SET a y", ok())
            .op(1, 4, 5, "SET a x", ok())
            .op(1, 6, 7, "GET a", text("x"))
            .linearizable());
}

TEST_CASE("An operation of unknown outcome explains what it may have done, at any later time") {
  Builder lost;
  lost.op(1, 0, 1, "SET a 1", ok()).unknown(2, 2, "SET a 2");
  CHECK(Builder(lost).op(3, 5, 6, "GET a", text("1")).linearizable());
  CHECK(Builder(lost).op(3, 5, 6, "GET a", text("2")).linearizable());
  CHECK(Builder(lost).op(3, 5, 6, "GET a", text("1")).op(3, 100, 101, "GET a", text("2")).linearizable());
  CHECK_FALSE(Builder(lost).op(3, 5, 6, "GET a", text("2")).op(3, 7, 8, "GET a", text("1")).linearizable());
}

TEST_CASE("An operation of unknown outcome has no effect before it began") {
  CHECK_FALSE(Builder().op(3, 0, 1, "GET a", text("2")).unknown(2, 2, "SET a 2").linearizable());
}

TEST_CASE("An operation of unknown outcome has its effect once at most") {
  CHECK(Builder().unknown(1, 0, "INCR n").op(2, 1, 2, "INCR n", integer(2)).linearizable());
  CHECK_FALSE(Builder().unknown(1, 0, "INCR n").op(2, 1, 2, "INCR n", integer(3)).linearizable());
  CHECK_FALSE(Builder()
                  .unknown(1, 0, "SET a 2")
                  .op(2, 1, 2, "GET a", text("2"))
                  .op(2, 3, 4, "SET a 3", ok())
                  .op(2, 5, 6, "GET a", text("2"))
                  .linearizable());
}

TEST_CASE("Several equal operations of unknown outcome may have run in any number") {
  Builder lost;
  for (std::uint32_t i = 0; i < 12; ++i) lost.unknown(i, 0, "INCR n");
  for (const int seen : {1, 7, 13}) CHECK(Builder(lost).op(20, 1, 2, "INCR n", integer(seen)).linearizable());
  CHECK_FALSE(Builder(lost).op(20, 1, 2, "INCR n", integer(14)).linearizable());
}

TEST_CASE("A transaction is one step") {
  Builder moved;
  moved.op(1, 0, 1, "MSET a 1 b 1", ok()).multi(1, 2, 9, {"SET a 2", "SET b 2"}, {ok(), ok()});
  CHECK(Builder(moved).op(2, 3, 4, "MGET a b", array({text("2"), text("2")})).linearizable());
  CHECK(Builder(moved).op(2, 3, 4, "MGET a b", array({text("1"), text("1")})).linearizable());
  CHECK_FALSE(Builder(moved).op(2, 3, 4, "MGET a b", array({text("1"), text("2")})).linearizable());
}

TEST_CASE("RENAME takes the record along, its deadline too") {
  Builder renamed;
  renamed.op(1, 0, 1, "SET a 1 PX 1000", ok()).op(1, 2, 3, "RENAME a b", ok());
  CHECK(Builder(renamed)
            .op(2, 4, 5, "MGET a b", array({{}, text("1")}))
            .op(2, 6, 7, "PTTL b", integer(995))
            .linearizable());
  CHECK_FALSE(Builder(renamed).op(2, 4, 5, "MGET a b", array({text("1"), text("1")})).linearizable());
  CHECK_FALSE(Builder(renamed).op(2, 6, 7, "PTTL b", integer(-1)).linearizable());
}

TEST_CASE("A record expires behind its deadline and not before") {
  Builder expiring;
  expiring.op(1, 0, 1, "SET a 1 PX 100", ok());
  CHECK(Builder(expiring).op(2, 90, 91, "GET a", text("1")).linearizable());
  CHECK_FALSE(Builder(expiring).op(2, 90, 91, "GET a", {}).linearizable());
  CHECK(Builder(expiring).op(2, 110, 111, "GET a", {}).linearizable());
  CHECK_FALSE(Builder(expiring).op(2, 110, 111, "GET a", text("1")).linearizable());
  for (const Reply& either : {Reply{}, text("1")})
    CHECK(Builder(expiring).op(2, 100, 101, "GET a", either).linearizable());
}

TEST_CASE("A record that was seen expired stays so") {
  CHECK_FALSE(Builder()
                  .op(1, 0, 20, "SET a 1 PX 100", ok())
                  .op(2, 105, 106, "GET a", {})
                  .op(2, 107, 108, "GET a", text("1"))
                  .linearizable());
}

TEST_CASE("A deadline that was lost or came from nowhere is seen") {
  CHECK_FALSE(Builder().op(1, 0, 1, "SET a 1 PX 1000", ok()).op(1, 2, 3, "PTTL a", integer(-1)).linearizable());
  CHECK_FALSE(Builder().op(1, 0, 1, "SET a 1", ok()).op(1, 2, 3, "PTTL a", integer(900)).linearizable());
  CHECK_FALSE(Builder().op(1, 0, 1, "SET a 1 PX 1000", ok()).op(1, 500, 501, "PTTL a", integer(998)).linearizable());
  CHECK(Builder()
            .op(1, 0, 1, "SET a 1 PX 1000", ok())
            .op(1, 2, 3, "PERSIST a", integer(1))
            .op(1, 4, 5, "PTTL a", integer(-1))
            .linearizable());
}

TEST_CASE("A deadline of unknown outcome may come at any time") {
  Builder lost;
  lost.op(1, 0, 1, "SET a 1", ok()).unknown(2, 2, "PEXPIRE a 100");
  CHECK(Builder(lost).op(3, 5000, 5001, "GET a", text("1")).op(3, 9000, 9001, "GET a", {}).linearizable());
  CHECK_FALSE(Builder(lost).op(3, 50, 51, "GET a", {}).linearizable());
}

TEST_CASE("The verdict names the records, the reply that cannot be, and leaves out what is not needed") {
  Builder history;
  for (int i = 0; i < 50; ++i)
    history.op(1, 10 * i, 10 * i + 1, "SET a " + std::to_string(i), ok())
        .op(2, 10 * i + 2, 10 * i + 3, "GET a", text(std::to_string(i)));
  history.op(3, 600, 700, "SET a x", ok()).op(4, 600, 650, "EXISTS a", integer(1)).op(5, 710, 711, "GET a", text("7"));
  std::string wrong;
  const auto verdict = judge(history.history(), {}, wrong);
  REQUIRE(verdict);
  REQUIRE(verdict->violations.size() == 1);
  const Violation& violation = verdict->violations[0];
  CHECK(violation.keys == std::vector<std::string>{"a"});
  CHECK(show(*violation.culprit) == "GET a -> \"7\"");
  CHECK(violation.window.size() == 1);
  REQUIRE(violation.before.size() == 1);
  CHECK(show(violation.before[0][0], 0) == "\"x\"");
  CHECK(show(violation).find(">>") != std::string::npos);
}

TEST_CASE("Records that no operation ties together are judged apart") {
  const auto verdict = Builder()
                           .op(1, 0, 1, "SET a 1", ok())
                           .op(1, 0, 1, "SET b 1", ok())
                           .op(2, 2, 3, "MGET b c", array({text("1"), {}}))
                           .verdict();
  CHECK(verdict.components == 2);
  CHECK(verdict.linearizable());
}

TEST_CASE("A search that grows above its limit says so and claims nothing") {
  Builder history;
  for (std::uint32_t i = 0; i < 12; ++i) history.op(i, 0, 100, "SET a " + std::to_string(i), ok());
  SearchSettings settings;
  settings.limit = 5;
  std::string wrong;
  const auto verdict = judge(history.history(), settings, wrong);
  REQUIRE(verdict);
  CHECK(verdict->violations.empty());
  CHECK(verdict->undecided == std::vector<std::string>{"a"});
  CHECK_FALSE(verdict->linearizable());
}
