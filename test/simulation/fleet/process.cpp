// The shell of an engine: what sockets do in src/proxy/net/worker.cpp is done with pipes.
#include "process.hpp"

#include <algorithm>

namespace keyshift::simulation {

using proxy::Action;
using proxy::OutQueue;

struct ProxyProcess::Wire final : End {
  Wire(ProxyProcess& p, proxy::Upstream& u) : process(&p), upstream(&u), pipe(&p.around_.network.open(*this)) {}
  ProxyProcess* process;
  proxy::Upstream* upstream;
  Pipe* pipe;
  Bytes kept;  ///< came while the process was stopped
  enum class Waits : std::uint8_t { nothing, connected, lost } waits = Waits::nothing;
  bool open = true;

  void connected() override {
    if (process->stopped()) return waits = Waits::connected, void();
    process->engine_.on_upstream_connected(*upstream, process->around_.now);
    process->flush();
  }
  void received(BytesView bytes) override {
    if (process->stopped()) return kept.append(bytes), void();
    const Bytes copy(bytes);
    process->engine_.on_upstream_bytes(*upstream, copy, process->around_.now);
    process->flush();
  }
  void lost(BytesView why) override {
    pipe = nullptr;
    if (!open) return;
    if (process->stopped()) return waits = Waits::lost, void();
    open = false;
    process->engine_.on_upstream_lost(*upstream, why, process->around_.now);
    process->flush();
  }
  /// The process goes on: what has happened meanwhile reaches it in order.
  void resume() {
    if (!open) return;  // given up meanwhile
    if (std::exchange(waits, waits == Waits::lost ? waits : Waits::nothing) == Waits::connected) connected();
    if (!kept.empty() && open) received(std::exchange(kept, Bytes()));
    if (waits == Waits::lost && open) lost("Connection reset by peer");
  }
};

ProxyProcess::ProxyProcess(Surroundings& around, Bytes name, proxy::EngineSettings settings,
                           std::shared_ptr<const transforms::RuleSet> rules)
    : reader(around, name, std::move(rules), settings.hold_limit),
      around_(around),
      name_(std::move(name)),
      engine_(std::move(settings), table_, counters_, proxy::Key128{1, 2}) {
  reader.turn = [this](std::shared_ptr<const control::Serving> serving) { turn(std::move(serving)); };
  reader.on_change = [this](const control::Change& change) {
    if (on_change) on_change(change);
  };
}

ProxyProcess::~ProxyProcess() {
  for (const auto& wire : wires_)
    if (wire->pipe != nullptr) around_.network.close(*wire->pipe);
}

ProxyProcess::Client& ProxyProcess::connect() {
  Client& client = clients_.emplace_back();
  client.session = &engine_.open_session(&client, around_.now);
  return client;
}

void ProxyProcess::send(Client& client, BytesView bytes) {
  client.unsent.append(bytes);
  if (!stopped()) read(client);
}

bool ProxyProcess::read(Client& client) {
  if (client.closed || client.unsent.empty() || client.session->read_paused) return false;
  const Bytes bytes = std::exchange(client.unsent, Bytes());
  engine_.on_client_bytes(*client.session, bytes, around_.now);
  flush();
  return true;
}

void ProxyProcess::leave(Client& client) {
  if (client.closed) return;
  engine_.on_client_closed(*client.session, around_.now);
  flush();
}

void ProxyProcess::stop_until(Time until) {
  stopped_until = until;
  reader.stopped_until = until;
  if (reader.settling()) reader.settling()->stopped_until = until;
  if (sweep) sweep->stopped_until = until;
  for (const auto& old : ending) old->stopped_until = until;
}

void ProxyProcess::tick() {
  if (stopped()) return;
  for (auto it = wires_.begin(); it != wires_.end();) (*it++)->resume();
  std::erase_if(wires_, [](const auto& wire) { return !wire->open && wire->pipe == nullptr; });
  for (Client& client : clients_) read(client);
  if (around_.now < next_tick_) return;
  next_tick_ = around_.now + (engine_.turning() ? milliseconds(10) : milliseconds(100));
  engine_.on_tick(around_.now);
  flush();
}

void ProxyProcess::able(std::vector<Actor*>& out) {
  if (stopped()) return;
  if (reader.able()) out.push_back(&reader);
  if (auto& settling = reader.settling(); settling && settling->able()) out.push_back(settling.get());
  if (sweep && sweep->able()) out.push_back(sweep.get());
  for (const auto& old : ending)
    if (old->able()) out.push_back(old.get());
}

void ProxyProcess::reap() {
  std::erase_if(ending, [](const auto& old) { return old->done(); });
  if (reader.settling() && reader.settling()->done()) reader.settled();
}

void ProxyProcess::turn(std::shared_ptr<const control::Serving> serving) {
  if (on_turn) on_turn(*serving);
  engine_.turn(serving, around_.now);
  flush();
  if (sweep) {
    sweep->stop();
    ending.push_back(std::move(sweep));
  }
  const bool serves = serving->records == control::Serving::Records::serve && !serving->runs.empty();
  if (!serves || !migration::moving(serving->runs.front().mode)) return;
  sweep = std::make_unique<Sweep>(around_, name_, serving);
  sweep->on_clean = on_clean;
  sweep->start();
}

void ProxyProcess::flush() {
  do {
    actions();
    auto& sessions = engine_.dirty_sessions();
    for (std::size_t i = 0; i < sessions.size(); ++i)
      if (proxy::Session* s = sessions[i]; s != nullptr) {
        s->dirty = false;
        write(*static_cast<Client*>(s->socket));
      }
    sessions.clear();
    auto& upstreams = engine_.dirty_upstreams();
    for (std::size_t i = 0; i < upstreams.size(); ++i)
      if (proxy::Upstream* u = upstreams[i]; u != nullptr) {
        u->dirty = false;
        if (u->socket != nullptr) write(*static_cast<Wire*>(u->socket));
      }
    upstreams.clear();
  } while (!engine_.actions().empty() || !engine_.dirty_sessions().empty());
}

static void drain(OutQueue& out, Bytes& into) {
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

void ProxyProcess::write(Wire& wire) {
  if (!wire.open) return;
  Bytes lost;
  drain(wire.upstream->out, wire.pipe != nullptr ? wire.pipe->to_server : lost);
}

void ProxyProcess::write(Client& client) {
  if (client.closed) return;
  drain(client.session->out, client.got);
  if (client.session->wants_written()) engine_.on_client_written(*client.session, around_.now);
}

void ProxyProcess::actions() {
  auto& list = engine_.actions();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Action a = list[i];
    switch (a.kind) {
      case Action::Kind::connect:
        a.upstream->socket = wires_.emplace_back(std::make_unique<Wire>(*this, *a.upstream)).get();
        break;
      case Action::Kind::close_upstream:
        if (auto* wire = static_cast<Wire*>(a.socket); wire != nullptr) {
          wire->open = false;
          if (wire->pipe != nullptr) around_.network.close(*std::exchange(wire->pipe, nullptr));
        }
        break;
      case Action::Kind::close_session:
        static_cast<Client*>(a.socket)->closed = true;
        break;
      case Action::Kind::pause_upstream:
      case Action::Kind::resume_upstream:
        if (auto* wire = static_cast<Wire*>(a.socket); wire != nullptr && wire->pipe != nullptr)
          wire->pipe->reading = a.kind == Action::Kind::resume_upstream;
        break;
      case Action::Kind::resume_session:
        break;
      case Action::Kind::learn:
        reader.learn(false);
        break;
      case Action::Kind::help:
        reader.learn(true);
        break;
    }
  }
  list.clear();
}

}  // namespace keyshift::simulation
