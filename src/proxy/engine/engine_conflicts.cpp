// Both names of a record exist: the loser is put aside by policy, never to nowhere. And: is the server still the same?
#include <algorithm>

#include "base/check.hpp"
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

/// keep-old, stop: the session's next command waits until the record is one again. WATCH needs a connection of its own.
void Engine::resolve_conflicts(Run& run) {
  Session& s = *run.session;
  for (const std::size_t i : run.conflicts) {
    const Move& move = run.moves[i];
    const control::ServedRule* const rule = rule_of(move, run.database);
    if (rule == nullptr || rule->policy.conflict != transforms::Policy::Conflict::stop) continue;
    s.more().moves_error = conflict_text(move, run.database);
    s.moves_final = true;
    return conflicts_over(run);
  }
  PoolKey key;
  key.database = run.database;
  Upstream& u = connect(key, false);
  u.tainted = true;
  run.kind = Run::Kind::conflict;
  run.argument = -1;  // which record
  next_conflict(u, run);
}

/// What is done with the record of `move` now, by its name: rules may be others than when it was planned.
const control::ServedRule* Engine::rule_of(const Move& move, int database) const noexcept {
  const control::ServedDatabase* const rules = here(database);
  if (rules == nullptr) return nullptr;
  const transforms::Match match = rules->rules->match(move.to);
  return match.rule < 0 ? nullptr : &rules->at(match);
}

const std::string& Engine::run_id(const Move& move, int database) const {
  const control::ServedRule* const rule = rule_of(move, database);
  KS_CHECK(rule != nullptr, "a move that was just planned is one of the rules");
  return serving_->runs[rule->run].id;
}

/// For all records of which both names exist, so that only what stayed behind is to be put aside.
bool Engine::target_wins_all(const Run& run) const noexcept {
  return std::all_of(run.conflicts.begin(), run.conflicts.end(), [&](std::size_t i) {
    const control::ServedRule* const rule = rule_of(run.moves[i], run.database);
    return rule == nullptr || target_wins(rule->mode, rule->policy.conflict);
  });
}

Bytes Engine::conflict_text(const Move& m, int database) const {
  const control::ServedDatabase* const rules = here(database);
  const transforms::Match match = rules->rules->match(m.to);
  return to_reply({ErrorCode::refused, "rule=" + rules->rules->rules()[static_cast<std::size_t>(match.rule)].name +
                                           " reason=conflict: both '" + printable(m.from) + "' and '" +
                                           printable(m.to) +
                                           "' exist (policy.conflict: stop); delete the one that is wrong"});
}

/// The next record of the run that must be one again, or the end.
void Engine::next_conflict(Upstream& u, Run& run) {
  if (static_cast<std::size_t>(++run.argument) == run.moves.size()) {
    conflicts_over(run);
    return upstream_gone(u, "no longer needed", true);
  }
  const Move& m = run.moves[static_cast<std::size_t>(run.argument)];
  const control::ServedRule* const rule = rule_of(m, run.database);
  if (rule == nullptr) return next_conflict(u, run);  // its run is over
  run.settling = std::make_unique<migration::ConflictStep>(m.from, m.to, serving_->runs[rule->run].id, rule->mode,
                                                           rule->policy.conflict);
  send_conflict_step(u, run);
}

void Engine::send_conflict_step(Upstream& u, Run& run) {
  Bytes out;
  const std::size_t replies = run.settling->next(out);
  if (replies == 0) return settled_conflict(u, run);
  run.outstanding = static_cast<std::uint32_t>(replies);
  for (std::size_t i = 0; i < replies; ++i) expect(u, nullptr, nullptr).run = &run;
  if (u.state != Upstream::State::open) return void(u.out_later.append(out));
  u.out.copy(out);
  mark(u);
}

void Engine::settled_conflict(Upstream& u, Run& run) {
  using Outcome = migration::ConflictStep::Outcome;
  const Outcome outcome = run.settling->outcome();
  if (outcome == Outcome::settled) counters_.conflicts_resolved.add(1);
  if (outcome == Outcome::settled || outcome == Outcome::vanished) return next_conflict(u, run);
  Session* s = run.session;
  if (s != nullptr) {
    Bytes& line = s->more().moves_error;
    line = !run.settling->why().empty()
               ? run.settling->why() + "\r\n"
               : to_reply({ErrorCode::busy, "both names of a record kept changing; try again"});
    if (line[0] != '-') line.insert(0, "-");
    s->moves_final = true;
  }
  conflicts_over(run);
  upstream_gone(u, "no longer needed", true);
}

void Engine::conflicts_over(Run& run) {
  Session* s = run.session;
  free_run(run);
  if (s == nullptr || s->closed) return;
  // Without an error the command is looked at again: what had only its old name by then is moved as usual.
  s->moved_once = s->moves_final;
  s->stall = Stall::none;
  wake(*s);
}

void Engine::conflict_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  if (!run.settling) {  // put_aside: nobody waits for it
    if (p.step == 255) {
      if (reply.find(":1\r\n") != BytesView::npos) counters_.conflicts_resolved.add(1);
      free_run(run);
    }
    return;
  }
  run.settling->take(reply);
  if (--run.outstanding == 0) send_conflict_step(u, run);
}

/// A connection can survive that its server is demoted, loses writes, and is promoted again: so who it is is asked,
/// again and again.
void Engine::probe_identity() {
  probed_at_ = now_;
  PoolKey key;
  key.database = settings_.upstream_database;
  const auto it = pools_.find(key);
  if (it == pools_.end() || it->second.shared == nullptr || it->second.shared->state != Upstream::State::open) return;
  Upstream& u = *it->second.shared;
  if (u.ledger.size() > settings_.pipeline_limit) return;
  Run& run = new_run(Run::Kind::identity, nullptr, nullptr);
  for (std::uint8_t i = 0; i < 2; ++i) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = i == 1 ? 255 : i;
  }
  u.out.copy("*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n");
  mark(u);
}

void Engine::identity_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  for (const BytesView field : {BytesView("run_id:"), BytesView("master_replid:")}) {
    const auto at = reply.find(field);
    if (at != BytesView::npos) run.request.append(reply.substr(at, reply.find('\r', at) - at)).append(" ");
  }
  if (p.step != 255) return;
  if (!run.request.empty() && !identity_.empty() && identity_ != run.request) new_generation("another server");
  if (!run.request.empty()) {
    identity_ = run.request;
    identified_at_ = now_;
  }
  free_run(run);
}

}  // namespace keyshift::proxy
