#include <doctest/doctest.h>

#include <sstream>

#include "build.hpp"
#include "checker/history_file.hpp"

using namespace keyshift::history;

namespace {

std::optional<Recorded> read(const std::string& lines, std::string& wrong) {
  std::istringstream in(lines);
  return read_history(in, wrong);
}

}  // namespace

TEST_CASE("An operation that is written is read as it was") {
  Builder history;
  history.op(1, 0, 1, "SET a 1", ok()).op(2, 2, 3, "LRANGE l 0 -1", array({text("x\"y\\"), {}, integer(-7)}));
  history.op(1, 4, 5, "INCR l", error("WRONGTYPE"))
      .unknown(3, 6, "DEL a")
      .multi(4, 7, 8, {"GET a", "SET a 2"}, {{}, ok()});
  std::string lines, wrong;
  for (const auto& operation : history.history()) lines += to_json(operation) + "\n";
  const auto recorded = read(lines, wrong);
  REQUIRE_MESSAGE(recorded, wrong);
  REQUIRE(recorded->operations.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(show(recorded->operations[i]) == show(history.history()[i]));
    CHECK(recorded->operations[i].begin == history.history()[i].begin);
    CHECK(recorded->operations[i].end == history.history()[i].end);
  }
}

TEST_CASE("What did not run is counted and left out") {
  std::string wrong;
  const auto recorded = read(
      "{\"keyshift-history\":1}\n# a "
      "remark\n{\"client\":1,\"begin\":1,\"end\":2,\"command\":[\"GET\",\"a\"],\"refused\":\"KSBUSY\"}\n",
      wrong);
  REQUIRE(recorded);
  CHECK(recorded->refused == 1);
  CHECK(recorded->operations.empty());
}

TEST_CASE("A faulty line is named") {
  std::string wrong;
  for (const char* line : {"{", "[]", "{\"client\":1}", "{\"keyshift-history\":2}",
                           "{\"client\":1,\"begin\":5,\"end\":2,\"command\":[\"GET\",\"a\"],\"reply\":null}",
                           "{\"client\":1,\"begin\":1,\"end\":2,\"command\":[],\"reply\":null}",
                           "{\"client\":1,\"begin\":1,\"end\":2,\"commands\":[[\"GET\",\"a\"]],\"replies\":[]}",
                           "{\"client\":1,\"begin\":1,\"end\":2,\"command\":[\"GET\",\"a\"],\"reply\":{\"x\":1}}"}) {
    CAPTURE(line);
    wrong.clear();
    CHECK_FALSE(read(std::string("# first\n") + line + "\n", wrong));
    CHECK(wrong.find("line 2") == 0);
  }
}

TEST_CASE("A command that the model does not know is no verdict but an error") {
  Builder history;
  history.op(1, 0, 1, "ZADD z 1 x", integer(1));
  std::string wrong;
  CHECK_FALSE(judge(history.history(), {}, wrong));
  CHECK(wrong.find("ZADD") != std::string::npos);
}
