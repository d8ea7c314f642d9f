#include "control/bypass.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "control/client_line.hpp"

using namespace keyshift;
using namespace keyshift::control;

namespace {

/// As Redis 7.2 shows them, one of each kind.
const std::string list =
    "id=3 addr=127.0.0.1:40000 laddr=127.0.0.1:6379 fd=8 name=keyshift:check:ctl age=0 idle=0 flags=N db=0 qbuf=26 "
    "cmd=client|list user=default lib-name= lib-ver=\n"
    "id=4 addr=10.0.0.2:41000 fd=9 name= age=900 idle=1 flags=S db=0 qbuf=0 cmd=replconf user=default\n"
    "id=5 addr=10.0.0.3:6379 fd=10 name= age=900 idle=1 flags=M db=0 qbuf=0 cmd=NULL user=\n"
    "id=6 addr=10.0.0.4:42000 fd=11 name=keyshift:pod-1:7.0000000000000001 age=5 idle=0 flags=N qbuf=0 cmd=get "
    "user=default\n"
    "id=7 addr=10.0.0.4:42001 fd=12 name=keyshift:pod-1:free=0.0000000000000000 age=5 idle=0 flags=N cmd=get "
    "user=default\n"
    "id=8 addr=10.0.3.7:43000 fd=13 name=worker-1 age=61 idle=2 flags=N db=0 qbuf=17 cmd=hset user=app "
    "lib-name=redis-py lib-ver=5.0.1\n"
    "id=9 addr=10.0.3.8:44000 fd=14 name= age=1 idle=1 flags=b db=0 qbuf=0 cmd=blpop user=jobs\n"
    "id=10 addr=10.0.3.9:45000 fd=15 name=keyshift:almost age=1 idle=1 flags=N cmd=set user=default\n";

std::vector<std::uint64_t> ids(const std::vector<transforms::AllowedClient>& allow) {
  std::vector<std::uint64_t> out;
  for (const BypassClient& client : bypass_clients(list, 3, allow)) out.push_back(client.id);
  return out;
}
transforms::AllowedClient user(std::string text) { return {std::move(text), "", "", ""}; }
transforms::AllowedClient addr(std::string text) { return {"", std::move(text), "", ""}; }
transforms::AllowedClient name(std::string text) { return {"", "", std::move(text), ""}; }
transforms::AllowedClient library(std::string text) { return {"", "", "", std::move(text)}; }
using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a line of CLIENT LIST is read by its fields, whatever their order") {
  const auto line =
      read_client_fields("age=61 id=8 flags=xN addr=[::1]:1 cmd=client|list user=a name= qbuf=5 new-field=7\r");
  REQUIRE(line);
  CHECK(line->id == 8);
  CHECK(line->age == 61);
  CHECK(line->addr == "[::1]:1");
  CHECK(line->command == "client|list");
  CHECK(line->name.empty());
  CHECK(line->query_buffer == 5);
  CHECK(line->flag('x'));
  CHECK_FALSE(line->flag('b'));
  CHECK(line->library_name.empty());
  for (const char* none : {"", "id=", "id=x", "name=id=7", "addr=1.2.3.4:5 age=1"})
    CHECK_MESSAGE(!read_client_fields(none), none);
}

TEST_CASE("who is neither ours nor a link between servers bypasses us") {
  CHECK(ids({}) == Ids{8, 9, 10});
  const auto found = bypass_clients(list, 3, {});
  REQUIRE(found.size() == 3);
  CHECK(text(found[0]) ==
        "user app, addr 10.0.3.7:43000, name worker-1, library redis-py 5.0.1, last command hset, connected for 61 s");
  CHECK(text(found[1]) == "user jobs, addr 10.0.3.8:44000, last command blpop, connected for 1 s");
}

TEST_CASE("a connection that asks does not count itself, even without a name of ours") {
  CHECK(bypass_clients("id=3 addr=1.2.3.4:5 name= flags=N cmd=client user=default\n", 3, {}).empty());
  CHECK(bypass_clients("id=3 addr=1.2.3.4:5 name= flags=N cmd=client user=default\n", 4, {}).size() == 1);
}

TEST_CASE("clients are tolerated by user, address, network, name or library") {
  CHECK(ids({user("app")}) == Ids{9, 10});
  CHECK(ids({addr("10.0.3.8")}) == Ids{8, 10});
  CHECK(ids({addr("10.0.3.8:1")}) == Ids{8, 9, 10});
  CHECK(ids({addr("10.0.3.8/31")}) == Ids{8});
  CHECK(ids({name("worker-1")}) == Ids{9, 10});
  CHECK(ids({name("worker")}) == Ids{8, 9, 10});
  CHECK(ids({name("worker*"), user("jobs")}) == Ids{10});
  CHECK(ids({library("redis-py")}) == Ids{9, 10});
  CHECK(ids({user("other"), name("nobody"), library("jedis")}) == Ids{8, 9, 10});
}

TEST_CASE("an empty entry tolerates nobody") { CHECK(ids({{}}) == Ids{8, 9, 10}); }

TEST_CASE("no text crashes the look at clients") {
  rc::check([](const std::string& text) { (void)bypass_clients(text, 0, {}); });
  rc::check([](const std::string& tail) { (void)bypass_clients("id=1 name=" + tail, 0, {}); });
}
