#include "resp/encode.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace keyshift::resp {
namespace {

TEST_CASE("a command is an array of bulks") {
  Bytes out = "before ";
  append_command(out, {"SET", "k", ""});
  CHECK(out == "before *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
}

TEST_CASE("a bulk keeps NUL and line ends") {
  Bytes out;
  append_bulk(out, BytesView("a\0\r\n", 4));
  CHECK(out == Bytes("$4\r\na\0\r\n\r\n", 10));
}

TEST_CASE("integers are written from the least to the greatest") {
  Bytes out;
  append_integer(out, std::numeric_limits<long long>::min());
  append_integer(out, 0);
  append_integer(out, std::numeric_limits<long long>::max());
  CHECK(out == ":-9223372036854775808\r\n:0\r\n:9223372036854775807\r\n");
}

TEST_CASE("an array header of the greatest size is whole") {
  Bytes out;
  append_array_header(out, std::numeric_limits<std::size_t>::max());
  CHECK(out == "*18446744073709551615\r\n");
}

}  // namespace
}  // namespace keyshift::resp
