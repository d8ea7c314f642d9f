#include "control/preflight.hpp"

#include <doctest/doctest.h>

#include <set>

#include "control/example_key.hpp"
#include "golden/cli/page.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

const std::string kInfo =
    "redis_version:7.0.15\r\nredis_mode:standalone\r\nrole:master\r\nconnected_slaves:1\r\nmaster_repl_offset:1000\r\n"
    "slave0:ip=10.0.0.2,port=6379,state=online,offset=1000,lag=0\r\nmin_slaves_good_slaves:1\r\nloading:0\r\n"
    "aof_enabled:1\r\naof_last_write_status:ok\r\nrdb_last_bgsave_status:ok\r\naof_delayed_fsync:0\r\n"
    "latest_fork_usec:900\r\nmaxmemory:0\r\nused_memory:1000000\r\nmaxmemory_policy:noeviction\r\n"
    "number_of_cached_scripts:0\r\nnumber_of_functions:0\r\ncluster_enabled:0\r\n";

PreflightFacts sound() {
  PreflightFacts facts;
  facts.info = kInfo;
  facts.config = {{"save", ""}, {"stop-writes-on-bgsave-error", "yes"}, {"min-replicas-to-write", "0"}};
  facts.clock_ahead = std::chrono::milliseconds(3);
  facts.wait_time = std::chrono::milliseconds(1);
  facts.wait_replicas = 1;
  return facts;
}

PreflightFacts with(std::string_view field, std::string_view value) {
  PreflightFacts facts = sound();
  const auto begin = facts.info.find(std::string(field) + ":") + field.size() + 1;
  facts.info.replace(begin, facts.info.find('\r', begin) - begin, value);
  return facts;
}

/// What is found, as "KS-C003 forbids".
std::set<std::string> codes(const PreflightFacts& facts) {
  std::set<std::string> out;
  for (const Found& one : judge(facts))
    out.insert(std::string(finding_row(one.finding).code) + " " + std::string(name(one.grade)));
  return out;
}
using Codes = std::set<std::string>;

}  // namespace

TEST_CASE("docs/check.md is what the tables say") {
  CHECK_MESSAGE(test::page_is("docs/check.md", check_page()),
                "run this program with KEYSHIFT_WRITE_DOCS=1 and commit the page");
}

TEST_CASE("the findings are in the order of their enumerators, with codes counted up") {
  for (std::size_t i = 0; i < finding_rows().size(); ++i) {
    const FindingRow& row = finding_rows()[i];
    CHECK(static_cast<std::size_t>(row.finding) == i);
    CHECK(row.code == "KS-C" + std::string(i + 1 < 10 ? "00" : "0") + std::to_string(i + 1));
    CHECK_FALSE(row.title.empty());
    CHECK_FALSE(row.hint.empty());
  }
  CHECK(finding_rows().size() == static_cast<std::size_t>(Finding::node) + 1);
}

TEST_CASE("a sound server has no findings") { CHECK(codes(sound()) == Codes{}); }

TEST_CASE("an unreachable server is one finding, and nothing is guessed about the rest") {
  PreflightFacts facts;
  facts.unreachable = "connection refused";
  CHECK(codes(facts) == Codes{"KS-C001 forbids"});
}

TEST_CASE("what INFO says is judged field by field") {
  CHECK(codes(with("redis_version", "6.0.16")) == Codes{"KS-C002 forbids"});
  CHECK(codes(with("redis_version", "5.0.0")) == Codes{"KS-C002 forbids"});
  CHECK(codes(with("redis_version", "6.2.7")) == Codes{"KS-C002 note"});
  CHECK(codes(with("redis_version", "8.0.0")) == Codes{});
  CHECK(codes(with("cluster_enabled", "1")) == Codes{"KS-C004 forbids"});
  CHECK(codes(with("redis_mode", "sentinel")) == Codes{"KS-C005 forbids"});
  CHECK(codes(with("loading", "1")) == Codes{"KS-C006 forbids"});
  CHECK(codes(with("connected_slaves", "0")) == Codes{"KS-C007 note"});
  CHECK(codes(with("master_repl_offset", "100000000")) == Codes{"KS-C009 warning"});
  CHECK(codes(with("aof_enabled", "0")) == Codes{"KS-C010 warning"});
  CHECK(codes(with("rdb_last_bgsave_status", "err")) == Codes{"KS-C011 forbids"});
  CHECK(codes(with("aof_last_write_status", "err")) == Codes{"KS-C012 forbids"});
  CHECK(codes(with("number_of_cached_scripts", "2")) == Codes{"KS-C018 note"});
  CHECK(codes(with("aof_delayed_fsync", "7")) == Codes{"KS-C019 warning"});
  CHECK(codes(with("latest_fork_usec", "900000")) == Codes{"KS-C019 warning"});
  CHECK(codes(with("role", "slave")).contains("KS-C003 forbids"));
}

TEST_CASE("a failed snapshot that stops no writes is milder") {
  PreflightFacts facts = with("rdb_last_bgsave_status", "err");
  facts.config["stop-writes-on-bgsave-error"] = "no";
  CHECK(codes(facts) == Codes{"KS-C011 warning"});
}

TEST_CASE("eviction of any key forbids a migration with marks, and is a warning for one without") {
  PreflightFacts facts = with("maxmemory_policy", "allkeys-lru");
  CHECK(codes(facts) == Codes{"KS-C013 warning"});
  facts.apart = true;
  CHECK(codes(facts) == Codes{"KS-C013 forbids"});
  CHECK(codes(with("maxmemory_policy", "volatile-lru")) == Codes{});
}

TEST_CASE("memory is a warning above nine tenths, and forbids where writes are refused already") {
  CHECK(codes(with("maxmemory", "1200000")) == Codes{});
  CHECK(codes(with("maxmemory", "1050000")) == Codes{"KS-C014 warning"});
  CHECK(codes(with("maxmemory", "900000")) == Codes{"KS-C014 forbids"});
}

TEST_CASE("what was measured and tried is judged, too") {
  PreflightFacts facts = sound();
  facts.wait_replicas = 0;
  facts.clock_ahead = std::chrono::milliseconds(-1500);
  facts.writes_hang = true;
  facts.config["min-replicas-to-write"] = "2";
  facts.refused_commands = {"XADD: NOPERM"};
  facts.refused_users = {"user app"};
  facts.proof_failed = "CLIENT KILL did nothing";
  facts.bypass.resize(2);
  facts.other_store = "another";
  facts.both_names = {"a"};
  facts.wrong_type = {"b"};
  facts.has_epoch_key = true;
  facts.doubts = {"c"};
  facts.unknown = {"d"};
  CHECK(codes(facts) == Codes{"KS-C008 warning", "KS-C015 warning", "KS-C016 forbids", "KS-C017 forbids",
                              "KS-C020 forbids", "KS-C021 forbids", "KS-C022 forbids", "KS-C023 warning",
                              "KS-C024 forbids", "KS-C025 warning", "KS-C026 warning", "KS-C027 warning",
                              "KS-C028 forbids", "KS-C029 note"});
  CHECK(judge(facts).size() == 15);  // two clients
  facts = sound();
  facts.has_epoch_key = facts.has_record = true;
  facts.wait_time = std::chrono::milliseconds(900);
  CHECK(codes(facts) == Codes{"KS-C008 warning"});
}

TEST_CASE("findings come in the order of their codes") {
  PreflightFacts facts = with("loading", "1");
  facts.unknown = {"x"};
  facts.proof_failed = "y";
  facts.clock_ahead = std::chrono::milliseconds(5000);
  std::vector<Finding> found;
  for (const Found& one : judge(facts)) found.push_back(one.finding);
  CHECK(found == std::vector<Finding>{Finding::loading, Finding::clock, Finding::proof, Finding::unknown});
}

TEST_CASE("every needed command says what for, and names no key but ours") {
  for (const NeededCommand& one : needed_commands()) {
    CHECK_FALSE(one.what_for.empty());
    CHECK_FALSE(one.argv.front().empty());
  }
}

TEST_CASE("a rule's example is a record of that rule, for every class of capture") {
  const auto read = transforms::read_migration(R"(apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: m}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://localhost"}
  rules:
    - {name: a, from: {key: "user:<id:int>"}, to: {key: "{user:<id>}:profile"}}
    - {name: b, from: {key: "u:<id:uuid>"}, to: {key: "v:<id>"}}
    - {name: c, from: {key: "h:<id:hex>"}, to: {key: "i:<id>"}}
    - {name: d, from: {key: "w:<id:word>:<n>"}, to: {key: "x:<n>:<id>"}}
    - {name: e, from: {key: "r:<id:/[a-z]{2}/>"}, to: {key: "s:<id>"}}
    - {name: f, from: {key: "z:<id:/[!?]{9}/>"}, to: {key: "y:<id>"}}
)");
  REQUIRE(read.migration.has_value());
  const transforms::RuleSet rules(*read.migration);
  for (std::size_t rule = 0; rule < 5; ++rule) {
    const auto keys = example_keys(rules, rule);
    REQUIRE(keys);
    CHECK(rules.match(keys->from).rule == static_cast<int>(rule));
    CHECK(rules.match(keys->to).rule == static_cast<int>(rule));
    CHECK(rules.match(keys->to).side == transforms::Side::to);
  }
  CHECK_FALSE(example_keys(rules, 5));
}

TEST_CASE("a replica must answer, and be as fit as the primary") {
  PreflightFacts facts = sound();
  NodeFacts node;
  node.name = "10.0.0.2:6379";
  node.info = kInfo;
  facts.nodes = {node};
  CHECK(judge(facts).size() == judge(sound()).size());
  facts.nodes[0].trouble = "timed out";
  CHECK(codes(facts).contains("KS-C030 forbids"));
  facts.nodes[0] = node;
  facts.nodes[0].info = "redis_version:5.0.14\r\nmaxmemory_policy:allkeys-lru\r\n";
  facts.nodes[0].refused_commands = {"CLIENT (the look of a flip): NOPERM"};
  const Codes found = codes(facts);
  CHECK(found.contains("KS-C002 forbids"));
  CHECK(found.contains("KS-C013 warning"));
  CHECK(found.contains("KS-C016 forbids"));
  for (const Found& one : judge(facts))
    if (one.grade == FindingGrade::forbids) CHECK(one.what.starts_with("10.0.0.2:6379: "));
}
