#pragma once
#include <doctest/doctest.h>

#include <list>
#include <memory>

#include "proxy/engine/engine.hpp"
#include "unit/engine/model_redis.hpp"
#include "unit/engine/rules_for_tests.hpp"

namespace keyshift::proxy::test {

/// A request as a client sends it.
inline Bytes request(std::initializer_list<BytesView> argv) {
  Bytes out;
  resp::append_command(out, argv);
  return out;
}

/// The settings of two_rules() in a mode.
inline EngineSettings moving_settings(migration::Mode mode = migration::Mode::to_new,
                                      transforms::Policy::Conflict conflict = transforms::Policy::Conflict::keep_new) {
  EngineSettings settings;
  transforms::MigrationFile file;
  file.rules.push_back(rule("user", "user:<id>", "{user:<id>}:profile"));
  file.rules.push_back(rule("session", "sess:<token>", "session:v2:<token>"));
  file.policy.conflict = conflict;
  settings.rules = std::make_shared<transforms::RuleSet>(file);
  settings.mode = mode;
  return settings;
}

/// An engine between clients and a ModelRedis, in one thread with a clock that tests set: what the shell does with
/// sockets is done with strings.
class World {
 public:
  struct Client {
    Session* session = nullptr;
    Bytes got;            ///< what it was sent
    Bytes unsent;         ///< what it wants to send while the proxy does not read it
    bool closed = false;  ///< by the proxy
    bool reads = true;    ///< false: a client that never reads
  };
  struct Wire {
    Upstream* upstream = nullptr;
    ModelRedis::Link link;
    Bytes to_server, to_proxy;
    bool connecting = true, open = true, paused = false;
  };

  World(ModelRedis& redis, EngineSettings settings)
      : server(redis), engine(std::move(settings), table_, counters, Key128{1, 2}) {}

  ModelRedis& server;
  EngineCounters counters;

 private:
  commands::Table table_;

 public:
  Engine engine;
  std::list<Client> clients;
  std::list<Wire> wires;
  Time now = Time{} + seconds(1000);
  std::size_t chunk = std::size_t{1} << 30;  ///< bytes of one read at the proxy, on both sides
  bool accepts = true;                       ///< the server takes connections
  bool answers = true;                       ///< and answers
  std::size_t learns = 0, helps = 0;         ///< what the engine asked of who follows the control record

  Client& client() {
    Client& c = clients.emplace_back();
    c.session = &engine.open_session(&c, now);
    return c;
  }
  /// The client sends; nothing else happens yet.
  void send(Client& c, BytesView bytes) {
    c.unsent.append(bytes);
    while (read(c)) {
    }
  }
  /// The proxy reads once what the client has sent. False when there is nothing, or it does not read this client.
  bool read(Client& c) {
    if (c.closed || c.unsent.empty() || c.session->read_paused) return false;
    const Bytes bytes = c.unsent.substr(0, chunk);
    c.unsent.erase(0, bytes.size());
    engine.on_client_bytes(*c.session, bytes, now);
    flush();
    return true;
  }
  /// The client sends, and all that follows from it happens. Returns what it has got by then, and forgets it.
  Bytes ask(Client& c, BytesView bytes) {
    send(c, bytes);
    run();
    return std::exchange(c.got, Bytes());
  }
  void leave(Client& c) {
    if (c.closed) return;
    engine.on_client_closed(*c.session, now);
    flush();
  }
  /// The client shuts its sending side down and reads on.
  void end(Client& c) {
    if (c.closed) return;
    engine.on_client_ended(*c.session, now);
    flush();
  }
  void pass(Duration time) {
    now += time;
    engine.on_tick(now);
    flush();
  }

  /// One event on a wire: connected, or bytes there, or bytes back. False when there is none.
  bool advance(Wire& w) {
    if (!w.open) return false;
    if (w.connecting) {
      w.connecting = false;
      if (accepts) {
        engine.on_upstream_connected(*w.upstream, now);
      } else {
        engine.on_upstream_lost(*w.upstream, "Connection refused", now);
        w.open = false;
      }
      flush();
      return true;
    }
    if (w.link.killed) return cut(w), true;
    return to_server(w) || to_proxy(w);
  }
  /// The server takes what was sent to it by now, at once.
  bool to_server(Wire& w) {
    if (!w.open || (w.to_server.empty() && !w.link.resumed) || !answers) return false;
    w.to_proxy += std::exchange(w.link.pushed, Bytes());
    w.link.resumed = false;
    const Bytes bytes = std::exchange(w.to_server, Bytes());
    CHECK(server.take(w.link, bytes, w.to_proxy));
    return true;
  }
  bool to_proxy(Wire& w) {
    if (!w.open || w.to_proxy.empty() || w.paused) return false;
    const Bytes bytes = w.to_proxy.substr(0, chunk);
    w.to_proxy.erase(0, bytes.size());
    engine.on_upstream_bytes(*w.upstream, bytes, now);
    flush();
    return true;
  }
  /// Bytes from the server that the model did not send.
  void inject(Wire& w, BytesView bytes) {
    const Bytes copy(bytes);
    engine.on_upstream_bytes(*w.upstream, copy, now);
    flush();
  }
  void cut(Wire& w) {
    if (!w.open) return;
    w.open = false;
    server.forget(w.link);
    engine.on_upstream_lost(*w.upstream, "Connection reset by peer", now);
    flush();
  }
  void cut_all() {
    for (Wire& w : wires) cut(w);
  }
  /// Until nothing is on its way. A hundred thousand events are an engine that goes round in circles.
  void run() {
    for (int i = 0; i < 100'000; ++i) {
      bool any = false;
      for (Wire& w : wires) any = advance(w) || any;
      for (Client& c : clients) any = read(c) || any;
      if (!any) return;
    }
    FAIL("the engine never comes to rest");
  }
  /// The server takes up what it kept waiting on any connection.
  void resume() {
    for (Wire& w : wires)
      if (w.open) CHECK(server.take(w.link, "", w.to_proxy));
    run();
  }
  /// The wire that is open, when there is just one.
  Wire& wire() {
    Wire* found = nullptr;
    for (Wire& w : wires)
      if (w.open) {
        CHECK(found == nullptr);
        found = &w;
      }
    REQUIRE(found != nullptr);
    return *found;
  }
  [[nodiscard]] std::size_t open_wires() const {
    std::size_t count = 0;
    for (const Wire& w : wires) count += w.open ? 1 : 0;
    return count;
  }
  /// What the server was sent on all connections behind the handshakes: one line per command, blanks between words.
  [[nodiscard]] std::vector<Bytes> sent() const {
    std::vector<Bytes> out;
    for (const Wire& w : wires)
      for (std::size_t i = std::min(handshake(), w.link.log.size()); i < w.link.log.size(); ++i) {
        Bytes line;
        for (const Bytes& word : w.link.log[i]) line += (line.empty() ? "" : " ") + word;
        out.push_back(line);
      }
    return out;
  }
  void forget_sent() {
    for (Wire& w : wires)
      if (w.link.log.size() > handshake()) w.link.log.resize(handshake());
  }
  /// What the shell does behind each event.
  void flush() {
    do {
      actions();
      auto& sessions = engine.dirty_sessions();
      for (std::size_t i = 0; i < sessions.size(); ++i)
        if (Session* s = sessions[i]; s != nullptr) {
          s->dirty = false;
          write(*static_cast<Client*>(s->socket));
        }
      sessions.clear();
      auto& upstreams = engine.dirty_upstreams();
      for (std::size_t i = 0; i < upstreams.size(); ++i)
        if (Upstream* u = upstreams[i]; u != nullptr) {
          u->dirty = false;
          write(*static_cast<Wire*>(u->socket));
        }
      upstreams.clear();
    } while (!engine.actions().empty() || !engine.dirty_sessions().empty());
  }
  void write(Client& c) {
    if (c.closed) return;
    Session& s = *c.session;
    if (!c.reads) return s.out.own();
    take(s.out, c.got);
    if (s.wants_written()) engine.on_client_written(s, now);
  }

 private:
  [[nodiscard]] std::size_t handshake() const {
    const EngineSettings& settings = engine.settings();
    const std::size_t selects = settings.upstream_database == 0 ? 0 : 1;
    return selects + (settings.rules && migration::moving(settings.mode) ? 3 : 1);
  }
  static void take(OutQueue& out, Bytes& into) {
    while (!out.empty()) {
      OutQueue::Piece pieces[3];
      const std::size_t count = out.gather(pieces, 3);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        into.append(pieces[i].data, pieces[i].size);
        size += pieces[i].size;
      }
      out.sent(size);
    }
  }
  void write(Wire& w) {
    if (!w.open || w.connecting) return;
    take(w.upstream->out, w.to_server);
    if (w.upstream->owner != nullptr && w.upstream->owner->stall == Stall::streaming)
      engine.on_upstream_written(*w.upstream, now);
  }
  void actions() {
    auto& list = engine.actions();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Action a = list[i];
      switch (a.kind) {
        case Action::Kind::connect: {
          Wire& w = wires.emplace_back();
          w.upstream = a.upstream;
          a.upstream->socket = &w;
          break;
        }
        case Action::Kind::close_upstream:
          if (a.socket != nullptr) static_cast<Wire*>(a.socket)->open = false;
          if (a.socket != nullptr) server.forget(static_cast<Wire*>(a.socket)->link);
          break;
        case Action::Kind::close_session:
          static_cast<Client*>(a.socket)->closed = true;
          break;
        case Action::Kind::pause_upstream:
        case Action::Kind::resume_upstream:
          static_cast<Wire*>(a.socket)->paused = a.kind == Action::Kind::pause_upstream;
          break;
        case Action::Kind::resume_session:
          break;
        case Action::Kind::learn:
          ++learns;
          break;
        case Action::Kind::help:
          ++helps;
          break;
      }
    }
    list.clear();
  }
};

}  // namespace keyshift::proxy::test
