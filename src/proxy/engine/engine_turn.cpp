// From one change of the control record to the next (docs/protocol.md, "Turning").
#include <algorithm>

#include "proxy/engine/engine.hpp"
#include "proxy/engine/serving_by_hand.hpp"

namespace keyshift::proxy {

std::shared_ptr<const control::Serving> serving_by_hand(const EngineSettings& settings) {
  auto out = std::make_shared<control::Serving>();
  out->change.era = 0;
  if (!settings.rules) return out;
  control::ServedRun run;
  run.id = settings.run;
  run.mode = settings.mode;
  run.rules = settings.rules;
  out->runs.push_back(std::move(run));
  control::lay_out(*out);
  return out;
}

namespace {

/// A mistake that tests plant: every run as if nothing of it had ever moved.
std::shared_ptr<const control::Serving> at_old_side(const control::Serving& serving) {
  auto out = std::make_shared<control::Serving>(serving);
  for (control::ServedRun& run : out->runs) run.mode = migration::Mode::old;
  control::lay_out(*out, &serving);
  return out;
}

}  // namespace

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
  if (settings_.naive == Naive::old_side) serving = at_old_side(*serving);
  remember_runs(serving_.get(), *serving);
  serving_ = std::move(serving);
  served_ = serving_->databases;
  runs_served_ = serving_->runs;
  moving_ = std::any_of(served_.begin(), served_.end(), [](const auto& one) { return one.moving; });
  ++turn_;
  for (const auto& s : sessions_) {  // what was moved for a command that waits is looked at again
    s->moved_once = s->moves_final = false;
    if (s->extras) s->extras->moves_error.clear();
  }
}

/// What is known to be in place stays known for a run that has not turned since. One that has is known under another
/// number, so that all that was known of its records is forgotten, in constant time. An era begins with each turn of
/// any run: who has missed one cannot tell which of them turned.
void Engine::remember_runs(const control::Serving* before, const control::Serving& now) {
  const std::uint64_t era = now.change.era;
  const bool same_era = before != nullptr && before->change.era == era;
  const bool next_era = before != nullptr && before->change.era + 1 == era;
  std::vector<EnsuredUnder> unders;
  bool kept = false;
  for (const control::ServedRun& run : now.runs) {
    const EnsuredUnder* const known = before == nullptr ? nullptr : known_under(*before, run, same_era, next_era);
    kept |= known != nullptr;
    unders.push_back(known != nullptr ? *known : EnsuredUnder{0, ++unders_given_, 0});
  }
  if (!kept) ensured_.forget_all();
  unders_ = std::move(unders);
}

/// Under what records of `run` were known, if they still are; null: they are not.
const EnsuredUnder* Engine::known_under(const control::Serving& before, const control::ServedRun& run, bool same_era,
                                        bool next_era) const noexcept {
  for (std::size_t i = 0; i < before.runs.size(); ++i) {
    const control::ServedRun& then = before.runs[i];
    if (then.id != run.id) continue;
    const bool same_home = migration::runs_at_new(then.mode) == migration::runs_at_new(run.mode);
    const bool stays = (same_era && same_home) || (next_era && then.mode == run.mode);
    return stays || settings_.naive == Naive::remembered ? &unders_[i] : nullptr;
  }
  return nullptr;
}

/// Some records go the other way now: what is still to be learnt from replies to the era before counts no more.
void Engine::forget_era() {
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
