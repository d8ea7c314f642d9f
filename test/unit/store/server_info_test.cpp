#include "store/server_info.hpp"

#include <doctest/doctest.h>

using keyshift::store::info_field;
using keyshift::store::read_info;

TEST_CASE("a field of INFO is found at the beginning of its line alone") {
  const char* info = "# Server\r\nxrun_id:no\r\nrun_id:abc\r\nrun_id_more:no\r\nempty:\r\n";
  CHECK(info_field(info, "run_id") == "abc");
  CHECK(info_field(info, "empty").empty());
  CHECK(info_field(info, "missing").empty());
  CHECK(info_field("run_id", "run_id").empty());
}

TEST_CASE("replicas count when they are online, and the one furthest behind gives the lag") {
  const auto info = read_info(
      "redis_version:7.0.15\r\nrun_id:r1\r\nrole:master\r\nconnected_slaves:3\r\n"
      "slave0:ip=1.1.1.1,port=1,state=online,offset=900,lag=0\r\n"
      "slave1:ip=1.1.1.1,port=2,state=online,offset=400,lag=1\r\n"
      "slave2:ip=1.1.1.1,port=3,state=wait_bgsave,offset=0,lag=0\r\n"
      "master_replid:m1\r\nmaster_repl_offset:1000\r\naof_delayed_fsync:7\r\nloading:0\r\n");
  CHECK(info.identity.run_id == "r1");
  CHECK(info.identity.master_replid == "m1");
  CHECK(info.version == "7.0.15");
  CHECK(info.replicas == 2);
  CHECK(info.replica_lag_bytes == 600);
  CHECK(info.aof_delayed_fsync == 7);
  CHECK(!info.loading);
}

TEST_CASE("INFO that makes no sense gives nothing instead of failing") {
  const auto info =
      read_info("connected_slaves:99999999999999999999\r\nslave0:state=online\r\nmaster_repl_offset:x\r\n");
  CHECK(info.identity.run_id.empty());
  CHECK(info.replica_lag_bytes == 0);
}
