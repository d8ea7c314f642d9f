// What a session does with a request before any rule is asked: which connection, which state, answered here or there.
#include <utility>

#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

using commands::Gate;

namespace {

bool controls_script(const commands::Command& command) noexcept {
  return command.name == "SCRIPT KILL" || command.name == "FUNCTION KILL" || command.name == "FUNCTION STATS";
}

}  // namespace

Engine::Verdict Engine::answer(Session& s, BytesView bytes) {
  const bool silent = s.reply_off || s.reply_skip || s.swallow != 0;
  if (s.swallow != 0) --s.swallow;
  s.reply_skip = s.skip_next;
  s.skip_next = false;
  const std::uint32_t sequence = s.next++;
  deliver(s, sequence, silent ? BytesView() : bytes, true, false);
  return Verdict::served;
}

Engine::Verdict Engine::answer_error(Session& s, const Error& error) { return answer(s, to_reply(error)); }

Engine::Verdict Engine::refuse(Session& s, const Request& r, std::string_view reason, std::string_view text) {
  Error error = plan_.refusal;
  if (!text.empty()) {
    error = {ErrorCode::refused, ""};
    if (r.command != nullptr) error.what.append("command=").append(r.command->name).append(" ");
    error.what.append("reason=").append(reason).append(": ").append(text);
  }
  counters_.refused.add(1);
  const control::ServedDatabase* const rules = plan_.rule < 0 ? nullptr : here(context(s).database);
  const auto index = static_cast<std::size_t>(plan_.rule);
  const bool listed = rules != nullptr && index < rules->by_rule.size();
  const auto number = listed ? static_cast<std::int32_t>(rules->by_rule[index].number) : -1;
  counters_.count_refusal(number, r.command != nullptr ? r.command->id : -1, reason);
  if (r.command != nullptr) count(*r.command, Route::refuse);
  return refuse_with(s, r, to_reply(error));
}

Engine::Verdict Engine::refuse_with(Session& s, const Request& r, Bytes line) {
  Upstream* u = s.pinned;
  if (!s.in_multi || u == nullptr) return answer(s, line);
  // The server must know too, or EXEC would run the rest: an unknown command makes it refuse the transaction.
  static const commands::Command none{};
  const commands::Command& command = r.command != nullptr ? *r.command : none;
  Run& run = hooked(s, r, Run::Hook::refused_in_multi);
  run.error = std::move(line);
  Pending& p = expect(*u, &s, &command);
  take_turn(s, p, command);
  p.run = &run;
  run.sequence = p.sequence;
  run.silent = p.silent;
  run.outstanding = 1;
  u->out.copy("*1\r\n$16\r\nKEYSHIFT.REFUSED\r\n");
  mark(*u);
  return Verdict::served;
}

Engine::Verdict Engine::gate(Session& s, Request& r) {
  if (s.drain_next) {
    if (s.in_flight() != 0) {
      s.stall = Stall::drain;
      return Verdict::stalled;
    }
    s.drain_next = s.parked = false;
  }
  r.command = recent_rows_.find(r.argv);
  if (plan_.dirty()) plan_.clear();
  if (s.in_multi && !s.extras->transaction.refusal.empty()) return gate_unserved_multi(s, r);
  if (r.command == nullptr) return gate_unknown(s, r);
  s.lookup = Lookup::none;
  // A command on records is served as if its arguments fitted: a newer server may take more than the table knows
  // (ZRANK ... WITHSCORE), and must not look at the old name then. The server says in its own words what is wrong.
  const bool fits = commands::Table::arity_fits(*r.command, r.argv.size());
  if (!fits && (s.raw || r.command->gate != Gate::pass)) {
    Upstream* u = channel(s);
    if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
    if (s.raw) return gate_subscribe(s, r);
    return forward(s, r, *u, nullptr);
  }
  if (s.raw && r.command->gate != Gate::quit && r.command->gate != Gate::reset) return gate_subscribe(s, r);
  if (s.in_multi) return gate_in_multi(s, r);
  if ((r.command->flags & commands::kDangerous) != 0 && !settings_.allow_dangerous)
    return refuse(s, r, "dangerous", "not passed on to the server (--allow-dangerous would)");
  return gate_by_row(s, r);
}

/// SCRIPT KILL and its like: they must get through while a script is busy, when a new connection could not even SELECT.
/// Scripts have connections of their own, so the shared one of database 0 is never held up by one.
Engine::Verdict Engine::gate_script_control(Session& s, Request& r) {
  PoolKey key = s.pool;
  key.database = 0;
  Upstream* u = s.in_multi || s.raw ? s.pinned : shared_channel(s, key);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  s.drain_next = true;
  return forward(s, r, *u, nullptr);
}

/// What the command's row says of sessions.
Engine::Verdict Engine::gate_by_row(Session& s, Request& r) {
  switch (commands::Table::gate(*r.command, r.argv)) {
    case Gate::pass:
      return gate_plain(s, r, commands::Table::blocks(*r.command, r.argv));
    case Gate::pinned:
      return controls_script(*r.command) ? gate_script_control(s, r) : gate_plain(s, r, true);
    case Gate::multi:
      return gate_multi(s, r);
    case Gate::exec:
    case Gate::discard:
      return gate_end_multi(s, r);
    case Gate::watch:
      return gate_watch(s, r);
    case Gate::unwatch:
      return gate_end_multi(s, r);
    case Gate::subscribe:
    case Gate::unsubscribe:
      return gate_subscribe(s, r);
    case Gate::monitor:
      return gate_monitor(s, r);
    case Gate::select:
      return gate_select(s, r);
    case Gate::auth:
      return gate_auth(s, r);
    case Gate::hello:
      return gate_hello(s, r);
    case Gate::reset:
      return gate_reset(s, r);
    case Gate::quit:
      answer(s, "+OK\r\n");
      close_after_flush(s);
      return Verdict::served;
    case Gate::client:
      return gate_client(s, r);
    case Gate::scan:
      return gate_scan(s, r);
    case Gate::keyspace:
      return gate_keyspace(s, r);
    case Gate::flush:
      return gate_flush(s, r);
    case Gate::move_database:
      return gate_move_database(s, r);
    case Gate::sync:
      return refuse(s, r, "replication", "a replica must be attached to the server itself, not to a proxy");
  }
  return Verdict::served;
}

/// A command on keys, or on none. `pinned`: it may park its connection, or leaves something on it.
Engine::Verdict Engine::gate_plain(Session& s, Request& r, bool pinned) {
  plan(s, r);
  if (plan_.route == Route::refuse) return refuse(s, r, plan_.reason, {});
  // While a script is busy the server answers -BUSY to others, but reads no more of the script's own connection.
  const bool alone = pinned || (r.command->flags & commands::kScript) != 0;
  Upstream* u = alone ? pinned_channel(s) : channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  // A user of the app may lack the right to move: its records are moved on a connection of ours.
  const bool as_user = s.pool.credentials != 0 && !own_unauthenticated_;
  if ((as_user || s.tracking) && plan_.shape != Shape::bare) plan_.shape = Shape::before;
  // Our EXEC would end the client's WATCH: its moves go first, on a connection of ours.
  if (s.watching && plan_.shape == Shape::transaction) plan_.shape = Shape::before;
  if (pinned) {
    // Inside MULTI it would not block: its moves go in front of it instead, as a pair.
    if (plan_.shape == Shape::transaction) plan_.shape = Shape::before;
    if (r.command->name == "WAIT" || r.command->name == "WAITAOF") {
      // WAIT covers what was written before the last command of its own connection: so there must be one.
      Pending& p = expect(*u, nullptr, nullptr);
      p.command = r.command->id;
      u->out.copy("*1\r\n$4\r\nPING\r\n");
    }
  }
  if (pinned && waits_behind_end(s, r)) return ask_ends(s, r, *u);
  const Verdict verdict = carry_out(s, r, *u);
  if (pinned && verdict == Verdict::served) {
    s.drain_next = s.parked = true;
    s.ends_known = false;
    keep_parked(s, r);
  }
  return verdict;
}

/// A command that the table lacks: the server is asked what it is (a module's, or a newer server's), once per request.
Engine::Verdict Engine::gate_unknown(Session& s, Request& r) {
  const Lookup asked = std::exchange(s.lookup, Lookup::none);
  if (asked == Lookup::none && !s.in_multi && !s.raw) return ask_command(s, r);
  if (asked != Lookup::absent) {
    plan_unknown(context(s), r.argv, plan_);
    if (plan_.route == Route::refuse) return refuse(s, r, plan_.reason, {});
  }
  Upstream* u = s.in_multi || s.raw ? s.pinned : pinned_channel(s);  // it may leave state on its connection
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  static const commands::Command unknown = [] {
    commands::Command none;
    none.id = kMaxCommands - 1;  // counts with those that were learnt, not as the first row
    return none;
  }();
  r.command = &unknown;
  if (s.raw) return gate_subscribe(s, r);
  return forward(s, r, *u, nullptr);
}

Engine::Verdict Engine::ask_command(Session& s, const Request& r) {
  PoolKey key;
  key.database = s.pool.database;
  key.credentials = s.pool.credentials;
  Upstream* u = shared_channel(s, key);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  Run& run = new_run(Run::Kind::lookup, &s, nullptr);
  run.outstanding = 1;
  expect(*u, nullptr, nullptr).run = &run;
  Bytes out;
  resp::append_command(out, {"COMMAND", "INFO", r.argv[0]});
  u->out.copy(out);
  mark(*u);
  s.stall = Stall::moves;
  return Verdict::stalled;
}

void Engine::lookup_reply(Run& run, BytesView reply) {
  Session* s = run.session;
  free_run(run);
  const auto tree = resp::parse_reply(reply);
  const bool told = tree && tree->aggregate() && tree->elements.size() == 1;
  const bool absent = told && tree->elements[0].null();
  if (told && !absent) {
    (void)table_.learn(*tree);
    recent_rows_.forget();
  }
  if (s == nullptr || s->closed) return;
  s->lookup = absent ? Lookup::absent : Lookup::failed;
  s->stall = Stall::none;
  wake(*s);
}

Engine::Verdict Engine::gate_monitor(Session& s, Request& r) {
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (s.in_flight() != 0) {
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  if (name_listener(s, *u)) return Verdict::stalled;
  s.monitor = s.raw = s.sticky = u->tainted = true;
  append_request(*u, r, false);
  count(*r.command, Route::forward);
  return Verdict::served;
}

Engine::Verdict Engine::gate_move_database(Session& s, Request& r) {
  if (!scoped()) return gate_plain(s, r, false);
  if (r.command->name == "MOVE") {
    const bool record = transforms::reserved(r.argv[1]) ||
                        std::any_of(served_.begin(), served_.end(), [&](const control::ServedDatabase& one) {
                          return one.rules->match(r.argv[1]).rule >= 0;
                        });
    if (!record) return gate_plain(s, r, false);
    return refuse(s, r, "other-database", "a record of a migration may not be moved to or from another database");
  }
  return refuse(s, r, "other-database", "databases may not be swapped while a migration's rules hold in one of them");
}

}  // namespace keyshift::proxy
