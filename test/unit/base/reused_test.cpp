#include "base/reused.hpp"

#include <doctest/doctest.h>

#include <string>

namespace keyshift {
namespace {

TEST_CASE("a cleared list is empty, and its elements keep what they have allocated") {
  Reused<std::string> list;
  list.add() = std::string(100, 'x');
  list.add() = "second";
  CHECK(list.size() == 2);
  const char* const before = list[0].data();
  list.clear();
  CHECK(list.empty());
  CHECK(list.begin() == list.end());
  std::string& again = list.add();
  again.assign("short");
  CHECK(again.data() == before);
  CHECK(list.size() == 1);
  CHECK(list[0] == "short");
}

}  // namespace
}  // namespace keyshift
