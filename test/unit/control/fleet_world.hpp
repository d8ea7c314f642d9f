// A store, its nodes and a fleet of proxies as far as a flip sees them: a model that answers what a Flip asks.
#pragma once
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "control/change_rules.hpp"
#include "control/connection_name.hpp"
#include "control/flip.hpp"
#include "control/node_memory.hpp"
#include "control/phases.hpp"

namespace keyshift::control::test {

/// Rules that are broken on purpose, to see that the checks notice: what the models call NAIVE_*.
enum class Naive { nothing, no_kill, no_read };

/// What lies in one server's stream: record, key and the highest era that was executed, replicated together.
struct Stream {
  std::optional<ControlRecord> record;
  std::optional<Change> key;
  std::uint64_t executed = 0;
  NodeMemory memory;
};

/// One connection of a proxy: what is on its way arrives in order, at any later time.
struct Connection {
  struct Message {
    enum Kind { name, read, command } kind;
    std::string text;
    std::uint64_t era;
  };
  std::uint64_t id = 0;
  std::string node, name;
  std::deque<Message> queue;
  std::optional<std::optional<Change>> reply;  // to `read`
  bool asked = false;
  Change under;      // named with, on the proxy's side
  bool use = false;  // the key agreed
};

struct Proxy {
  std::string name;
  Change seen;  // the change it acts on
  bool stopped = false;
  std::vector<Connection> connections;
};

class FleetWorld {
 public:
  explicit FleetWorld(std::uint64_t seed = 1, Naive naive = Naive::nothing) : random_(seed), naive_(naive) {
    streams["a:1"] = {};
    streams["b:2"] = {};
  }

  /// A record with one run in observe, known to everybody.
  void settle(Phase phase = Phase::observe) {
    Change first = first_change(7);
    RunEntry run{"r1", "users", "abc", phase, Wanted::nothing, first.id};
    first.runs.push_back(run);
    for (auto& [name, stream] : streams) stream = {ControlRecord{first, first}, first, 0, {}};
  }
  void add_proxies(int count) {
    for (int i = 0; i < count; ++i) {
      proxies.push_back({"p" + std::to_string(i), {}, false, {}});
      for (int c = 0; c < 2; ++c) proxies.back().connections.push_back(Connection{});
    }
  }

  Stream& primary() { return streams[primary_name]; }
  std::uint64_t word() { return random_() | 1; }
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  FlipAnswer answer(const FlipAsk& ask) {
    using Kind = FlipAsk::Kind;
    now += microseconds(200);
    FlipAnswer out;
    if (down.contains(ask.node)) {
      out.trouble = "does not answer";
      return out;
    }
    switch (ask.kind) {
      case Kind::read_record:
        out.record = primary().record;
        break;
      case Kind::set_record:
        set_record(ask, out);
        break;
      case Kind::nodes:
        list_nodes(out);
        break;
      case Kind::read_key:
        out.key = streams[ask.node].key;
        break;
      case Kind::set_key:
        set_key(ask, out);
        break;
      case Kind::look:
        look(ask.node, out);
        break;
      case Kind::kill:
        if (naive_ != Naive::no_kill)
          for (const std::uint64_t id : ask.ids) kill(id);
        break;
      case Kind::probe:
        for (const Node& node : counted_)
          if (down.contains(node.name) || lagging.contains(node.name))
            out.trouble = node.name + " does not show what was written at its primary";
        break;
      case Kind::tell:
        told.push_back(ask.words);
        break;
      case Kind::wait:
        now += ask.limit;
        break;
      case Kind::end:
        break;
    }
    if (replicates) replicate();
    return out;
  }

  void replicate() {
    for (auto& [name, stream] : streams)
      if (!down.contains(name) && !dropped.contains(name)) stream = primary();
  }
  /// The replica is promoted with what it has; connections to the old primary are gone.
  void fail_over() {
    const std::string other = primary_name == "a:1" ? "b:2" : "a:1";
    primary_name = other;
    identity += "x";
    for (Proxy& proxy : proxies)
      for (Connection& c : proxy.connections)
        if (c.node != other) c = Connection{};
    streams[other == "a:1" ? "b:2" : "a:1"] = primary();
  }

  /// One proxy or server does something that it might do now.
  void step() {
    if (proxies.empty()) return;
    Proxy& proxy = proxies[pick(proxies.size())];
    Connection& c = proxy.connections[pick(proxy.connections.size())];
    if (pick(3) == 0) return serve(c);
    if (!proxy.stopped) act(proxy, c);
  }

  Time now{};
  std::string primary_name = "a:1", identity = "life1";
  std::map<std::string, Stream> streams;
  std::set<std::string> down;               // they do not answer
  std::set<std::string> lagging;            // they answer, and have nothing new from their primary
  std::set<std::string> dropped;            // out of their primary's list, and without its stream
  std::map<std::string, std::string> runs;  // run ids, where they are not the name's own
  bool remembers = true;                    // nodes are written down
  std::vector<Proxy> proxies;
  Bytes strangers;  // lines of clients past the proxies, on every node
  std::vector<Bytes> told;
  std::vector<std::vector<std::pair<Bytes, Bytes>>> audit;
  bool backup = false;     // somebody marks that he takes one
  bool replicates = true;  // at once; else only by replicate()
  bool order_broken = false;
  std::size_t kills = 0;

 private:
  NodeSight sight(const std::string& name, bool listed) {
    NodeSight out{name, listed, !down.contains(name), runs.contains(name) ? runs[name] : "run-" + name};
    out.primary = name == primary_name;
    out.linked = !dropped.contains(name);
    out.key = streams[name].key.has_value();
    if (!out.reached) out.trouble = "does not answer";
    return out;
  }
  void list_nodes(FlipAnswer& out) {
    NodeMemory& memory = primary().memory;
    std::vector<NodeSight> seen{sight(primary_name, true)};
    for (const auto& [name, stream] : streams)
      if (name != primary_name && !dropped.contains(name)) seen.push_back(sight(name, true));
    for (const std::string& name : unlisted(memory, seen)) seen.push_back(sight(name, false));
    Reckoning reckoned =
        reckon(memory, seen, UnixMillis(std::chrono::milliseconds(now.time_since_epoch() / milliseconds(1))));
    for (const MemoryChange& change : reckoned.changes)
      if (remembers) apply(memory, change);
    out.nodes = counted_ = std::move(reckoned.nodes);
    out.identity = identity;
  }
  void set_record(const FlipAsk& ask, FlipAnswer& out) {
    auto& record = primary().record;
    const ChangeId none;
    const bool same = (record ? record->cur.id : none) == ask.seen_cur &&
                      (record ? record->next.id : none) == ask.seen_next &&
                      (ask.identity.empty() || ask.identity == identity);
    if (ask.heed_backup && backup) out.trouble = "a backup is being taken";
    if (!same || !out.trouble.empty()) return;
    if (!record) record.emplace();
    if (ask.cur) record->cur = *ask.cur;
    if (ask.next) record->next = *ask.next;
    if (!ask.audit.empty()) audit.push_back(ask.audit);
    out.done = true;
  }
  void set_key(const FlipAsk& ask, FlipAnswer& out) {
    Stream& stream = streams[ask.node];
    if ((stream.key ? stream.key->id : ChangeId{}) != ask.seen_key) return;
    stream.key = ask.change;
    out.done = true;
  }
  void look(const std::string& node, FlipAnswer& out) {
    out.clients = strangers;
    for (const Proxy& proxy : proxies)
      for (const Connection& c : proxy.connections)
        if (c.id != 0 && c.node == node && !c.name.empty())
          out.clients += "id=" + std::to_string(c.id) + " addr=10.0.0.1:5 name=" + c.name + " age=9 flags=N\n";
  }
  void kill(std::uint64_t id) {
    ++kills;
    if (id == 99999) strangers.clear();
    for (Proxy& proxy : proxies)
      for (Connection& c : proxy.connections)
        if (c.id == id) c = Connection{};
  }

  /// The server's side of a connection: the first in line, whenever it likes.
  void serve(Connection& c) {
    if (c.queue.empty()) return;
    const auto message = c.queue.front();
    c.queue.pop_front();
    Stream& stream = streams[c.node];
    if (message.kind == Connection::Message::name) c.name = message.text;
    if (message.kind == Connection::Message::read) c.reply = stream.key;
    if (message.kind != Connection::Message::command || c.node != primary_name) return;
    if (message.era < stream.executed) order_broken = true;
    stream.executed = std::max(stream.executed, message.era);
  }

  void act(Proxy& proxy, Connection& c) {
    using Message = Connection::Message;
    if (pick(4) == 0 && primary().record && primary().record->cur.id.epoch > proxy.seen.id.epoch)
      proxy.seen = primary().record->cur;
    if (!proxy.seen.id) return;
    if (c.id == 0) {
      c.id = ++next_id_;
      c.node = primary_name;
    }
    if (c.under.id != proxy.seen.id) {
      c.under = proxy.seen;
      c.use = naive_ == Naive::no_read;
      c.reply.reset();
      c.asked = true;
      c.queue.push_back({Message::name, text(ConnectionName{proxy.name, Carries::records, c.under.id}), 0});
      c.queue.push_back({Message::read, "", 0});
    } else if (c.reply) {
      const bool same = *c.reply && (*c.reply)->id == c.under.id;
      const bool reads = !c.queue.empty() && c.queue.back().kind == Message::read;
      c.use = same && !reads;
      if (!same) help(c);
      c.reply.reset();
      if (!same && !reads) c.queue.push_back({Message::read, "", 0});
    } else if (c.use && !c.under.hold && c.queue.size() < 3) {
      c.queue.push_back({Message::command, "", c.under.era});
    }
  }
  void help(Connection& c) {
    auto& key = primary().key;
    if (may_replace(key, c.under)) key = c.under;
    if (replicates) replicate();
  }

  std::vector<Node> counted_;
  std::mt19937_64 random_;
  Naive naive_;
  std::uint64_t next_id_ = 0;
};

inline ChangeRequest wish(Wanted wanted) {
  ChangeRequest out;
  out.edit = [wanted](const Change& cur, const ChangeId&) -> Result<Change> {
    const RunEntry* run = find_run(cur, "users");
    if (run != nullptr && arrived(wanted, run->phase)) return cur;
    return with_wish(cur, "users", wanted);
  };
  out.audit = {{"who", "tester"}};
  return out;
}

inline ChangeRequest add_run() {
  ChangeRequest out;
  out.create = true;
  out.edit = [](const Change& cur, const ChangeId& by) -> Result<Change> {
    if (find_run(cur, "users") != nullptr) return cur;
    return with_run(cur, RunEntry{"r1", "users", "abc", Phase::observe, Wanted::nothing, {}}, by);
  };
  return out;
}

/// Runs `flip` to its end or for `asks` of its asks; true when it has ended.
inline bool drive(FleetWorld& world, Flip& flip, int asks = 10000, int steps_between = 3) {
  const FlipAsk* ask = &flip.begin(world.now);
  for (int i = 0; i < asks; ++i) {
    if (ask->kind == FlipAsk::Kind::end) return true;
    FlipAnswer answer = world.answer(*ask);
    for (int s = 0; s < steps_between; ++s) world.step();
    ask = &flip.resume(std::move(answer), world.now);
  }
  return ask->kind == FlipAsk::Kind::end;
}

}  // namespace keyshift::control::test
