#include "control/proxy_report.hpp"

#include <doctest/doctest.h>

namespace keyshift::control {
namespace {

TEST_CASE("a report is read as far as it is understood") {
  const auto report = read_proxy_report(
      R"({"format":1,"version":"0.1.0","view":"new","epoch":7,"records":"served","clients":3,"written_ms":1700000000000,"later":[1]})");
  REQUIRE(report);
  CHECK(*report == ProxyReport{"0.1.0", "new", 7, "served", 3, 1700000000000});
  CHECK(read_proxy_report(R"({"format":1,"clients":"many","view":4})") == ProxyReport{});
}

TEST_CASE("what is no report of this format is none") {
  for (const char* text :
       {"", "x", "[]", "{}", R"({"format":2,"view":"new"})", R"({"format":"1"})", "{\"format\":1", "\xff"})
    CHECK_MESSAGE(!read_proxy_report(text), text);
}

TEST_CASE("proxies are told by their connections, operators by having control connections alone") {
  CHECK(proxies_of("id=1 addr=1:1 name=keyshift:b:3.00000000000000aa\n"
                   "id=2 addr=1:2 name=keyshift:b:ctl\n"
                   "id=3 addr=1:3 name=keyshift:me@host:ctl\n"
                   "id=4 addr=1:4 name=keyshift:a:none\n"
                   "id=5 addr=1:5 name=worker\n") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("who uses old names is named, and who does not say so too") {
  const auto named = with_old_view({"a", "b", "c", "d"}, {ProxyReport{"1", "new", 1, "served", 2, 0}, std::nullopt,
                                                          ProxyReport{"1", "old", 1, "served", 2, 0}});
  REQUIRE(named.size() == 3);
  CHECK(named[0].find("proxy b has left no report") == 0);
  CHECK(named[1] == "proxy c (2 clients)");
  CHECK(named[2].find("proxy d") == 0);
}

}  // namespace
}  // namespace keyshift::control
