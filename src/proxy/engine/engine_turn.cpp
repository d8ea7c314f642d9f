// From one change of the control record to the next (docs/protocol.md, "Turning").
#include <algorithm>

#include "proxy/engine/engine.hpp"
#include "proxy/engine/serving_by_hand.hpp"

namespace keyshift::proxy {

std::shared_ptr<const control::Serving> serving_by_hand(const EngineSettings& settings) {
  auto out = std::make_shared<control::Serving>();
  out->change.era = 0;
  out->rules = settings.rules;
  out->mode = settings.mode;
  out->run = settings.run;
  return out;
}

bool Engine::by_hand() const noexcept { return serving_->carries == control::Carries::records && !serving_->change.id; }

void Engine::turn(std::shared_ptr<const control::Serving> serving, Time now) {
  now_ = now;
  const auto before = serving_;  // until this call is over something may point into its rules
  const bool held = before != nullptr && before->records == control::Serving::Records::hold;
  act_on(std::move(serving));
  const bool holds = serving_->records == control::Serving::Records::hold;
  if (holds && !held) hold_began_ = now_;
  if (held && !holds)
    counters_.holds.add(
        static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(now_ - hold_began_).count()));
  if (before != nullptr && before->change.era != serving_->change.era) forget_era();
  if (before != nullptr) renew_listeners(*before);
  give_up_errands();
  unread_.clear();
  unnamed_.clear();
  for (const auto& [id, u] : upstreams_)
    if (!u->listens) unnamed_.push_back(id);
  std::sort(unnamed_.begin(), unnamed_.end());
  wake_held();
  settle();
}

void Engine::act_on(std::shared_ptr<const control::Serving> serving) {
  serving_ = std::move(serving);
  rules_ = serving_->rules.get();
  mode_ = settings_.naive == Naive::old_side ? migration::Mode::old : serving_->mode;
  ++turn_;
  for (const auto& s : sessions_) {  // what was moved for a command that waits is looked at again
    s->moved_once = s->moves_final = false;
    if (s->extras) s->extras->moves_error.clear();
  }
}

/// Records go the other way now: what was known to be in place is not.
void Engine::forget_era() {
  if (settings_.naive != Naive::remembered) ensured_.forget_all();
  ++generation_;
  ++eras_;
}

/// Errands of ours that would send more on connections of their own: what they were for is looked at again.
void Engine::give_up_errands() {
  std::vector<Upstream*> errands;
  for (const auto& [id, u] : upstreams_)
    if (!u->shared && u->owner == nullptr && u->tainted) errands.push_back(u.get());
  counters_.given_up.add(errands.size());
  for (Upstream* u : errands) upstream_gone(*u, "given up: the fleet turns", true);
}

/// What a server knows our connections by: the change that they are under, or none.
Bytes Engine::connection_name() const {
  return control::text(control::connection_name(*serving_, settings_.proxy_name));
}

/// Connections take the name of this turn as soon as nothing of the last one is still to be sent on them.
void Engine::name_connections() {
  std::vector<std::uint64_t> later;
  for (const std::uint64_t id : std::exchange(unnamed_, {})) {
    const auto it = upstreams_.find(id);
    if (it == upstreams_.end()) continue;
    Upstream& u = *it->second;
    if (u.named == turn_ || u.listens || u.state < Upstream::State::proving || u.unauthenticated) continue;
    if (u.state == Upstream::State::proving)
      prove(u);
    else if (may_be_named(u))
      name_connection(u);
    else
      later.push_back(id);
  }
  unnamed_.insert(unnamed_.end(), later.begin(), later.end());
}

/// False in the middle of a request that passes through, and while a reply is awaited that changes the connection.
bool Engine::may_be_named(const Upstream& u) const noexcept {
  const Session* s = u.owner;
  if (s == nullptr) return true;
  if (s->extras && s->extras->stream) return false;
  return !s->drain_next || s->parked || s->in_flight() == 0;
}

bool Engine::turning() const noexcept {
  return !unnamed_.empty() || !unread_.empty() || !unblocking_.empty() || !held_.empty() || !held_runs_.empty();
}

void Engine::tick_turn() {
  unblock_all();
  for (const auto& [id, due] : std::exchange(unread_, {})) {
    const auto it = upstreams_.find(id);
    if (it == upstreams_.end() || it->second->cleared == turn_ || it->second->named != turn_) continue;
    if (now_ < due)
      unread_.emplace_back(id, due);
    else
      read_key(*it->second);
  }
  end_holds();
}

}  // namespace keyshift::proxy
