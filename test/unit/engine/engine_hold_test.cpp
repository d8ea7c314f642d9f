// Commands on records while the fleet turns.
#include "unit/engine/engine_fleet.hpp"

namespace keyshift::proxy {
namespace {

using test::Fleet;
using test::request;
using test::World;

const Bytes ok = "+OK\r\n";

TEST_CASE("under a hold records wait, everything else goes on, and what waited runs in order under the next serve") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  World::Client& other = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "a"})) == ok);
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"APPEND", "user:1", "b"}) + request({"APPEND", "user:1", "c"}) +
                               request({"GET", "user:1"}) + request({"GET", "plain"})) == "");
  CHECK(fleet.world.ask(other, request({"SET", "plain", "1"})) == ok);
  CHECK(fleet.world.ask(other, request({"KEYS", "*"})) == "");
  CHECK(fleet.server.keys().at("user:1") == "a");
  fleet.flip(migration::Mode::to_new);
  CHECK(c.got == ":2\r\n:3\r\n$3\r\nabc\r\n$1\r\n1\r\n");
  CHECK(fleet.server.keys().at("{user:1}:profile") == "abc");
  CHECK(other.got == "*2\r\n$5\r\nplain\r\n$6\r\nuser:1\r\n");
}

TEST_CASE("a hold that ends in the same era leaves records where they are") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "a"})) == "");
  fleet.serve();
  CHECK(c.got == ok);
  CHECK(fleet.server.keys().contains("user:1"));
}

TEST_CASE("what waits too long is answered, and nothing of it was sent") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "a"}) + request({"SET", "plain", "1"})) == "");
  fleet.world.pass(seconds(2));
  CHECK(c.got == "");
  fleet.world.pass(seconds(2));
  fleet.world.run();
  CHECK(c.got.starts_with("-KSBUSY records are held by change "));
  CHECK(c.got.ends_with("\r\n+OK\r\n"));
  CHECK_FALSE(fleet.server.keys().contains("user:1"));
  c.got.clear();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "b"})) == "");
  fleet.serve();
  CHECK(c.got == ok);
}

TEST_CASE("the name goes out behind what is in flight, and what is in flight is answered") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"SET", "user:1", "a"})) == ok);
  fleet.world.answers = false;
  CHECK(fleet.world.ask(c, request({"APPEND", "user:1", "b"}) + request({"GET", "user:1"})) == "");
  const control::Change hold = control::hold_after(fleet.cur, 0, 0, 77);
  fleet.tell(hold);
  CHECK(fleet.late().size() == 1);
  fleet.world.answers = true;
  fleet.settle(hold);
  CHECK(c.got == ":2\r\n$2\r\nab\r\n");
  CHECK(fleet.late().empty());
}

TEST_CASE("records that are not understood are refused with the reason, the rest is forwarded") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  auto serving = fleet.serving(fleet.cur);
  serving->records = control::Serving::Records::refuse;
  serving->carries = control::Carries::free;
  serving->reason = "the control record is of format 2";
  fleet.world.engine.turn(serving, fleet.world.now);
  fleet.world.flush();
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})) == "-KSCONTROL the control record is of format 2\r\n");
  CHECK(fleet.world.ask(c, request({"SET", "plain", "1"})) == ok);
}

TEST_CASE("a read that still looks for its record goes on under the next serve") {
  Fleet fleet(migration::Mode::to_new);
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"GET", "plain"})) == "$-1\r\n");
  fleet.server.keys()["user:1"] = "Ada";
  fleet.server.renamenx_error = "-NOREPLICAS Not enough good replicas to write.\r\n";
  fleet.world.answers = false;
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})) == "");
  const control::Change hold = control::hold_after(fleet.cur, 0, 0, 77);
  fleet.tell(hold);
  fleet.world.answers = true;
  fleet.settle(hold);
  CHECK(c.got == "");
  fleet.serve();
  CHECK(c.got == "$3\r\nAda\r\n");
}

TEST_CASE("a scan that spans a flip begins its first pass anew") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"SCAN", "0"})) == "");
  fleet.flip(migration::Mode::to_new);
  const auto log = [&] {
    for (const auto& [id, link] : fleet.server.links())
      if (!link->log.empty() && link->log.back()[0] == "SCAN") return link->log.back()[1];
    return Bytes("none");
  };
  CHECK(log() == "0");
  const ScanCursor now{ScanCursor::Pass::second, 0, static_cast<std::uint8_t>(fleet.cur.era % kScanEras), 5};
  fleet.world.ask(c, request({"SCAN", std::to_string(*encode_cursor(now))}));
  CHECK(log() == "5");
  fleet.hold();
  fleet.flip(migration::Mode::to_old);
  fleet.world.ask(c, request({"SCAN", std::to_string(*encode_cursor(now))}));
  CHECK(log() == "0");
}

}  // namespace
}  // namespace keyshift::proxy
