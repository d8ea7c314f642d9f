// Commands with a memory while the fleet turns: those that wait at the server, transactions, WATCH, caches.
#include <algorithm>

#include "unit/engine/engine_fleet.hpp"

namespace keyshift::proxy {
namespace {

using test::Fleet;
using test::request;
using test::World;

const Bytes ok = "+OK\r\n", queued = "+QUEUED\r\n";

Bytes element(BytesView key, BytesView value) {
  Bytes out = "*2\r\n";
  resp::append_bulk(out, key);
  resp::append_bulk(out, value);
  return out;
}

/// The command that is blocked at the server, or nothing.
test::Words parked(const Fleet& fleet) {
  for (const auto& [id, link] : fleet.server.links())
    if (link->blocked) return link->parked;
  return {};
}

TEST_CASE("a parked command is ended by the hold and parked again under the serve, where its record is then") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"BLPOP", "user:1", "0"})) == "");
  CHECK(parked(fleet) == test::Words{"BLPOP", "user:1", "0"});
  fleet.hold();
  CHECK(parked(fleet).empty());
  CHECK(fleet.late().empty());
  CHECK(c.got == "");
  fleet.flip(migration::Mode::to_new);
  CHECK(parked(fleet) == test::Words{"BLPOP", "{user:1}:profile", "0"});
  fleet.server.push("{user:1}:profile", "x");
  fleet.world.run();
  CHECK(c.got == element("user:1", "x"));
}

TEST_CASE("an element that was on its way to a parked command is delivered") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"BLPOP", "user:1", "0"})) == "");
  fleet.server.push("user:1", "x");
  fleet.hold();
  CHECK(c.got == element("user:1", "x"));
  CHECK(fleet.late().empty());
  fleet.serve();
  CHECK(parked(fleet).empty());
}

TEST_CASE("a parked command out of scope is parked again under the hold, with what is left of its time") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"BLPOP", "queue", "10"})) == "");
  fleet.world.pass(seconds(4));
  fleet.hold();
  CHECK(parked(fleet).size() == 3);
  CHECK(parked(fleet).back().starts_with("5.9"));
  fleet.world.pass(seconds(7));
  fleet.serve();
  CHECK(parked(fleet) == test::Words{"BLPOP", "queue", "0.001"});
  CHECK(fleet.late().empty());
  CHECK(c.got == "");
}

TEST_CASE("an open transaction is queued anew under the serve, and the client sees nothing of it") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"MULTI"}) + request({"SET", "user:1", "a"})) == ok + queued);
  fleet.hold();
  CHECK(fleet.late().empty());
  CHECK(fleet.world.ask(c, request({"APPEND", "user:1", "b"}) + request({"EXEC"})) == "");
  CHECK_FALSE(fleet.server.keys().contains("user:1"));
  fleet.flip(migration::Mode::to_new);
  CHECK(c.got == queued + "*2\r\n+OK\r\n:2\r\n");
  CHECK(fleet.server.keys().at("{user:1}:profile") == "ab");
}

TEST_CASE("an open transaction out of scope goes on under the hold") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"MULTI"}) + request({"SET", "plain", "a"})) == ok + queued);
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"EXEC"})) == "*1\r\n+OK\r\n");
}

TEST_CASE("a command that was refused in a transaction is refused again when it is queued anew") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  const Bytes got =
      fleet.world.ask(c, request({"MULTI"}) + request({"SET", "user:1", "a"}) + request({"SET", "keyshift:x", "a"}));
  CHECK(got.starts_with(ok + queued + "-KSREFUSED"));
  fleet.hold();
  fleet.flip(migration::Mode::to_new);
  CHECK(fleet.world.ask(c, request({"EXEC"})).starts_with("-EXECABORT"));
  CHECK(fleet.server.keys().size() == 1);
}

TEST_CASE("a transaction too long to be kept is refused as a whole") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  const Bytes big(700 * 1024, 'x');
  CHECK(fleet.world.ask(c, request({"MULTI"})) == ok);
  for (int i = 0; i < 2; ++i) CHECK(fleet.world.ask(c, request({"SET", "user:1", big})) == queued);
  fleet.hold();
  CHECK(fleet.world.ask(c, request({"GET", "user:1"})).starts_with("-KSBUSY the fleet turned"));
  CHECK(fleet.world.ask(c, request({"EXEC"})).starts_with("-EXECABORT"));
  CHECK(fleet.world.ask(c, request({"GET", "plain"})) == "$-1\r\n");
}

TEST_CASE("a WATCH of a record that spans a hold makes EXEC answer nil; one out of scope does not") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  World::Client& other = fleet.world.client();
  CHECK(fleet.world.ask(c, request({"WATCH", "user:1"})) == ok);
  CHECK(fleet.world.ask(other, request({"WATCH", "plain"})) == ok);
  fleet.hold();
  fleet.flip(migration::Mode::to_new);
  CHECK(fleet.world.ask(c, request({"MULTI"}) + request({"SET", "user:1", "a"}) + request({"EXEC"})) ==
        ok + queued + "*-1\r\n");
  CHECK(fleet.world.ask(other, request({"MULTI"}) + request({"SET", "plain", "a"}) + request({"EXEC"})) ==
        ok + queued + "*1\r\n+OK\r\n");
  CHECK(fleet.world.ask(c, request({"MULTI"}) + request({"SET", "user:1", "a"}) + request({"EXEC"})) ==
        ok + queued + "*1\r\n+OK\r\n");
}

TEST_CASE("clients that cache are told to forget everything in another era, and only then") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  fleet.world.ask(c, request({"HELLO", "3"}));
  CHECK(fleet.world.ask(c, request({"CLIENT", "TRACKING", "ON"})) == ok);
  fleet.hold();
  fleet.serve();
  CHECK(c.got == "");
  fleet.hold();
  fleet.flip(migration::Mode::to_new);
  CHECK(c.got == ">2\r\n$10\r\ninvalidate\r\n_\r\n");
}

TEST_CASE("clients that cache do not hear of keys that the proxy has read for itself") {
  Fleet fleet;
  World::Client& c = fleet.world.client();
  fleet.world.ask(c, request({"HELLO", "3"}));
  fleet.world.ask(c, request({"CLIENT", "TRACKING", "ON"}));
  const auto wire = std::find_if(fleet.world.wires.begin(), fleet.world.wires.end(),
                                 [&](const World::Wire& w) { return w.open && w.upstream->owner == c.session; });
  REQUIRE(wire != fleet.world.wires.end());
  fleet.world.inject(*wire, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$21\r\nkeyshift:epoch:{}:key\r\n");
  CHECK(c.got == "");
  fleet.world.inject(*wire, ">2\r\n$10\r\ninvalidate\r\n*2\r\n$21\r\nkeyshift:epoch:{}:key\r\n$5\r\nplain\r\n");
  CHECK(c.got == ">2\r\n$10\r\ninvalidate\r\n*1\r\n$5\r\nplain\r\n");
}

TEST_CASE("at whatever moment the hold is seen, each command runs once, in order, on one side of the flip") {
  for (int moment = 0; moment < 40; ++moment) {
    CAPTURE(moment);
    Fleet fleet;
    World::Client& c = fleet.world.client();
    fleet.world.chunk = 7;
    fleet.world.send(c, request({"SET", "user:1", "a"}) + request({"MULTI"}) + request({"APPEND", "user:1", "b"}) +
                            request({"EXEC"}) + request({"SELECT", "0"}) + request({"APPEND", "user:1", "c"}) +
                            request({"GET", "user:1"}));
    for (int i = 0; i < moment; ++i)
      for (auto& w : fleet.world.wires) fleet.world.advance(w);
    fleet.hold();
    fleet.world.chunk = std::size_t{1} << 30;
    CHECK(fleet.late().empty());
    fleet.flip(migration::Mode::to_new);
    CHECK(c.got == ok + ok + queued + "*1\r\n:2\r\n" + ok + ":3\r\n$3\r\nabc\r\n");
    CHECK(fleet.server.keys().at("{user:1}:profile") == "abc");
  }
}

}  // namespace
}  // namespace keyshift::proxy
