// Near renames: how the move of a record travels with the commands on it, and what happens when it is refused.
#include "migration/reserved_name.hpp"
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy {
namespace {

using migration::Mode;
using test::ModelRedis;
using test::moving_settings;
using test::request;
using test::World;
using Conflict = transforms::Policy::Conflict;
using Sent = std::vector<Bytes>;

const Bytes no_replicas = "-NOREPLICAS Not enough good replicas to write.\r\n";

struct Moving : ModelRedis {  // the server, a proxy and one app
  explicit Moving(EngineSettings settings = moving_settings())
      : world(*this, std::move(settings)), app(world.client()) {
    world.ask(app, request({"PING"}));
    world.forget_sent();
  }
  Bytes ask(std::initializer_list<BytesView> argv) { return world.ask(app, request(argv)); }
  World world;
  World::Client& app;
};

TEST_CASE("arguments that only a newer server knows do not lead a command to the old name") {
  ModelRedis server;
  server.keys()["user:1"] = "value";
  World world(server, moving_settings());
  world.ask(world.client(), request({"ZRANK", "user:1", "member", "WITHSCORE"}));
  const auto sent = world.sent();
  REQUIRE(!sent.empty());
  CHECK(sent.back() == "ZRANK {user:1}:profile member WITHSCORE");
}

TEST_CASE("the first read is a pair, and once the record is known the command goes bare") {
  Moving m;
  m.keys()["user:1"] = "v";
  CHECK(m.ask({"GET", "user:1"}) == "$1\r\nv\r\n");
  CHECK(m.ask({"GET", "user:1"}) == "$1\r\nv\r\n");
  CHECK(m.world.sent() == Sent{"RENAMENX user:1 {user:1}:profile", "GET {user:1}:profile", "GET {user:1}:profile"});
}

TEST_CASE("the first write is one transaction with its move, later ones go bare") {
  Moving m;
  m.keys()["user:1"] = "v";
  CHECK(m.ask({"SET", "user:1", "w"}) == "+OK\r\n");
  CHECK(m.ask({"APPEND", "user:1", "x"}) == ":2\r\n");
  CHECK(m.world.sent() == Sent{"MULTI", "RENAMENX user:1 {user:1}:profile", "SET {user:1}:profile w", "EXEC",
                               "APPEND {user:1}:profile x"});
  CHECK(m.keys() == std::map<Bytes, test::Value>{{"{user:1}:profile", "wx"}});
}

TEST_CASE("a record that is not there at all is known to be in place as well") {
  Moving m;
  CHECK(m.ask({"GET", "user:1"}) == "$-1\r\n");
  CHECK(m.ask({"GET", "user:1"}) == "$-1\r\n");
  CHECK(m.world.sent().size() == 3);
}

TEST_CASE("in to-old the moves go the other way") {
  Moving m(moving_settings(Mode::to_old));
  m.keys()["{user:1}:profile"] = "v";
  CHECK(m.ask({"GET", "user:1"}) == "$1\r\nv\r\n");
  CHECK(m.keys().count("user:1") == 1);
}

TEST_CASE("a write whose move is refused answers the refusal, not EXECABORT, and does not run") {
  Moving m;
  m.keys()["user:1"] = "v";
  m.renamenx_error = no_replicas;
  CHECK(m.ask({"APPEND", "user:1", "x"}) == no_replicas);
  CHECK(m.keys() == std::map<Bytes, test::Value>{{"user:1", "v"}});
}

TEST_CASE("of a refused write the server's own words on the command come first") {
  Moving m;
  m.renamenx_error = no_replicas;
  m.write_error = "-NOPERM this user has no permissions\r\n";
  CHECK(m.ask({"APPEND", "user:1", "x"}) == m.write_error);
}

TEST_CASE("a read whose move is refused finds its record wherever it is") {
  for (const Mode mode : {Mode::to_new, Mode::to_old})
    for (const char* refusal : {"-NOREPLICAS Not enough\r\n", "-NOPERM no\r\n", "-OOM command not allowed\r\n"})
      for (const char* place : {"user:1", "{user:1}:profile", ""}) {
        CAPTURE(place);
        Moving m(moving_settings(mode));
        m.renamenx_error = refusal;
        if (*place != 0) m.keys()[place] = "v";
        m.keys()["user:2"] = "two";
        m.keys()["{user:3}:profile"] = "three";
        CHECK(m.ask({"GET", "user:1"}) == (*place != 0 ? "$1\r\nv\r\n" : "$-1\r\n"));
        CHECK(m.ask({"MGET", "user:2", "user:3", "plain"}) == "*3\r\n$3\r\ntwo\r\n$5\r\nthree\r\n$-1\r\n");
      }
}

TEST_CASE("a write does not overtake a read whose move is not answered") {
  Moving m;
  m.keys()["user:1"] = "v";
  m.world.send(m.app, request({"GET", "user:1"}) + request({"SET", "user:1", "w"}));
  CHECK(m.app.session->in_flight() == 1);
  m.world.run();
  CHECK(m.app.got == "$1\r\nv\r\n+OK\r\n");
}

TEST_CASE("a refused read that is asked again still comes before the client's next write") {
  Moving m;
  m.keys()["user:1"] = "before";
  m.renamenx_error = no_replicas;
  m.world.send(m.app, request({"GET", "user:1"}));
  World::Wire& wire = m.world.wire();
  m.world.to_server(wire);
  m.world.to_proxy(wire);  // refused: where the record is has been asked
  m.renamenx_error.clear();
  m.world.send(m.app, request({"SET", "user:1", "after"}));
  m.world.run();
  CHECK(m.app.got == "$6\r\nbefore\r\n+OK\r\n");
}

TEST_CASE("many records in one refused read are all found, or the refusal is the answer") {
  for (const int count : {64, 65, 100, 101, 300}) {
    CAPTURE(count);
    Moving m;
    m.renamenx_error = no_replicas;
    std::vector<Bytes> names{"MGET"};
    Bytes expected = "*" + std::to_string(count) + "\r\n";
    for (int i = 0; i < count; ++i) {
      names.push_back("user:" + std::to_string(i));
      m.keys()[i % 2 == 0 ? names.back() : "{user:" + std::to_string(i) + "}:profile"] = "v";
      expected += "$1\r\nv\r\n";
    }
    Bytes command;
    resp::append_command(command, std::vector<BytesView>(names.begin(), names.end()));
    const Bytes reply = m.world.ask(m.app, command);
    if (count <= 64 || reply != no_replicas) CHECK(reply == expected);
  }
}

TEST_CASE("keep_new: the record at the new name wins, the leftover lies in quarantine, nothing comes back") {
  for (const auto& command : {std::initializer_list<BytesView>{"GET", "user:1"},
                              {"SET", "user:1", "new"},
                              {"APPEND", "user:1", ""},
                              {"GETDEL", "user:1"},
                              {"DEL", "user:1"}}) {
    Moving m;
    m.keys()["user:1"] = "old";
    m.keys()["{user:1}:profile"] = "new";
    m.ask(command);
    const bool deletes = command.begin()->find("DEL") != BytesView::npos;
    CHECK(m.ask({"GET", "user:1"}) == (deletes ? "$-1\r\n" : "$3\r\nnew\r\n"));
    CHECK(m.keys().count("user:1") == 0);
    CHECK(m.keys()[migration::quarantine_name("manual", "user:1")] == "old");
    CHECK(m.world.counters.conflicts_resolved.read() == 1);
  }
}

TEST_CASE("keep_old: the record at the old name wins before the command runs") {
  Moving m(moving_settings(Mode::to_new, Conflict::keep_old));
  m.keys()["user:1"] = "old";
  m.keys()["{user:1}:profile"] = "new";
  CHECK(m.ask({"APPEND", "user:1", "+"}) == ":4\r\n");
  CHECK(m.ask({"GET", "user:1"}) == "$4\r\nold+\r\n");
  CHECK(m.keys()[migration::quarantine_name("manual", "{user:1}:profile")] == "new");
}

TEST_CASE("stop: a record with two names is refused by name and left as it is") {
  Moving m(moving_settings(Mode::to_new, Conflict::stop));
  m.keys()["user:1"] = "old";
  m.keys()["{user:1}:profile"] = "new";
  for (const auto& command : {std::initializer_list<BytesView>{"GET", "user:1"}, {"SET", "user:1", "x"}}) {
    const Bytes reply = m.ask(command);
    CHECK(reply.starts_with("-KSREFUSED rule=user reason=conflict: both 'user:1' and '{user:1}:profile' exist"));
  }
  CHECK(m.keys().size() == 2);
  m.keys().erase("user:1");
  CHECK(m.ask({"GET", "user:1"}) == "$3\r\nnew\r\n");
}

TEST_CASE("the connection that settles a conflict is nobody else's") {
  Moving m(moving_settings(Mode::to_new, Conflict::keep_old));
  m.keys()["user:1"] = "old";
  m.keys()["{user:1}:profile"] = "new";
  World::Client& other = m.world.client();
  m.world.send(m.app, request({"GET", "user:1"}));
  World::Wire& shared = m.world.wire();
  m.world.to_server(shared);
  m.world.to_proxy(shared);  // both names are there: a connection opens
  World::Wire& settling = m.world.wires.back();
  REQUIRE(&settling != &shared);
  m.world.advance(settling);    // connected
  m.world.to_server(settling);  // handshake
  m.world.to_proxy(settling);
  m.world.send(other, request({"MULTI"}) + request({"SET", "a", "1"}) + request({"EXEC"}));
  m.world.run();
  CHECK(m.app.got == "$3\r\nold\r\n");
  CHECK(other.got == "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
  CHECK_FALSE(other.closed);
}

TEST_CASE("an error that says the server is another now makes the proxy look again") {
  for (const char* line : {"-READONLY You can't write against a read only replica.\r\n",
                           "-LOADING Redis is loading\r\n", "-MOVED 1 127.0.0.1:7000\r\n", "-CLUSTERDOWN down\r\n"}) {
    Moving m;
    m.ask({"SET", "user:1", "v"});
    m.write_error = line;
    CHECK(m.ask({"SET", "plain", "v"}) == line);
    m.world.forget_sent();
    m.ask({"GET", "user:1"});
    CHECK(m.world.sent() == Sent{"RENAMENX user:1 {user:1}:profile", "GET {user:1}:profile"});
  }
}

TEST_CASE("another run_id behind the same connection makes the proxy look again") {
  Moving m;
  m.ask({"SET", "user:1", "v"});
  m.world.pass(seconds(1));
  m.world.run();
  m.world.pass(milliseconds(100));
  m.ask({"GET", "user:1"});
  m.run_id = "second";
  m.world.pass(milliseconds(1100));
  m.world.run();
  m.world.forget_sent();
  m.ask({"GET", "user:1"});
  CHECK(m.world.sent().front() == "RENAMENX user:1 {user:1}:profile");
}

TEST_CASE("after a lost connection the proxy looks again") {
  Moving m;
  m.ask({"SET", "user:1", "v"});
  m.world.cut_all();
  m.keys()["user:1"] = std::exchange(m.keys()["{user:1}:profile"], "");
  m.keys().erase("{user:1}:profile");
  CHECK(m.ask({"GET", "user:1"}) == "$1\r\nv\r\n");
}

TEST_CASE("the client's WATCH is not ended by an EXEC of ours") {
  for (const bool refused : {false, true}) {
    CAPTURE(refused);
    Moving m;
    World::Client& other = m.world.client();
    CHECK(m.ask({"WATCH", "plain"}) == "+OK\r\n");
    m.keys()["user:1"] = "v";
    if (refused) m.renamenx_error = no_replicas;
    CHECK(m.ask({"GET", "user:1"}) == "$1\r\nv\r\n");
    m.renamenx_error.clear();
    CHECK(m.ask({"SET", "user:2", "x"}) == "+OK\r\n");
    CHECK(m.world.ask(other, request({"SET", "plain", "changed"})) == "+OK\r\n");
    CHECK(m.world.ask(m.app, request({"MULTI"}) + request({"SET", "plain", "mine"}) + request({"EXEC"})) ==
          "+OK\r\n+QUEUED\r\n*-1\r\n");
  }
}

TEST_CASE("a watched record is moved before it is watched") {
  Moving m;
  m.keys()["user:1"] = "v";
  CHECK(m.world.ask(m.app, request({"WATCH", "user:1"}) + request({"MULTI"}) + request({"APPEND", "user:1", "x"}) +
                               request({"EXEC"})) == "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n:2\r\n");
}

TEST_CASE("inside MULTI the moves are done before the command is queued") {
  Moving m;
  m.keys()["user:1"] = "v";
  CHECK(m.world.ask(m.app, request({"MULTI"}) + request({"GET", "user:1"}) + request({"DEL", "user:1"}) +
                               request({"EXEC"})) == "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$1\r\nv\r\n:1\r\n");
  CHECK(m.keys().empty());
}

TEST_CASE("a refused command inside MULTI makes EXEC refuse the whole") {
  Moving m;
  const Bytes got = m.world.ask(
      m.app, request({"MULTI"}) + request({"SET", "a", "1"}) + request({"SET", "keyshift:x", "1"}) + request({"EXEC"}));
  CHECK(got.starts_with("+OK\r\n+QUEUED\r\n-KSREFUSED"));
  CHECK(got.ends_with("-EXECABORT Transaction discarded because of previous errors.\r\n"));
  CHECK(m.keys().empty());
}

TEST_CASE("a SELECT queued in MULTI counts for the rules of what is queued behind it") {
  Moving m;
  m.world.ask(m.app, request({"MULTI"}) + request({"SELECT", "1"}) + request({"SET", "user:1", "elsewhere"}) +
                         request({"SELECT", "0"}) + request({"SET", "user:2", "here"}) + request({"EXEC"}));
  CHECK(m.databases[1] == std::map<Bytes, test::Value>{{"user:1", "elsewhere"}});
  CHECK(m.databases[0] == std::map<Bytes, test::Value>{{"{user:2}:profile", "here"}});
}

TEST_CASE("in another database nothing is a record") {
  Moving m;
  CHECK(m.world.ask(m.app, request({"SELECT", "1"}) + request({"SET", "user:1", "v"})) == "+OK\r\n+OK\r\n");
  CHECK(m.databases[1].count("user:1") == 1);
}

TEST_CASE("a command on several records moves each of them") {
  Moving m;
  m.keys()["user:1"] = "1";
  m.keys()["sess:a"] = "a";
  CHECK(m.ask({"MGET", "user:1", "sess:a", "plain"}) == "*3\r\n$1\r\n1\r\n$1\r\na\r\n$-1\r\n");
  CHECK(m.ask({"DEL", "user:1", "sess:a"}) == ":2\r\n");
  CHECK(m.keys().empty());
}

TEST_CASE("where MULTI is refused no write runs apart from its move") {
  ModelRedis server;
  server.multi_error = "-NOPERM this user has no permissions to run the 'multi' command\r\n";
  server.keys()["user:1"] = "v";
  World world(server, moving_settings());
  World::Client& app = world.client();
  CHECK(world.ask(app, request({"APPEND", "user:1", "x"})) == ":2\r\n");
  CHECK(server.keys() == std::map<Bytes, test::Value>{{"{user:1}:profile", "vx"}});
  server.keys()["user:2"] = "w";
  server.renamenx_error = no_replicas;
  CHECK(world.ask(app, request({"APPEND", "user:2", "x"})) == no_replicas);
  CHECK(server.keys()["user:2"] == "w");
}

}  // namespace
}  // namespace keyshift::proxy
