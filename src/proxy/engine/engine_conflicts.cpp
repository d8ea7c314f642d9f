// Both names of a record exist: the loser is put aside by policy, never to nowhere. And: is the server still the same?
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

/// keep-old, stop: the session's next command waits until the record is one again. WATCH needs a connection of its own:
/// the session's pinned one, or one that it gets for this.
void Engine::resolve_conflicts(Run& run) {
  Session& s = *run.session;
  if (settings_.rules->policy().conflict == transforms::Policy::Conflict::stop) {
    const Move& m = run.moves.front();
    s.moves_error = to_reply({ErrorCode::refused, "rule=" + settings_.rules->rules()[static_cast<std::size_t>(m.rule)].name +
                                                      " reason=conflict: both '" + printable(m.from) + "' and '" + printable(m.to) +
                                                      "' exist (policy.conflict: stop); delete one of them"});
    s.moves_final = true;
    s.moved_once = true;
    s.stall = Stall::none;
    free_run(run);
    return wake(s);
  }
  PoolKey key;
  key.database = s.pool.database;
  Upstream& u = connect(key, false);
  u.tainted = true;
  run.kind = Run::Kind::conflict;
  run.phase = 0;
  run.argument = 0;  // which record
  send_conflict_step(u, run);
}

/// One record: WATCH O N, look at both, then in one step N to quarantine and O to N; nil: from the start.
void Engine::send_conflict_step(Upstream& u, Run& run) {
  const Move& m = run.moves[static_cast<std::size_t>(run.argument)];
  Bytes out;
  std::size_t entries = 0;
  if (run.phase == 0) {
    resp::append_command(out, {"WATCH", m.from, m.to});
    resp::append_command(out, {"EXISTS", m.from, m.to});
    entries = 2;
  } else {
    resp::append_command(out, {"MULTI"});
    resp::append_command(out, {"RENAME", m.to, quarantine_name(settings_.run, m.to)});
    resp::append_command(out, {"RENAME", m.from, m.to});
    resp::append_command(out, {"EXEC"});
    entries = 4;
  }
  for (std::size_t i = 0; i < entries; ++i) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = i + 1 == entries ? 255 : static_cast<std::uint8_t>(i);
  }
  if (u.state == Upstream::State::open) {
    u.out.copy(out);
    mark(u);
  } else {
    u.out_later.append(out);
  }
}

void Engine::conflict_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  const bool error = !reply.empty() && reply[0] == '-';
  if (error && run.error.empty()) run.error = Bytes(reply);
  if (p.step != 255) return;
  if (run.session == nullptr) {  // put_aside: nobody waits for it
    if (reply.find(":1\r\n") != BytesView::npos) counters_.conflicts_resolved.add(1);
    return free_run(run);
  }
  Session& s = *run.session;
  bool again = false;
  if (error || run.attempts > 16) {
    s.moves_error = run.error.empty() ? to_reply({ErrorCode::busy, "both names of a record kept changing; try again"}) : run.error;
    s.moves_final = true;
  } else if (run.phase == 0 && reply == ":2\r\n") {
    run.phase = 1;
    again = true;
  } else if (run.phase == 1 && reply.starts_with("*-1")) {
    ++run.attempts;
    run.phase = 0;
    again = true;
  } else {
    if (run.phase == 1) counters_.conflicts_resolved.add(1);
    run.phase = 0;
    again = static_cast<std::size_t>(++run.argument) < run.moves.size();
  }
  if (again) return send_conflict_step(u, run);
  // What only one of the names had is moved when the command is looked at again.
  s.stall = Stall::none;
  if (s.moves_final) s.moved_once = true;
  free_run(run);
  wake(s);
  upstream_gone(u, "no longer needed", true);
}

/// A connection can survive that its server is demoted, loses writes, and is promoted again: so who it is is asked, again and again.
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
  if (!run.request.empty()) identity_ = run.request;
  free_run(run);
}

}  // namespace keyshift::proxy
