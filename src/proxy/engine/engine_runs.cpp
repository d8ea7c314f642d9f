// Replies of runs: commands that travel with moves, moves alone, and what happens when a move is refused.
#include "base/check.hpp"
#include "migration/reserved_name.hpp"
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

constexpr std::uint8_t last_step = 255;  // the ledger entry that carries the session's turn

bool is_error(BytesView reply) noexcept { return !reply.empty() && reply[0] == '-'; }

/// The elements of an EXEC reply "*n\r\n..." as views; empty when it is none.
std::vector<BytesView> elements_of(BytesView reply) {
  std::vector<BytesView> out;
  const auto header = reply.find("\r\n");
  if (reply.empty() || reply[0] != '*' || header == BytesView::npos || reply[1] == '-') return out;
  BytesView rest = reply.substr(header + 2);
  resp::ReplyFramer framer;
  while (!rest.empty()) {
    const auto fed = framer.feed(rest);
    if (fed.step != resp::ReplyFramer::Step::whole) break;
    out.push_back(rest.substr(0, fed.taken));
    rest.remove_prefix(fed.taken);
  }
  return out;
}

}  // namespace

void Engine::run_chunk(Upstream& u, Pending& p, BytesView chunk, bool whole) {
  Run& run = *p.run;
  if (whole && u.framer.type() == '-') {
    look_at_error(chunk);
    if (u.awaits_name && unblocked(u, run.collected.empty() ? chunk : BytesView(run.collected))) return;
  }
  const bool passes =
      run.kind == Run::Kind::pair && p.step == last_step && !run.failed && run.names == commands::ReplyNames::none;
  // Only an error can hold names there: everything else goes through as it comes.
  if (passes && (run.renamed.empty() || u.framer.type() != '-')) {
    p.run = nullptr;  // from here on it is a plain reply
    if (u.shared && !whole) u.pair_request = std::move(run.request);
    free_run(run);
    return plain_chunk(u, p, chunk, whole);
  }
  if (!whole || !run.collected.empty()) run.collected.append(chunk);
  if (run.collected.size() > settings_.request_limit)
    return upstream_gone(u, "a reply that must be read whole is longer than the limit", true);
  if (!whole) return;
  const Bytes collected = std::move(run.collected);
  run.collected.clear();
  // Whatever the reply leads to may free the run and send more: the entry goes first.
  Pending entry = p;
  finish(u, p);
  collected_reply_ = !collected.empty();
  run_reply(u, entry, collected.empty() ? chunk : BytesView(collected));
  collected_reply_ = false;
}

void Engine::run_reply(Upstream& u, Pending& p, BytesView reply) {
  switch (p.run->kind) {
    case Run::Kind::pair:
      return pair_reply(u, p, reply);
    case Run::Kind::transaction:
      return transaction_reply(u, p, reply);
    case Run::Kind::moves:
      return moves_reply(u, p, reply);
    case Run::Kind::ask:
      return ask_reply(u, p, reply);
    case Run::Kind::hook:
      return hook_reply(u, p, reply);
    case Run::Kind::mapped:
      return run_done(*p.run, reply, true);
    case Run::Kind::scan:
      return scan_reply(u, p, reply);
    case Run::Kind::keyspace:
      return keyspace_reply(u, p, reply);
    case Run::Kind::dbsize:
      return dbsize_reply(u, p, reply);
    case Run::Kind::conflict:
      return conflict_reply(u, p, reply);
    case Run::Kind::identity:
      return identity_reply(u, p, reply);
    case Run::Kind::lookup:
      return lookup_reply(*p.run, reply);
    case Run::Kind::stream_ends:
      return stream_end_reply(*p.run, reply);
    case Run::Kind::clearing:
      return clearing_reply(u, p, reply);
  }
}

/// What RENAMENX said of one record.
void Engine::judge_move(Run& run, std::size_t index, BytesView reply, Time sent) {
  const Move& move = run.moves[index];
  const control::ServedDatabase* const rules = here(run.database);
  const auto rule = static_cast<std::size_t>(move.rule);
  const bool listed = rules != nullptr && rule < rules->by_rule.size();  // else the table of runs is another one by now
  RuleCounters& counters = counters_.rules[listed ? rules->by_rule[rule].number % counters_.rules.size() : 0];
  const std::size_t under = listed ? rules->by_rule[rule].run : 0;
  if (reply == ":1\r\n") {
    counters.moved.add(1);
    counters_.moves.add(static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(now_ - sent).count()));
    if (listed && run.generation == generation_) ensured_.insert(move.to, unders_[under]);
  } else if (reply.starts_with("-ERR no such key")) {
    counters.absent.add(1);
    if (listed && run.generation == generation_) ensured_.insert(move.to, unders_[under]);
  } else if (reply == ":0\r\n") {
    counters.conflicts.add(1);
    run.conflict = true;
    run.conflicts.push_back(index);
    if (run.kind == Run::Kind::pair) put_aside(move, run.database);
  } else {
    counters.refused.add(1);
    run.failed = true;
    if (run.error.empty()) run.error = Bytes(reply);
  }
}

void Engine::pair_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  if (p.step != last_step) return judge_move(run, p.step, reply, p.sent);
  if (!run.failed || settings_.naive == Naive::refused) return run_done(run, reply, true);
  if (!run.readonly || run.session == nullptr || run.session->closed) {
    // A command that waits (its pair was not a transaction): it ran at the new name although its record may be at the
    // old.
    const Bytes line = run.error;
    return run_done(run, line, false);
  }
  ask(run);
}

void Engine::transaction_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  if (p.step != last_step) {
    if (!is_error(reply)) return;
    if (p.step == 2 || run.error.empty()) run.error = Bytes(reply);  // the app's own command speaks first
    return;
  }
  if (is_error(reply)) {  // nothing ran
    const Bytes line = run.error.empty() ? Bytes(reply) : run.error;
    return run_done(run, line, false);
  }
  const auto elements = elements_of(reply);
  const std::size_t step = run.moves_per_record;
  if (elements.size() != run.moves.size() * step + 1) {
    const Bytes line =
        to_reply({ErrorCode::upstream, "EXEC answered what it cannot answer; whether this command ran is unknown"});
    return run_done(run, line, false);
  }
  for (std::size_t i = 0; i < run.moves.size(); ++i) {
    judge_move(run, i, elements[i * step], p.sent);
    if (step == 1 && elements[i] == ":0\r\n") put_aside(run.moves[i], run.database);
    if (step == 2 && elements[i * 2 + 1] == ":1\r\n") {
      counters_.conflicts_resolved.add(1);
      list_quarantined(run.moves[i], run.database);
    }
  }
  run_done(run, elements.back(), true);
}

void Engine::moves_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  judge_move(run, run.moves.size() - run.outstanding, reply, p.sent);
  if (--run.outstanding == 0) moves_done(run);
}

/// The moves that go before the session's next command are answered: it goes on.
void Engine::moves_done(Run& run) {
  Session* s = run.session;
  if (s == nullptr || s->closed) return free_run(run);
  if (static_cast<std::uint32_t>(run.argument) != turn_) {  // the command is looked at again, under other rules
    s->stall = Stall::none;
    free_run(run);
    return wake(*s);
  }
  if (run.conflict && !target_wins_all(run)) return resolve_conflicts(run);
  if (run.conflict)
    for (const std::size_t i : run.conflicts) put_aside(run.moves[i], run.database);
  s->more().moves_error = run.error;
  s->moved_once = true;
  s->stall = Stall::none;
  free_run(run);
  wake(*s);
}

/// keep-new: N is the record. A leftover at O would become the record again once N is deleted: it goes to quarantine.
void Engine::put_aside(const Move& move, int database) {
  const control::ServedRule* const rule = rule_of(move, database);
  if (rule == nullptr) return;
  const std::string& id = serving_->runs[rule->run].id;
  PoolKey key;
  key.database = database;
  const auto it = pools_.find(key);
  if (it == pools_.end() || it->second.shared == nullptr || it->second.shared->state != Upstream::State::open) return;
  Upstream& u = *it->second.shared;
  if (!may_start(u)) return;  // whoever meets both names next puts the loser aside
  Run& run = new_run(Run::Kind::conflict, nullptr, nullptr);
  run.moves = {move};
  run.phase = 9;
  const Bytes quarantine = migration::quarantine_name(id, move.from);
  Bytes out;
  resp::append_command(out, {"SADD", migration::quarantined_name(id), quarantine});
  expect(u, nullptr, nullptr);
  // Both in one step: if N went away meanwhile, O is the record after all and moves.
  resp::append_command(out, {"MULTI"});
  resp::append_command(out, {"RENAMENX", move.from, move.to});
  resp::append_command(out, {"RENAMENX", move.from, quarantine});
  resp::append_command(out, {"EXEC"});
  for (std::uint8_t i = 0; i < 4; ++i) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = i == 3 ? last_step : i;
  }
  u.out.copy(out);
  mark(u);
}

/// A read whose moves were refused: where is each record? One transaction that looks and reads; repeated, with what it
/// saw, until look and read agree. A record at N is there, else it is at O.
void Engine::ask(Run& run) {
  Session& s = *run.session;
  Upstream* u = nullptr;
  if (s.pinned != nullptr && !s.watching) {  // our EXEC would end the client's WATCH
    u = s.pinned;
  } else {
    const auto it = pools_.find(s.pool);
    if (it != pools_.end()) u = it->second.shared;
  }
  if (u != nullptr && u->state == Upstream::State::open && !may_start(*u)) return hold_run(run);
  if (u == nullptr || u->state != Upstream::State::open || run.attempts++ > 16) {
    const Bytes line = run.error.empty()
                           ? to_reply({ErrorCode::busy, "records kept moving while they were read; try again"})
                           : run.error;
    return run_done(run, line, false);
  }
  run.kind = Run::Kind::ask;
  Bytes out;
  resp::append_command(out, {"MULTI"});
  for (const Move& m : run.moves) resp::append_command(out, {"EXISTS", m.to});
  out += at_other_names(run, static_cast<std::uint64_t>(run.argument));
  resp::append_command(out, {"EXEC"});
  const std::size_t entries = run.moves.size() + 3;
  for (std::size_t i = 0; i < entries; ++i) {
    Pending& p = expect(*u, i + 1 == entries ? &s : nullptr, nullptr);
    p.run = &run;
    if (i + 1 == entries) p.command = run.command;
    p.sequence = run.sequence;
    p.step = i + 1 == entries ? last_step : i + 2 == entries ? 2 : 1;
  }
  u->out.copy(out);
  mark(*u);
}

void Engine::ask_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  if (p.step != last_step) {
    if (is_error(reply) && p.step == 2) run.error = Bytes(reply);
    return;
  }
  const auto elements = elements_of(reply);
  if (elements.size() != run.moves.size() + 1) {
    const Bytes line = run.error.empty() ? Bytes(reply) : run.error;
    return run_done(run, line, false);
  }
  std::uint64_t at_from = 0;
  for (std::size_t i = 0; i < run.moves.size() && i < 64; ++i)
    if (elements[i] == ":0\r\n") at_from |= std::uint64_t{1} << i;
  if (at_from == static_cast<std::uint64_t>(run.argument)) return run_done(run, elements.back(), true);
  run.argument = static_cast<std::int64_t>(at_from);
  if (run.session == nullptr || run.session->closed) return run_done(run, elements.back(), true);
  ask(run);
}

/// The run's request with the records whose bit is set named as before their move.
Bytes Engine::at_other_names(const Run& run, std::uint64_t at_from) const {
  resp::RequestParser parser;
  parser.limits().stream_above = run.request.size();
  if (parser.parse(run.request) != resp::RequestParser::Step::request) return run.request;
  std::vector<BytesView> argv(parser.argv().begin(), parser.argv().end());
  const commands::Command* command = table_.find(argv);
  commands::KeyList keys;
  if (command == nullptr || !table_.keys(*command, argv, keys)) return run.request;
  for (const commands::KeyAt& at : keys.keys())
    for (std::size_t i = 0; i < run.moves.size() && i < 64; ++i)
      if ((at_from >> i & 1) != 0 && argv[at.index] == run.moves[i].to) argv[at.index] = run.moves[i].from;
  Bytes out;
  resp::append_command(out, argv);
  return out;
}

/// The reply of the command that the run serves is known.
void Engine::run_done(Run& run, BytesView reply, bool borrow) {
  Session* s = run.session;
  const std::uint32_t sequence = run.sequence;
  const bool silent = run.silent;
  const bool maps = (is_error(reply) && !run.renamed.empty()) || run.names != commands::ReplyNames::none;
  Bytes mapped;
  if (maps) mapped = mapped_reply(run, reply);
  free_run(run);
  if (s == nullptr) return;
  if (silent) return deliver(*s, sequence, {}, true, false);
  // A reply that was collected lies in a buffer of ours that ends with this call; borrowing needs the read buffer.
  deliver(*s, sequence, maps ? BytesView(mapped) : reply, true, borrow && !maps && !collected_reply_);
}

void Engine::fail_run(Run& run, const Error& error) {
  const Bytes line = to_reply(error);
  switch (run.kind) {
    case Run::Kind::lookup:
    case Run::Kind::stream_ends:
    case Run::Kind::moves: {
      run.failed = true;
      // The app's command was never sent: it is looked at again, on a new connection.
      Session* s = run.session;
      free_run(run);
      if (s == nullptr || s->closed) return;
      s->stall = Stall::none;
      return wake(*s);
    }
    case Run::Kind::conflict:
      if (run.session != nullptr) {
        run.session->stall = Stall::none;
        wake(*run.session);
      }
      return free_run(run);
    case Run::Kind::identity:
    case Run::Kind::clearing:
      return free_run(run);
    default:
      // A client that is told of an error is in no transaction and ends none: what it sends next must not wait for
      // EXEC.
      if (run.hook == Run::Hook::multi && run.session != nullptr && run.session->in_multi)
        return run_done(run, "+OK\r\n", false);
      counters_.unknown_outcomes.add(1);
      run.renamed.clear();
      run.names = commands::ReplyNames::none;
      return run_done(run, line, false);
  }
}

}  // namespace keyshift::proxy
