// MULTI, what is queued behind it, EXEC; and WATCH.
#include <utility>

#include "proxy/engine/engine.hpp"
#include "proxy/engine/scan_merge.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {

using commands::Gate;

Engine::Verdict Engine::gate_multi(Session& s, Request& r) {
  if (s.pairs != 0) {
    // A read whose move is refused is asked again in a transaction of ours: it would end this one.
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  const Pool& pool = pools_[s.pool];
  if (s.pinned == nullptr && pool.idle.empty() && s.in_flight() == 0 && now_ < pool.retry_at) {
    // What a client has sent behind MULTI must not run alone, so it may not be refused: EXEC will be.
    s.in_multi = true;
    s.more().transaction = Transaction();
    s.extras->transaction.refusal = unreachable(pool);
    return answer(s, "+OK\r\n");
  }
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  s.in_multi = true;
  s.more().transaction = Transaction();
  return forward(s, r, *u, &hooked(s, r, Run::Hook::multi));
}

/// A transaction for which there was no connection: nothing of it runs, as if the server had refused its commands.
Engine::Verdict Engine::gate_unserved_multi(Session& s, Request& r) {
  const Gate gate = r.command != nullptr ? r.command->gate : Gate::pass;
  const bool over = gate == Gate::exec || gate == Gate::discard || gate == Gate::reset || gate == Gate::quit;
  if (!over) return answer(s, Bytes(s.extras->transaction.refusal));
  s.in_multi = s.watching = s.watches_records = s.watch_lost = false;
  const Transaction was = std::exchange(s.extras->transaction, Transaction());
  if (gate == Gate::exec)
    return answer(s, was.lost ? was.refusal : "-EXECABORT Transaction discarded because of previous errors.\r\n");
  if (gate == Gate::reset) return gate_reset(s, r);
  answer(s, "+OK\r\n");
  if (gate == Gate::quit) close_after_flush(s);
  return Verdict::served;
}

Engine::Verdict Engine::gate_in_multi(Session& s, Request& r) {
  Upstream* u = s.pinned;
  if (u == nullptr || u->state != Upstream::State::open) {
    s.in_multi = false;
    return answer_error(s,
                        {ErrorCode::upstream, "the connection that held this transaction was lost; nothing of it ran"});
  }
  const Gate gate = r.command->gate;
  if (gate == Gate::exec || gate == Gate::discard) return gate_end_multi(s, r);
  if (gate == Gate::reset) return gate_reset(s, r);
  if (gate == Gate::quit) {
    answer(s, "+OK\r\n");
    close_after_flush(s);
    return Verdict::served;
  }
  if ((r.command->flags & commands::kDangerous) != 0 && !settings_.allow_dangerous)
    return refuse(s, r, "dangerous", "not passed on to the server (--allow-dangerous would)");
  if (r.command->name == "CLIENT SETNAME" || r.command->name == "CLIENT GETNAME") return queue_own_name(s, r, *u);
  if (r.command->name == "CLIENT REPLY" || gate == Gate::hello || gate == Gate::auth || gate == Gate::sync)
    return refuse(s, r, "transaction", "changes the connection itself and is not served inside MULTI");
  const int database = context(s).database;
  const bool lists = gate == Gate::scan || gate == Gate::keyspace;
  if (lists && here(database) != nullptr) return queue_keyspace(s, r, *u, database);
  bool concerned = false, allowed = true;
  if (gate == Gate::flush) flush_allowed(r, database, concerned, allowed);
  if ((concerned && !allowed) || (scoped() && gate == Gate::move_database))
    return refuse(s, r, "transaction", "would touch every record of a migration and is not served inside MULTI");
  if (gate == Gate::subscribe || gate == Gate::monitor || gate == Gate::client) s.sticky = u->tainted = true;
  if (gate == Gate::client) note_pause(r);
  plan(s, r);
  if (plan_.route == Route::refuse) return refuse(s, r, plan_.reason, {});
  if (plan_.in_scope && !may_start(*u)) return hold(s, r);
  if (!plan_.moves.empty() && !s.moved_once) return moves_first(s, r);
  if (Bytes line; moves_refused(s, line)) return refuse_with(s, r, std::move(line));
  Transaction::Queued queued;
  queued.names = plan_.names;
  queued.database = database;
  if (gate == Gate::select) queued.select = std::atoi(Bytes(r.argv[1]).c_str());
  auto& transaction = s.more().transaction;
  if (queued.select >= 0) transaction.database = queued.select;
  transaction.maps_names |= plan_.names != commands::ReplyNames::none;
  transaction.queued.push_back(queued);
  return forward(s, r, *u, nullptr);
}

/// CLIENT SETNAME and GETNAME inside MULTI: the server keeps our name, the session the app's; what is queued answers OK
/// all the same.
Engine::Verdict Engine::queue_own_name(Session& s, const Request& r, Upstream& u) {
  if (r.command->name == "CLIENT GETNAME") {
    Transaction::Queued queued;
    queued.instead = std::make_shared<Bytes>(s.more().name);
    return queue_raw(s, r, u, r.raw, queued);
  }
  s.more().name = Bytes(r.argv[2]);
  const Bytes name = connection_name();
  return queue_instead(s, r, u, {"CLIENT", "SETNAME", name}, {});
}

/// SCAN, KEYS, RANDOMKEY, DBSIZE inside MULTI: asked as outside of it, and read when EXEC answers.
Engine::Verdict Engine::queue_keyspace(Session& s, const Request& r, Upstream& u, int database) {
  const control::ServedDatabase& rules = *here(database);
  const bool log = r.command->reply_names == commands::ReplyNames::log;
  if (!log && r.command->name != "DBSIZE" && refuses_listing(rules, s, r)) return Verdict::served;
  if (!may_start(u)) return hold(s, r);
  Transaction::Queued queued;
  queued.database = database;
  if (r.command->gate == Gate::scan) {
    auto step = plan_scan({rules, settings_.view, serving_->change.era}, r.argv);
    if (!step) return refuse_with(s, r, to_reply(step.error()));
    queued.scan = std::make_shared<ScanStep>(std::move(*step));
    return queue_raw(s, r, u, queued.scan->request, queued);
  }
  if (log) {
    queued.names = r.command->reply_names;
    return queue_raw(s, r, u, r.raw, queued);
  }
  queued.keyspace = true;
  if (r.command->name != "KEYS") return queue_raw(s, r, u, r.raw, queued);
  queued.keys = std::make_shared<Bytes>(r.argv[1]);
  return queue_instead(s, r, u, {"KEYS", rules.rules->glob_excludes(r.argv[1]) ? r.argv[1] : BytesView("*")}, queued);
}

Engine::Verdict Engine::queue_instead(Session& s, const Request& r, Upstream& u, std::initializer_list<BytesView> argv,
                                      const Transaction::Queued& queued) {
  Bytes raw;
  resp::append_command(raw, argv);
  return queue_raw(s, r, u, raw, queued);
}

Engine::Verdict Engine::queue_raw(Session& s, const Request& r, Upstream& u, BytesView raw,
                                  const Transaction::Queued& queued) {
  auto& transaction = s.more().transaction;
  transaction.maps_names |= queued.scan != nullptr || queued.keyspace || queued.instead != nullptr ||
                            queued.names != commands::ReplyNames::none;
  transaction.queued.push_back(queued);
  Pending& p = expect(u, &s, r.command);
  take_turn(s, p, *r.command);
  count(*r.command, Route::rewrite);
  u.out.copy(raw);
  mark(u);
  return Verdict::served;
}

/// EXEC, DISCARD, UNWATCH: also without MULTI, where the server says what is wrong with that.
Engine::Verdict Engine::gate_end_multi(Session& s, Request& r) {
  Upstream* u = channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  const Gate gate = r.command->gate;
  const bool was_multi = s.in_multi;
  if (gate != Gate::unwatch) s.in_multi = false;
  if (!was_multi && gate != Gate::unwatch) return forward(s, r, *u, nullptr);
  s.watching = s.watches_records = false;
  const bool lost = std::exchange(s.watch_lost, false) && gate == Gate::exec;
  if (s.pinned == nullptr) return forward(s, r, *u, nullptr);
  s.drain_next = true;
  if (lost) return end_lost(s, r, *u);
  return forward(s, r, *u, &hooked(s, r, gate == Gate::exec ? Run::Hook::exec : Run::Hook::unpin));
}

Engine::Verdict Engine::gate_watch(Session& s, Request& r) {
  plan(s, r);
  if (plan_.route == Route::refuse) return refuse(s, r, plan_.reason, {});
  Upstream* u = pinned_channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (plan_.in_scope && !may_start(*u)) return hold(s, r);
  if (!plan_.moves.empty() && !s.moved_once) {
    if (s.in_flight() != 0) {
      s.stall = Stall::drain;
      return Verdict::stalled;
    }
    return moves_first(s, r);
  }
  if (Bytes line; moves_refused(s, line)) return answer(s, line);
  s.watching = true;
  s.watches_records |= plan_.in_scope;
  return forward(s, r, *u, &hooked(s, r, Run::Hook::watch));
}

}  // namespace keyshift::proxy
