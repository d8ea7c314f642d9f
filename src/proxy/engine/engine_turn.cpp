// From one change of the control record to the next (docs/protocol.md, "Turning").
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

void Engine::turn(std::shared_ptr<const control::Serving> serving, Time now) {
  now_ = now;
  const auto before = serving_;  // until this call is over something may point into its rules
  act_on(std::move(serving));
  if (before != nullptr && before->change.era != serving_->change.era) forget_era();
  settle();
}

void Engine::act_on(std::shared_ptr<const control::Serving> serving) {
  serving_ = std::move(serving);
  rules_ = serving_->rules.get();
  mode_ = serving_->mode;
}

/// Records go the other way now: what was known to be in place is not, and what was moved for a command that waits is
/// to be looked at again.
void Engine::forget_era() {
  ensured_.forget_all();
  ++generation_;
  for (const auto& s : sessions_) {
    s->moved_once = s->moves_final = false;
    if (s->extras) s->extras->moves_error.clear();
  }
}

/// What a server knows our connections by: the change that they are under, or none.
Bytes Engine::connection_name() const {
  return control::text(control::connection_name(*serving_, settings_.proxy_name));
}

}  // namespace keyshift::proxy
