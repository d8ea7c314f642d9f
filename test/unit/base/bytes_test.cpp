#include "base/bytes.hpp"

#include <doctest/doctest.h>

using namespace keyshift;

TEST_CASE("command names compare without case, and only when the lengths agree") {
  CHECK(equal_ignoring_case("get", "GET"));
  CHECK_FALSE(equal_ignoring_case("get", "GETS"));
  CHECK_FALSE(equal_ignoring_case("get", "SET"));
}

TEST_CASE("keys are printed so that a terminal cannot be fooled and a log line stays one line") {
  CHECK(printable("a\nb") == "a\\x0ab");
  CHECK(printable(std::string_view("\0\x7f\\", 3)) == "\\x00\\x7f\\x5c");
  CHECK(printable("abcdef", 3) == "abc...");
}
