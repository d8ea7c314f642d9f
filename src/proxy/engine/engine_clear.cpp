// Connections take the name of a change, and the epoch key of the server is read behind it: only then commands on
// records may be started there (docs/protocol.md, "Connections").
#include "control/change_rules.hpp"
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

constexpr auto look_again = milliseconds(10);
enum Step : std::uint8_t { named, proof, discarded, key };

BytesView protocol_of(const Upstream& u) noexcept { return u.key.protocol == resp::Protocol::resp3 ? "3" : "2"; }

}  // namespace

/// Our own connection to the server, for what a client's may not do. None while there is none open.
Upstream* Engine::own_connection() {
  Pool& pool = pools_[PoolKey{}];
  if (pool.shared == nullptr && now_ >= pool.retry_at) pool.shared = &connect(PoolKey{}, true);
  return pool.shared != nullptr && pool.shared->state == Upstream::State::open ? pool.shared : nullptr;
}

bool Engine::reads_key_itself(const Upstream& u) const noexcept {
  const Session* s = u.owner;
  const bool busy = u.state == Upstream::State::open && s != nullptr && (s->in_multi || s->parked || s->drain_next);
  return u.key.database == 0 && !u.key_refused && !busy;
}

/// A connection that nothing else was sent on: what the handshake has read of the epoch key is judged, or it is read.
void Engine::prove(Upstream& u) {
  if (u.handshake != 0) return;
  if (u.named == turn_ && !u.key_reply.empty()) {
    const auto reply = resp::parse_reply(std::exchange(u.key_reply, Bytes()));
    return reply ? key_read(u, *reply) : read_key_again(u, "the epoch key is unreadable");
  }
  if (u.named == turn_) return read_key(u);
  u.named = turn_;
  u.key_reply.clear();
  u.handshake = 1U << static_cast<unsigned>(HandshakeStep::hello);
  Bytes out;
  resp::append_command(out, {"HELLO", protocol_of(u), "SETNAME", connection_name()});
  u.out.copy(out);
  mark(u);
}

Pending& Engine::clearing_step(Upstream& u, Run& run, std::uint8_t step, std::initializer_list<BytesView> argv) {
  Bytes out;
  resp::append_command(out, argv);
  u.out.copy(out);
  mark(u);
  Pending& p = expect(u, nullptr, nullptr);
  p.run = &run;
  p.step = step;
  ++run.outstanding;
  return p;
}

/// The name of this turn, behind all that is in flight there. Under a hold no key is read: no command on a record is
/// started anyway.
void Engine::name_connection(Upstream& u) {
  u.named = turn_;
  if (by_hand()) return cleared(u);
  Session* s = u.owner;
  Run& run = new_run(Run::Kind::clearing, nullptr, nullptr);
  run.argument = turn_;
  run.phase = u.era != eras_ ? 1 : 0;
  u.era = eras_;
  if (s != nullptr && s->in_multi && s->extras->transaction.refusal.empty()) {
    clearing_step(u, run, discarded, {"DISCARD"});
    queue_again(*s);
  }
  const Bytes name = connection_name();
  if (settings_.naive == Naive::key_first && serves() && reads_key_itself(u)) read_key(u);
  clearing_step(u, run, Step::named, {"HELLO", protocol_of(u), "SETNAME", name});
  u.awaits_name = true;
  if (settings_.naive == Naive::no_reread && serves()) return cleared(u);
  if (s != nullptr && s->watches_records) s->watch_lost = true;
  if (s != nullptr && s->parked && s->in_flight() != 0) unblock(u);
  if (u.state == Upstream::State::closed) return;
  if (moving_ && !u.multi_proven && (s == nullptr || !s->watching)) {
    clearing_step(u, run, proof, {"MULTI"});
    clearing_step(u, run, discarded, {"DISCARD"});
  }
  if (serves() && reads_key_itself(u)) read_key(u);
}

/// Before a connection becomes one that only listens it is named so: the look of a flip leaves it alone. True while the
/// server has not answered.
bool Engine::name_listener(Session& s, Upstream& u) {
  if (by_hand() || (u.listens && !u.awaits_name)) return false;
  s.stall = Stall::opening;
  if (u.listens) return true;
  u.listens = u.awaits_name = true;
  u.cleared = 0;
  Run& run = new_run(Run::Kind::clearing, nullptr, nullptr);
  const Bytes name = control::text(control::ConnectionName{settings_.proxy_name, control::Carries::none, {}});
  clearing_step(u, run, Step::named, {"HELLO", protocol_of(u), "SETNAME", name});
  return true;
}

void Engine::listens_no_more(Upstream& u) {
  u.listens = false;
  u.named = 0;
  unnamed_.push_back(u.id);
}

void Engine::read_key(Upstream& u) {
  if (u.key_asked) return;
  if (!reads_key_itself(u)) return look_at(u);
  if (u.state == Upstream::State::proving) {
    if (u.handshake != 0) return;
    u.handshake = 1U << static_cast<unsigned>(HandshakeStep::key);
    Bytes out;
    resp::append_command(out, {"GET", epoch_key_});
    u.out.copy(out);
    return mark(u);
  }
  u.key_asked = true;
  Run& run = new_run(Run::Kind::clearing, nullptr, nullptr);
  run.argument = turn_;
  clearing_step(u, run, key, {"GET", epoch_key_});
}

/// Where the connection itself may not read the key: one of ours sees it with its name, and reads the key in the same
/// step.
void Engine::look_at(Upstream& u) {
  Upstream* own = u.server_id == 0 || u.awaits_name ? nullptr : own_connection();
  if (own == nullptr || own == &u) return read_key_again(u, "no connection of ours could read the epoch key");
  u.key_asked = true;
  Run& run = new_run(Run::Kind::clearing, nullptr, nullptr);
  run.argument = turn_;
  run.about = u.id;
  const Bytes id = std::to_string(u.server_id);
  clearing_step(*own, run, proof, {"MULTI"});
  clearing_step(*own, run, proof, {"CLIENT", "LIST", "ID", id});
  clearing_step(*own, run, proof, {"GET", epoch_key_});
  clearing_step(*own, run, key, {"EXEC"});
}

void Engine::clearing_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  const bool over = --run.outstanding == 0;
  const bool error = reply.starts_with("-");
  const bool current = static_cast<std::uint32_t>(run.argument) == turn_;
  const std::uint64_t about = run.about;
  const bool other_era = run.phase != 0;
  if (over) free_run(run);
  if (p.step == proof) {
    if (about == 0 && !error) u.multi_proven = true;
  } else if (p.step == Step::named) {
    if (error) return upstream_gone(u, reply.substr(1, reply.find('\r') - 1), true);
    u.awaits_name = current || u.listens ? false : u.awaits_name;
    if (u.owner != nullptr && u.owner->stall == Stall::opening) u.owner->stall = Stall::none;
    if (u.owner != nullptr) wake(*u.owner);
    if (other_era && u.owner != nullptr) forget_cached(*u.owner);
    if (current && serves() && !u.key_asked && !u.listens && u.cleared != turn_) read_key(u);
  } else if (p.step == key && about != 0) {
    looked_at(about, current, reply);
  } else if (p.step == key) {
    u.key_asked = false;
    const auto tree = resp::parse_reply(reply);
    if (!current || !tree) return read_key_again(u, "the fleet turned meanwhile");
    key_read(u, *tree);
  }
}

void Engine::looked_at(std::uint64_t about, bool current, BytesView reply) {
  const auto it = upstreams_.find(about);
  if (it == upstreams_.end()) return;
  Upstream& u = *it->second;
  u.key_asked = false;
  const auto tree = resp::parse_reply(reply);
  if (!tree || !tree->aggregate() || tree->elements.size() != 2)
    return read_key_again(u, "CLIENT LIST or GET of the epoch key was refused");
  const bool seen = tree->elements[0].text.find(" name=" + connection_name() + " ") != Bytes::npos;
  if (!current || !seen) return read_key_again(u, "the server does not show its name yet");
  key_read(u, tree->elements[1]);
}

/// A mistake that tests plant: the name goes out behind the look at the key.
void Engine::name_late(Upstream& u) {
  Bytes out;
  resp::append_command(out, {"HELLO", protocol_of(u), "SETNAME", connection_name()});
  expect(u, nullptr, nullptr);
  u.out.copy(out);
  mark(u);
}

Engine::KeySeen Engine::judge_key(const resp::Reply& reply) const {
  if (settings_.naive == Naive::unread) return KeySeen::fits;
  if (settings_.naive == Naive::no_word)
    if (const auto found = control::read_change_id(reply.text); found && found->epoch == serving_->change.id.epoch)
      return KeySeen::fits;
  if (reply.error()) return KeySeen::refused;
  const bool free = serving_->carries != control::Carries::records;
  const control::ChangeId ours = free ? serving_->change.scope : serving_->change.id;
  if (reply.null()) return free && !ours ? KeySeen::fits : KeySeen::absent;
  if (!free) {
    switch (control::view_of_key(control::read_change_id(reply.text), ours)) {
      case control::KeyView::same:
        return KeySeen::fits;
      case control::KeyView::helpable:
        return KeySeen::behind;
      case control::KeyView::ahead:
        return KeySeen::ahead;
      case control::KeyView::absent:
        return KeySeen::absent;
    }
  }
  const auto change = control::read_change(reply.text);
  if (!change) return KeySeen::ahead;
  // A lower scope is no better than a higher one: it may be of a run that the other half of a split store added, and
  // that this proxy never heard of (test/model/fence.pml, SCOPEORDER).
  return change->scope == ours ? KeySeen::fits : KeySeen::ahead;
}

void Engine::key_read(Upstream& u, const resp::Reply& reply) {
  if (u.named != turn_) return;  // another name is on its way
  const KeySeen seen = judge_key(reply);
  switch (seen) {
    case KeySeen::fits:
    case KeySeen::behind:
      if (seen == KeySeen::fits && serves()) cleared(u);
      if (seen == KeySeen::behind && serves()) ask_follower(Action::Kind::help, help_at_);
      // What is out of every rule's scope may go there: a later change finds its name.
      if (u.state == Upstream::State::proving && u.out_later.empty()) opened(u);
      if (u.cleared != turn_ && serves()) read_key_again(u, "the epoch key of the server is behind the control record");
      return;
    case KeySeen::ahead:
      ask_follower(Action::Kind::learn, learn_at_);
      return read_key_again(u, "the server is under another change than the control record says");
    case KeySeen::absent:
      ask_follower(Action::Kind::learn, learn_at_);
      return read_key_again(u, "the server has no epoch key");
    case KeySeen::refused:
      u.key_refused = true;
      return read_key_again(u, "the epoch key may not be read: " + reply.text);
  }
}

void Engine::read_key_again(Upstream& u, BytesView why) {
  if (u.state == Upstream::State::proving && now_ - u.proving_since > settings_.hold_limit + seconds(1))
    return upstream_gone(u, "KSCONTROL " + Bytes(why), true);
  not_cleared_ = Bytes(why);
  unread_.emplace_back(u.id, now_ + look_again);
}

void Engine::ask_follower(Action::Kind kind, Time& at) {
  if (now_ - at < look_again) return;
  at = now_;
  actions_.push_back({kind});
}

/// From here on commands on records may be started there, and those that waited for it are.
void Engine::cleared(Upstream& u) {
  if (serves()) u.cleared = turn_;
  if (u.state == Upstream::State::proving) opened(u);
  wake_held();
  resume_runs();
}

}  // namespace keyshift::proxy
