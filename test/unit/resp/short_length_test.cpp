#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "resp/number.hpp"

namespace keyshift::resp {
namespace {

/// What read_short_length() makes of `line`, of which only its own bytes may be looked at: "N, M behind", or "nothing".
std::string read(const std::string& line) {
  std::size_t value = 0;
  const std::vector<char> exact(line.begin(), line.end());  // of its own size, so that a sanitizer sees a look too far
  const char* const behind = read_short_length(exact.data(), exact.data() + exact.size(), value);
  if (behind == nullptr) return "nothing";
  return std::to_string(value) + ", " + std::to_string(behind - exact.data()) + " behind";
}

TEST_CASE("a short length is read whatever number of digits it has, and only with the byte behind its CR") {
  for (const std::string& digits :
       std::vector<std::string>{"0", "1", "9", "10", "42", "99", "100", "999", "16384", "123456789"}) {
    CAPTURE(digits);
    const std::string whole = digits + ", " + std::to_string(digits.size() + 2) + " behind";
    CHECK(read(digits + "\r\n") == whole);
    CHECK(read(digits + "\r\nmore of it") == whole);
    CHECK(read(digits + "\r") == "nothing");
    CHECK(read(digits) == "nothing");
  }
}

TEST_CASE("what is no short length is left to the long way") {
  for (const std::string& line :
       std::vector<std::string>{"", "\r\n", "00\r\n", "01\r\n", "007\r\n", "-1\r\n", "1x\r\n", "x1\r\n", "1 \r\n",
                                "12x\r\n", "/0\r\n", ":0\r\n", "1:\r\n", "1234567890\r\n", "12\n\r\n"}) {
    CAPTURE(line);
    CHECK(read(line) == "nothing");
  }
}

}  // namespace
}  // namespace keyshift::resp
