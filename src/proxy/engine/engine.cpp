#include "proxy/engine/engine.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "migration/reserved_name.hpp"
#include "proxy/engine/serving_by_hand.hpp"

namespace keyshift::proxy {

Engine::Engine(EngineSettings settings, commands::Table& table, EngineCounters& counters, const Key128& secret)
    : settings_(std::move(settings)), table_(table), counters_(counters), ensured_(settings_.ensured_bytes, secret) {
  parser_.limits().stream_above = settings_.big_request;
  credentials_.push_back({settings_.upstream_user, settings_.upstream_password});
  databases_[settings_.upstream_database] = true;
  epoch_key_ = migration::epoch_key_name();
  if (!settings_.follows) act_on(serving_by_hand(settings_));
}

Engine::~Engine() = default;

Session& Engine::open_session(void* socket, Time now) {
  auto owned = std::make_unique<Session>();
  Session& s = *owned;
  s.id = next_id_++;
  s.socket = socket;
  s.last_active = now;
  s.pool.database = settings_.upstream_database;
  s.place = static_cast<std::uint32_t>(sessions_.size());
  sessions_.push_back(std::move(owned));
  counters_.sessions_opened.add(1);
  return s;
}

void Engine::on_client_bytes(Session& s, BytesView bytes, Time now) {
  now_ = now;
  s.last_active = now;
  if (moving_) {
    // Longer ago than the probe can vouch for: what is remembered may be of another server by now.
    if (last_command_ != Time{} && now - identified_at_ > seconds(3) && now - last_command_ > seconds(2))
      new_generation("not looked at for a while");
    last_command_ = now;
  }
  if (s.closed || s.stall == Stall::closing) return;
  if (s.in.empty()) {
    keep_rest(s, bytes, consume(s, bytes));
  } else {
    s.in.append(bytes);
    run_session(s);
  }
  settle();
}

void Engine::on_client_ended(Session& s, Time now) {
  now_ = now;
  if (!s.closed && !s.ended) {
    s.ended = true;
    ended_.push_back(&s);
  }
  settle();
}

void Engine::on_client_closed(Session& s, Time now) {
  now_ = now;
  close_session(s);
  settle();
}

void Engine::on_client_written(Session& s, Time now) {
  now_ = now;
  if (s.closed) return;
  if (s.pinned != nullptr && s.pinned->paused && s.out.size() < settings_.client_out_high / 2) {
    s.pinned->paused = false;
    actions_.push_back({Action::Kind::resume_upstream, s.pinned, nullptr, s.pinned->socket});
  }
  if (s.stall == Stall::closing && s.out.empty() && s.in_flight() == 0)
    close_session(s);
  else if (!s.in.empty() || s.read_paused)
    wake(s);
  settle();
}

void Engine::on_upstream_written(Upstream& u, Time now) {
  now_ = now;
  Session* s = u.owner;
  if (s != nullptr && s->stall == Stall::streaming && u.out.size() < settings_.upstream_out_high / 2) {
    s->stall = Stall::none;
    wake(*s);
  }
  settle();
}

void Engine::drain(Time now) {
  now_ = now;
  draining_ = true;
  for (auto& s : sessions_)
    if (s->in_flight() == 0 && !s->in_multi && s->in.empty()) close_after_flush(*s);
  settle();
}

void Engine::on_tick(Time now) {
  now_ = now;
  std::vector<Upstream*> hung;
  for (auto& [id, u] : upstreams_) {
    const bool waits = u->state == Upstream::State::connecting || u->handshake != 0;
    // What is asked for again waits behind the handshake: the server has answered once and is busy with big replies.
    const Duration opening = u->ledger.empty() ? settings_.connect_timeout : settings_.request_timeout;
    if (waits && now - u->last_progress > opening) hung.push_back(u.get());
    const bool blocked = paused() || (u->owner != nullptr && (u->owner->drain_next || u->owner->raw));
    if (u->state == Upstream::State::open && !u->ledger.empty() && !blocked && !u->paused &&
        now - std::max(u->last_progress, u->ledger.front().sent) > settings_.request_timeout)
      hung.push_back(u.get());
    if (u->state == Upstream::State::open && !u->shared && u->owner == nullptr && now - u->idle_since > seconds(10))
      hung.push_back(u.get());
  }
  for (Upstream* u : hung) upstream_gone(*u, "no answer within the time limit", true);
  if (turning()) tick_turn();
  look_at_sessions();
  for (auto& [key, pool] : pools_)
    if (pool.shared == nullptr && !pool.waiting.empty() && now >= pool.retry_at) wake_waiting(pool);
  // Only while commands come: after a pause the first one finds nothing remembered.
  if (moving_ && now - probed_at_ >= seconds(1) && last_command_ > probed_at_) probe_identity();
  settle();
}

/// Time limits of clients. Skipped where there are none to keep: ten thousand idle clients cost nothing.
void Engine::look_at_sessions() {
  if (settings_.idle_timeout == Duration::zero() && !draining_ && bulky_sessions_ == 0) return;
  for (auto& s : sessions_) {
    const bool idle =
        settings_.idle_timeout > Duration::zero() && s->in_flight() == 0 && !s->raw && s->stall == Stall::none;
    if (idle && now_ - s->last_active > settings_.idle_timeout) close_after_flush(*s);
    if (s->bulky && now_ - s->last_active > seconds(10) && s->in_flight() == 0) {
      s->bulky = false;
      --bulky_sessions_;
      maybe_unpin(*s);
    }
    if (draining_ && s->in_flight() == 0 && !s->in_multi && s->stall == Stall::none) close_after_flush(*s);
  }
}

bool Engine::quiet() const noexcept {
  if (draining_ || settings_.idle_timeout > Duration::zero() || turning()) return false;
  for (const auto& [id, u] : upstreams_)
    if (u->state != Upstream::State::open || !u->ledger.empty() || (!u->shared && u->owner == nullptr)) return false;
  for (const auto& [key, pool] : pools_)
    if (!pool.waiting.empty()) return false;
  return true;
}

bool Engine::known(BytesView stored, const control::ServedRule& rule) const noexcept {
  return ensured_.contains(stored, unders_[rule.run]);
}

PlanContext Engine::context(const Session& s) const noexcept {
  // Behind a SELECT that is queued in MULTI, commands are queued for that database.
  const bool selected = s.in_multi && s.extras && s.extras->transaction.database >= 0;
  const int database = selected ? s.extras->transaction.database : s.pool.database;
  return {served_, here(database), runs_served_, settings_.view, database, this};
}

void Engine::mark(Session& s) {
  if (s.dirty || s.closed) return;
  s.dirty = true;
  dirty_sessions_.push_back(&s);
}

void Engine::mark(Upstream& u) {
  if (u.dirty || u.state == Upstream::State::closed) return;
  u.dirty = true;
  dirty_upstreams_.push_back(&u);
}

void Engine::wake(Session& s) {
  if (s.listed || s.closed) return;
  s.listed = true;
  runnable_.push_back(&s);
}

void Engine::settle() {
  if (!unnamed_.empty()) name_connections();
  // Serving one session may wake others; each turn serves what is there, so this ends when nobody can go on.
  for (std::size_t i = 0; i < runnable_.size(); ++i) {
    Session& s = *runnable_[i];
    s.listed = false;
    if (!s.closed) run_session(s);
  }
  runnable_.clear();
  if (!ended_.empty()) close_ended();
  std::sort(dead_.begin(), dead_.end());
  dead_.erase(std::unique(dead_.begin(), dead_.end()), dead_.end());
  for (Session* s : dead_) reap(*s);
  dead_.clear();
  gone_.clear();
}

void Engine::close_ended() {
  std::erase_if(ended_, [this](Session* s) { return ended_is_over(*s); });
}

/// Closes a session that has ended, once all is answered that it sent whole. True when it need not be looked at again.
bool Engine::ended_is_over(Session& s) {
  if (s.closed || s.stall == Stall::closing) return true;
  const bool half_passed = s.extras && s.extras->stream && s.in.empty();
  const bool waits = s.monitor || (s.parked && s.in_flight() != 0 && s.out.empty());
  if (half_passed || waits) {
    close_session(s);
    return true;
  }
  const bool confirming = s.extras && s.extras->confirmations != 0;
  if (s.in_flight() != 0 || confirming || s.stall != Stall::none || s.out.size() > settings_.client_out_high)
    return false;
  close_after_flush(s);
  return true;
}

void Engine::close_after_flush(Session& s) {
  if (s.closed || s.stall == Stall::closing) return;
  s.stall = Stall::closing;
  s.in.clear();
  if (s.out.empty() && s.in_flight() == 0) close_session(s);
}

void Engine::close_session(Session& s) {
  if (s.closed) return;
  s.closed = true;
  s.stall = Stall::closing;
  counters_.sessions_closed.add(1);
  actions_.push_back({Action::Kind::close_session, nullptr, &s, s.socket});
  // The shell may be going through these lists: an entry is emptied, not taken out.
  if (s.dirty) std::replace(dirty_sessions_.begin(), dirty_sessions_.end(), &s, static_cast<Session*>(nullptr));
  for (auto& [key, pool] : pools_) std::erase(pool.waiting, &s);
  if (!held_.empty()) std::erase(held_, &s);
  if (Upstream* u = s.pinned; u != nullptr) {
    // Its replies have no reader any more, and a command that is parked there must not take an element for nobody.
    u->owner = nullptr;
    s.pinned = nullptr;
    upstream_gone(*u, "client closed", true);
  }
  for (auto& [run, owned] : runs_)
    if (run->session == &s && (run->kind == Run::Kind::moves || run->kind == Run::Kind::conflict ||
                               run->kind == Run::Kind::lookup || run->kind == Run::Kind::stream_ends))
      run->session = nullptr;
  if (s.extras) {  // replies that waited for their turn are answered too, as far as counting goes
    for (const ParkedReply& p : s.extras->parked)
      if (p.whole) ++s.deliver;
    s.extras->parked.clear();
  }
  s.out.clear();
  s.in = Bytes();
  if (s.bulky) --bulky_sessions_;
  if (s.in_flight() == 0) dead_.push_back(&s);
}

void Engine::reap(Session& s) {
  KS_CHECK(s.closed && s.in_flight() == 0, "a session is destroyed only when closed and answered");
  std::erase(runnable_, &s);
  const std::uint32_t place = s.place;
  std::swap(sessions_[place], sessions_.back());
  sessions_[place]->place = place;
  sessions_.pop_back();
}

}  // namespace keyshift::proxy
