// Commands on records that wait: for the end of a hold, or for a connection where they may be started.
#include <utility>

#include "proxy/engine/engine.hpp"

namespace keyshift::proxy {

/// The command at hand concerns records and may not be started where it would go: it waits, in order, within a bound.
Engine::Verdict Engine::hold(Session& s, const Request& r) {
  if (serving_->records == control::Serving::Records::refuse)
    return refuse_with(s, r, to_reply({ErrorCode::control, serving_->reason}));
  if (std::exchange(s.held_out, false)) return refuse_with(s, r, held_out_line());
  wait_held(s);
  return Verdict::stalled;
}

/// An engine that follows the control record and knows nothing of it yet has nothing that it could name a connection.
/// The command waits, or has waited long enough and is answered.
bool Engine::wait_to_be_told(Session& s) {
  if (std::exchange(s.held_out, false))
    answer(s, held_out_line());
  else
    wait_held(s);
  return true;
}

void Engine::wait_held(Session& s) {
  if (s.held_for != s.next || s.held_since == Time{}) s.held_since = now_;
  s.held_for = s.next;
  s.stall = Stall::held;
  held_.push_back(&s);
}

Bytes Engine::held_out_line() const {
  if (serving_ == nullptr)
    return to_reply({ErrorCode::control, "the control record could not be read yet; nothing was sent, try again"});
  if (serving_->records == control::Serving::Records::hold)
    return to_reply({ErrorCode::busy, "records are held by change " + control::text(serving_->change.id) +
                                          " while the fleet turns; nothing was sent, try again"});
  return to_reply({ErrorCode::control, not_cleared_ + "; nothing was sent, try again"});
}

void Engine::wake_held() {
  for (Session* s : std::exchange(held_, {})) {
    if (s->stall != Stall::held) continue;  // it is closing
    s->stall = Stall::none;
    wake(*s);
  }
}

void Engine::end_holds() {
  const bool told = serving_ != nullptr && !serving_->runs.empty();
  const Duration bound = (told ? Duration(control::hold_limit(*serving_)) : settings_.hold_limit) + seconds(1);
  std::erase_if(held_, [&](Session* s) {
    if (s->stall != Stall::held) return true;
    if (now_ - s->held_since < bound) return false;
    s->held_out = true;
    s->stall = Stall::none;
    wake(*s);
    return true;
  });
  std::vector<Run*> over;
  std::erase_if(held_runs_, [&](const std::pair<Run*, Time>& held) {
    if (now_ - held.second < bound) return false;
    over.push_back(held.first);
    return true;
  });
  for (Run* run : over) {
    counters_.given_up.add(1);
    run_done(*run, held_out_line(), false);
  }
}

/// A read that was going to look for its record once more goes on under the next serve.
void Engine::hold_run(Run& run) { held_runs_.emplace_back(&run, now_); }

void Engine::resume_runs() {
  for (const auto& [run, since] : std::exchange(held_runs_, {})) {
    const std::size_t before = held_runs_.size();
    ask(*run);
    if (held_runs_.size() > before) held_runs_.back().second = since;
  }
}

}  // namespace keyshift::proxy
