#include "driver/replica_list.hpp"

#include <doctest/doctest.h>

#include "driver/fleet.hpp"

using namespace keyshift;

TEST_CASE("replicas are read from INFO replication, those not online with the reason") {
  const auto nodes = driver::replicas_in(
      "# Replication\r\nrole:master\r\nconnected_slaves:3\r\n"
      "slave0:ip=10.0.0.5,port=6380,state=online,offset=14,lag=0\r\n"
      "slave1:ip=10.0.0.6,port=6379,state=wait_bgsave,offset=0,lag=0\r\nslave2:ip=10.0.0.7,port=99999,state="
      "online\r\n");
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0] == control::Node{"10.0.0.5:6380", false, ""});
  CHECK(nodes[1] == control::Node{"10.0.0.6:6379", false, "is not synchronized yet (wait_bgsave)"});
  CHECK(driver::replicas_in("role:slave\r\n").empty());
}

TEST_CASE("who is spared need not have what the primary had, everybody else must") {
  const std::string head = "role:master\r\nmaster_replid:abc\r\nmaster_repl_offset:100\r\n";
  const std::string slow = "slave0:ip=10.0.0.5,port=6380,state=online,offset=99,lag=0\r\n";
  const std::string level = "slave1:ip=10.0.0.6,port=6379,state=online,offset=100,lag=0\r\n";
  CHECK(driver::all_but_have_it({"10.0.0.5:6380"}, head, head + slow + level));
  CHECK(!driver::all_but_have_it({}, head, head + slow + level));
  CHECK(!driver::all_but_have_it({"10.0.0.6:6379"}, head, head + slow + level));
  CHECK(!driver::all_but_have_it({"10.0.0.5:6380"}, head, "master_replid:def\r\n" + slow + level));
}

TEST_CASE("a spec is called by its SHA-256") {
  CHECK(driver::spec_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
