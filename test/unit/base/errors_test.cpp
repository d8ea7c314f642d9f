#include "base/errors.hpp"

#include <doctest/doctest.h>

using namespace keyshift;

TEST_CASE("an error becomes one RESP line, whatever its text holds") {
  CHECK(to_reply({ErrorCode::refused, "rule=a\r\n+OK"}) == "-KSREFUSED rule=a  +OK\r\n");
}

TEST_CASE("the rows of the error table stand in the order of their codes") {
  CHECK(error_row(ErrorCode::busy).name == "busy");
  CHECK(error_row(ErrorCode::system).name == "system");
}
