#include "transforms/client_address.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace keyshift::transforms;

namespace {
bool holds(std::string_view range, std::string_view client) {
  const auto read = read_address_range(range);
  return read && contains(*read, client);
}
}  // namespace

TEST_CASE("an address stands for its host, with a port for that port alone") {
  CHECK(holds("10.0.3.7", "10.0.3.7:51234"));
  CHECK(holds("10.0.3.7:51234", "10.0.3.7:51234"));
  CHECK_FALSE(holds("10.0.3.7:9121", "10.0.3.7:51234"));
  CHECK_FALSE(holds("10.0.3.7", "10.0.3.70:51234"));
  CHECK(holds("::1", "[::1]:51234"));
  CHECK(holds("[::1]:51234", "[::1]:51234"));
  CHECK_FALSE(holds("[::1]:51235", "[::1]:51234"));
  CHECK(holds("10.0.3.7", "[::ffff:10.0.3.7]:51234"));  // a server with one socket for both families
}

TEST_CASE("a network stands for the addresses whose first bits are its own") {
  CHECK(holds("10.0.0.0/8", "10.255.3.7:1"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.1:1"));
  CHECK(holds("10.0.3.4/31", "10.0.3.5:1"));
  CHECK_FALSE(holds("10.0.3.4/31", "10.0.3.6:1"));
  CHECK(holds("10.0.3.4/32", "10.0.3.4:1"));
  CHECK(holds("0.0.0.0/0", "192.168.0.1:1"));
  CHECK_FALSE(holds("0.0.0.0/0", "[fd00::1]:1"));
  CHECK(holds("fd00::/8", "[fdff::1]:1"));
  CHECK_FALSE(holds("fd00::/8", "[fe80::1]:1"));
}

TEST_CASE("a path stands for the clients of that unix socket") {
  CHECK(holds("/run/redis.sock", "/run/redis.sock:0"));
  CHECK_FALSE(holds("/run/redis.sock", "/run/redis.sock2:0"));
  CHECK_FALSE(holds("10.0.3.7", "/run/redis.sock:0"));
}

TEST_CASE("what is no numeric address is refused") {
  for (const char* text :
       {"", "b", "redis", "redis:6379", "10.0.3", "10.0.3.7:", "10.0.3.7:66000", "10.0.3.7/33", "10.0.3.7/",
        "10.0.3.7:1/8", "::1/129", "[::1]", "[::1]:", "[::1", "10.0.3.7 ", "10.0.3.7/-1"})
    CHECK_MESSAGE(!read_address_range(text), text);
}

TEST_CASE("no text crashes the reading of addresses") {
  rc::check([](const std::string& range, const std::string& client) {
    if (const auto read = read_address_range(range)) (void)contains(*read, client);
    (void)contains(*read_address_range("10.0.0.0/8"), client);
  });
}
