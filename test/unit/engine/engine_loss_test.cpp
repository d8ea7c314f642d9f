// The server goes away, misbehaves, or does not come: each command in flight is told once, and none runs twice.
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;

std::size_t count_of(BytesView text, BytesView what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != BytesView::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST_CASE("when the connection is lost every command in flight gets one error, and none runs twice") {
  for (const bool executed : {false, true}) {
    CAPTURE(executed);
    ModelRedis server;
    World world(server, moving_settings());
    World::Client& one = world.client();
    World::Client& two = world.client();
    world.ask(one, request({"PING"}));
    const auto before = server.executed;
    world.send(one, request({"INCR", "n"}) + request({"GET", "user:1"}));
    world.send(two, request({"SET", "user:2", "v"}) + request({"INCR", "n"}));
    if (executed) world.to_server(world.wire());
    world.cut_all();
    const auto after = server.executed;
    world.run();
    for (World::Client* c : {&one, &two}) {
      CHECK(count_of(c->got, "-KSUPSTREAM ") == 2);
      CHECK(count_of(c->got, "\r\n") == 2);
      CHECK(c->got.find("whether this command ran is unknown") != Bytes::npos);
      CHECK_FALSE(c->closed);
      c->got.clear();
    }
    CHECK(server.keys().count("n") == (executed ? 1 : 0));
    CHECK((after != before) == executed);
    if (executed) CHECK(server.keys()["n"] == "2");
    CHECK(world.ask(one, request({"ECHO", "again"})) == "$5\r\nagain\r\n");
  }
}

TEST_CASE("what was not sent when the server was unreachable is told so") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.accepts = false;
  const Bytes first = world.ask(c, request({"SET", "a", "1"}));
  CHECK(first.starts_with("-KSUPSTREAM "));
  CHECK(first.find("(nothing was sent)") != Bytes::npos);
  CHECK(first.find("Connection refused") != Bytes::npos);
  CHECK_FALSE(c.closed);
}

TEST_CASE("connections are tried again, less and less often, and at once served by when the server is back") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.accepts = false;
  world.ask(c, request({"PING"}));
  std::size_t tries = world.wires.size();
  std::vector<std::size_t> per_second;
  for (int second = 0; second < 6; ++second) {
    for (int i = 0; i < 100; ++i) {
      world.pass(milliseconds(10));
      CHECK(world.ask(c, request({"PING"})).starts_with("-KSUPSTREAM "));
    }
    per_second.push_back(world.wires.size() - tries);
    tries = world.wires.size();
  }
  CHECK(per_second.front() > per_second.back());
  CHECK(per_second.back() <= 2);
  CHECK(per_second.back() + per_second[4] >= 1);
  world.accepts = true;
  world.pass(seconds(2));
  CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
}

TEST_CASE("a client whose blocking command waited is told, and may go on") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"BLPOP", "q", "0"})).empty());
  world.pass(seconds(100));
  CHECK(c.got.empty());
  world.cut_all();
  CHECK(count_of(c.got, "-KSUPSTREAM ") == 1);
  c.got.clear();
  CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
}

TEST_CASE("a client that leaves while its command blocks takes its connection along") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"BLPOP", "q", "0"}));
  CHECK(world.open_wires() == 1);
  world.leave(c);
  CHECK(world.open_wires() == 0);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE("a client that leaves with commands in flight on its own connection is forgotten once") {
  ModelRedis server;
  World world(server, EngineSettings());
  for (int i = 0; i < 20; ++i) {
    World::Client& c = world.client();
    world.ask(c, request({"WATCH", "x"}));
    world.send(c, request({"GET", "a"}) + request({"GET", "b"}));
    world.leave(c);
    CHECK(world.engine.sessions() == 0);
    world.run();
  }
  CHECK(world.counters.sessions_closed.read() == 20);
}

TEST_CASE("a pinned connection goes back to the idle ones, and nothing known is forgotten by that") {
  ModelRedis server;
  World world(server, moving_settings());
  World::Client& c = world.client();
  world.ask(c, request({"SET", "user:1", "v"}));
  for (int i = 0; i < 5; ++i) CHECK(world.ask(c, request({"EVAL", "script", "0"})).starts_with("-ERR"));
  CHECK(world.wires.size() == 2);
  CHECK(world.counters.generations.read() <= 1);
  world.leave(c);
  CHECK(world.engine.sessions() == 0);
}

TEST_CASE(
    "of a transaction that is open when the connection is lost nothing runs, EXEC says so, and the client stays") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"MULTI"}) + request({"SET", "a", "1"}));
  world.cut_all();
  CHECK_FALSE(c.closed);
  CHECK(world.ask(c, request({"SET", "a", "2"})).starts_with("-KSUPSTREAM "));
  CHECK(world.ask(c, request({"EXEC"})).find("nothing of it ran") != Bytes::npos);
  CHECK(server.keys().empty());
  CHECK(world.ask(c, request({"MULTI"}) + request({"SET", "a", "3"}) + request({"EXEC"})).ends_with("*1\r\n+OK\r\n"));
  CHECK(server.keys()["a"] == "3");
}

TEST_CASE("MULTI that is lost under way takes what is behind it along: nothing of it runs alone") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"WATCH", "x"}));
  world.answers = false;
  world.ask(c, request({"MULTI"}));
  world.cut_all();
  world.answers = true;
  CHECK_FALSE(c.closed);
  const Bytes got = world.ask(c, request({"SET", "a", "1"}) + request({"EXEC"}) + request({"GET", "a"}));
  CHECK(got.starts_with("+OK\r\n-KSUPSTREAM "));
  CHECK(count_of(got, "-KSUPSTREAM ") == 2);  // SET and EXEC
  CHECK(got.ends_with("$-1\r\n"));
}

TEST_CASE("a transaction does not run in part when the connection that moves its record cannot be had") {
  ModelRedis server;
  World world(server, moving_settings());
  server.keys()["user:1"] = "a";
  World::Client& c = world.client();
  CHECK(world.ask(c, request({"MULTI"}) + request({"SET", "plain", "1"})) == "+OK\r\n+QUEUED\r\n");
  world.accepts = false;
  for (World::Wire& w : world.wires)
    if (w.open && w.upstream->owner == nullptr) world.cut(w);
  World::Client& other = world.client();
  CHECK(world.ask(other, request({"GET", "plain"})).starts_with("-KSUPSTREAM "));  // and is not tried again at once
  CHECK(world.ask(c, request({"SET", "user:1", "b"})).starts_with("-KSUPSTREAM "));
  CHECK(world.ask(c, request({"EXEC"})).starts_with("-EXECABORT "));
  CHECK_FALSE(server.keys().contains("plain"));
}

TEST_CASE("a client that is told that MULTI failed is in no transaction") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"WATCH", "x"}));
  world.answers = false;
  world.ask(c, request({"MULTI"}) + request({"SET", "a", "1"}) + request({"EXEC"}));
  world.cut_all();
  world.answers = true;
  CHECK(count_of(c.got, "-KSUPSTREAM ") == 3);  // whether they ran is unknown
  c.got.clear();
  CHECK(world.ask(c, request({"GET", "a"})) == "$-1\r\n");
}

TEST_CASE("a WATCH whose connection was lost lets EXEC answer nil, once") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"WATCH", "x"}));
  world.cut_all();
  CHECK_FALSE(c.closed);
  const Bytes transaction = request({"MULTI"}) + request({"SET", "a", "1"}) + request({"EXEC"});
  CHECK(world.ask(c, transaction).ends_with("*-1\r\n"));
  CHECK(server.keys().empty());
  CHECK(world.ask(c, transaction).ends_with("*1\r\n+OK\r\n"));
}

TEST_CASE("a client that has got part of a reply when the rest is lost is closed") {
  ModelRedis server;
  EngineSettings settings;
  settings.big_reply = 100;
  server.keys()["big"] = Bytes(5000, 'B');
  World world(server, settings);
  World::Client& c = world.client();
  world.ask(c, request({"WATCH", "x"}));
  world.send(c, request({"GET", "big"}));
  World::Wire& wire = world.wire();
  world.to_server(wire);
  world.chunk = 1000;
  world.to_proxy(wire);
  world.cut(wire);
  CHECK(c.closed);
  CHECK(count_of(c.got, "-KSUPSTREAM ") == 0);
}

TEST_CASE("an upstream that answers nothing within the limit is given up") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  world.answers = false;
  world.ask(c, request({"INCR", "n"}));
  world.pass(seconds(29));
  CHECK(c.got.empty());
  world.pass(seconds(2));
  CHECK(count_of(c.got, "-KSUPSTREAM ") == 1);
  CHECK(world.open_wires() == 0);
}

TEST_CASE("an upstream that takes the connection and says nothing is given up too") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.answers = false;
  world.ask(c, request({"PING"}));
  world.pass(seconds(3));
  world.run();
  CHECK(c.got.starts_with("-KSUPSTREAM "));
}

TEST_CASE("bytes that are not RESP end the connection, not the proxy") {
  for (const char* garbage : {"HTTP/1.1 400 Bad Request\r\n\r\n", "$abc\r\n", "*99999999999999999999\r\n", "$?\r\n"}) {
    CAPTURE(garbage);
    ModelRedis server;
    World world(server, EngineSettings());
    World::Client& c = world.client();
    world.ask(c, request({"PING"}));
    world.send(c, request({"GET", "a"}));
    world.inject(world.wire(), garbage);
    CHECK(count_of(c.got, "-KSUPSTREAM ") == 1);
    CHECK_FALSE(c.closed);
    c.got.clear();
    CHECK(world.ask(c, request({"PING"})) == "+PONG\r\n");
  }
}

TEST_CASE("garbage instead of a handshake is told to who waits") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.answers = false;
  world.ask(c, request({"PING"}));
  world.inject(world.wire(), "SSH-2.0-OpenSSH\r\n");
  world.run();
  CHECK(c.got.starts_with("-KSUPSTREAM "));
}

TEST_CASE("a reply that nobody asked for ends the connection; one too many reaches no client") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.ask(c, request({"PING"}));
  world.inject(world.wire(), "+unasked\r\n");
  CHECK(world.open_wires() == 0);
  CHECK(c.got.empty());
  world.send(c, request({"PING"}));
  world.run();
  c.got.clear();
  world.send(c, request({"ECHO", "1"}));
  world.inject(world.wire(), "$1\r\n1\r\n$1\r\n2\r\n");
  world.run();
  CHECK(std::exchange(c.got, Bytes()) == "$1\r\n1\r\n");
  CHECK(world.ask(c, request({"ECHO", "3"})) == "$1\r\n3\r\n");
}

TEST_CASE("a server that refuses the handshake is told to the client in the server's words") {
  ModelRedis server;
  World world(server, EngineSettings());
  World::Client& c = world.client();
  world.answers = false;
  world.ask(c, request({"PING"}));
  world.inject(world.wire(), "-MASTERAUTH no entry\r\n");
  world.run();
  CHECK(c.got.find("MASTERAUTH no entry") != Bytes::npos);
}

}  // namespace
}  // namespace keyshift::proxy
