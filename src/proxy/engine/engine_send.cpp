// Plans become bytes on an upstream connection, and entries of its ledger.
#include "base/check.hpp"
#include "migration/reserved_name.hpp"
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {
constexpr std::size_t borrow_from = 4096;     // below it a copy costs less than a piece of its own
constexpr std::size_t most_piped_moves = 64;  // a bit each in what a refused read remembers of its records
constexpr std::size_t retained_most = 4096;   // a longer request is not kept for asking again

/// Where the bulk that holds `argument` begins in `raw` ("$<n>\r\n" in front of it).
std::size_t bulk_begin(BytesView raw, BytesView argument) {
  std::size_t digits = 1;
  for (std::size_t n = argument.size(); n >= 10; n /= 10) ++digits;
  const auto body = static_cast<std::size_t>(argument.data() - raw.data());
  // A client may write leading zeros into the length: look for the '$' itself.
  std::size_t at = body - 2 - digits;
  while (raw[at - 1] != '$') --at;
  return at - 1;
}
}  // namespace

Bytes Engine::request_bytes(const Request& r) const {
  Bytes out;
  resp::append_command(out, r.argv);
  return out;
}

void Engine::count(const commands::Command& command, Route route) {
  auto& slot = counters_.commands[command.id % kMaxCommands];
  CommandCounters* c = slot.load(std::memory_order_relaxed);
  if (c == nullptr) [[unlikely]] {
    c = new CommandCounters;
    slot.store(c, std::memory_order_release);
  }
  c->by_route[static_cast<std::size_t>(route)].add(1);
}

Pending& Engine::expect(Upstream& u, Session* s, const commands::Command* command) {
  if (u.ledger.empty()) u.last_progress = now_;
  Pending& p = u.ledger.push();
  p.session = s;
  p.sent = now_;
  if (command != nullptr) {
    p.command = command->id;
    p.readonly = (command->flags & commands::kReadonly) != 0;
  }
  return p;
}

/// The command gets its place in the order of the session's replies.
void Engine::take_turn(Session& s, Pending& p, const commands::Command& command) {
  p.sequence = s.next++;
  p.silent = s.reply_off || s.reply_skip || s.swallow != 0;
  if (s.swallow != 0) --s.swallow;
  s.reply_skip = s.skip_next;
  s.skip_next = false;
  if ((command.flags & commands::kReadonly) == 0) s.last_write = s.next;
}

/// The command with its substitutions, as it went out, for asking again.
static Bytes substituted(std::span<const BytesView> argv, const Plan& plan) {
  std::vector<BytesView> args(argv.begin(), argv.end());
  for (const Substitution& s : plan.substitutions) args[s.argument] = s.name;
  Bytes out;
  resp::append_command(out, args);
  return out;
}

void Engine::append_request(Upstream& u, const Request& r, bool keep) {
  mark(u);
  const bool may_borrow = !owned_input_ && r.raw.data() != scratch_.data();
  if (plan_.substitutions.empty()) {
    if (r.raw.size() >= borrow_from && may_borrow)
      u.out.borrow(r.raw);
    else
      u.out.copy(r.raw);
    if (keep) u.retained.append(r.raw);
    return;
  }
  if (r.raw.data() == scratch_.data()) {  // an inline request, written anew: its arguments do not lie in `raw`
    const Bytes sent = substituted(r.argv, plan_);
    u.out.copy(sent);
    if (keep) u.retained.append(sent);
    return;
  }
  Bytes& out = u.out.tail();
  const std::size_t before = out.size();
  std::size_t from = 0;
  for (const Substitution& s : plan_.substitutions) {
    const BytesView old = r.argv[s.argument];
    out.append(r.raw.substr(from, bulk_begin(r.raw, old) - from));
    resp::append_bulk(out, s.name);
    from = static_cast<std::size_t>(old.data() - r.raw.data()) + old.size() + 2;
  }
  const BytesView rest = r.raw.substr(from);
  const bool borrows = rest.size() >= borrow_from && may_borrow;
  if (!borrows) out.append(rest);
  u.out.grew(out.size() - before);
  if (keep) u.retained.append(BytesView(out).substr(before));
  if (!borrows) return;
  u.out.borrow(rest);
  if (keep) u.retained.append(rest);
}

void Engine::plan(const Session& s, const Request& r) {
  if (!scoped()) return;  // the gate has cleared it
  const bool told = table_.keys(*r.command, r.argv, keys_);
  plan_command(context(s), *r.command, r.argv, keys_, told, plan_);
}

Engine::Verdict Engine::forward(Session& s, const Request& r, Upstream& u, Run* run) {
  Pending& p = expect(u, &s, r.command);
  take_turn(s, p, *r.command);
  count(*r.command, plan_.route);
  if (run != nullptr) {
    p.run = run;
    run->sequence = p.sequence;
    run->silent = p.silent;
    run->outstanding = 1;
  }
  const bool keep = p.readonly && u.shared && r.raw.size() <= retained_most;
  const std::size_t before = u.retained.size();
  append_request(u, r, keep);
  p.request_bytes = static_cast<std::uint32_t>(u.retained.size() - before);
  return Verdict::served;
}

void Engine::append_moves(Upstream& u, Run& run) {
  Bytes& out = u.out.tail();
  const std::size_t before = out.size();
  for (const Move& m : run.moves) {
    resp::append_command(out, {"RENAMENX", m.from, m.to});
    if (run.moves_per_record == 2)
      resp::append_command(out, {"RENAMENX", m.from, migration::quarantine_name(run_id(m, run.database), m.from)});
  }
  u.out.grew(out.size() - before);
  mark(u);
}

static void remember_names(Run& run, std::span<const BytesView> argv, const Plan& plan) {
  for (const Substitution& s : plan.substitutions) run.renamed.emplace_back(s.name, Bytes(argv[s.argument]));
}

void Engine::send_pair(Session& s, const Request& r, Upstream& u) {
  Run& run = new_run(Run::Kind::pair, &s, r.command);
  run.names = plan_.names;
  run.moves = plan_.moves;
  run.request = substituted(r.argv, plan_);
  remember_names(run, r.argv, plan_);
  append_moves(u, run);
  for (std::size_t i = 0; i < run.moves.size(); ++i) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = static_cast<std::uint8_t>(std::min<std::size_t>(i, 254));
  }
  run.outstanding = static_cast<std::uint32_t>(run.moves.size()) + 1;
  Pending& p = expect(u, &s, r.command);
  take_turn(s, p, *r.command);
  p.run = &run;
  p.step = 255;
  run.sequence = p.sequence;
  run.silent = p.silent;
  ++s.pairs;
  run.paired = true;
  u.out.copy(run.request);
  count(*r.command, Route::ensure);
}

void Engine::send_transaction(Session& s, const Request& r, Upstream& u) {
  Run& run = new_run(Run::Kind::transaction, &s, r.command);
  run.names = plan_.names;
  run.moves = plan_.moves;
  run.moves_per_record = plan_.quarantine ? 2 : 1;
  remember_names(run, r.argv, plan_);
  u.out.copy("*1\r\n$5\r\nMULTI\r\n");
  append_moves(u, run);
  append_request(u, r, false);
  u.out.copy("*1\r\n$4\r\nEXEC\r\n");
  const std::size_t moves = run.moves.size() * run.moves_per_record;
  run.outstanding = static_cast<std::uint32_t>(moves) + 3;
  for (std::size_t i = 0; i < moves + 2; ++i) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = i == 0 ? 0 : i <= moves ? 1 : 2;
  }
  Pending& p = expect(u, &s, r.command);
  take_turn(s, p, *r.command);
  p.run = &run;
  p.step = 255;
  p.readonly = false;
  run.sequence = p.sequence;
  run.silent = p.silent;
  count(*r.command, Route::ensure);
}

/// The moves of the command that the session wants next go on a connection of ours; the session waits.
Engine::Verdict Engine::moves_first(Session& s, const Request& r) {
  PoolKey key;
  key.database = context(s).database;
  // Where the moves cannot be asked for, the server of a transaction must hear of the refusal too.
  if (const Pool& pool = pool_of(key); s.in_multi && pool.shared == nullptr && now_ < pool.retry_at)
    return refuse_with(s, r, unreachable(pool));
  Upstream* u = shared_channel(s, key);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (!may_start(*u)) return hold(s, r);
  Run& run = new_run(Run::Kind::moves, &s, r.command);
  run.database = key.database;
  run.argument = turn_;
  run.moves = plan_.moves;
  run.outstanding = static_cast<std::uint32_t>(run.moves.size());
  append_moves(*u, run);
  for (std::size_t i = 0; i < run.moves.size(); ++i) {
    Pending& p = expect(*u, nullptr, nullptr);
    p.run = &run;
  }
  s.stall = Stall::moves;
  return Verdict::stalled;
}

/// The moves of this command were carried out before it. True when one was refused: `line` says why.
bool Engine::moves_refused(Session& s, Bytes& line) {
  s.moved_once = s.moves_final = false;
  if (!s.extras) return false;
  line = std::exchange(s.extras->moves_error, Bytes());
  return !line.empty();
}

Engine::Verdict Engine::carry_out(Session& s, Request& r, Upstream& u) {
  if (plan_.route == Route::refuse) return refuse(s, r, plan_.reason, {});
  if (plan_.in_scope && !may_start(u)) return hold(s, r);
  if (s.pairs != 0 && (r.command->flags & commands::kReadonly) == 0) {
    // A read whose move is refused is asked again: a later write of this session must not overtake it.
    s.stall = Stall::drain;
    return Verdict::stalled;
  }
  if (s.moved_once) {
    const bool final = s.moves_final;
    plan_.shape = Shape::bare;
    if (Bytes line; moves_refused(s, line)) {
      const bool asks = (r.command->flags & commands::kReadonly) != 0 && plan_.moves.size() <= most_piped_moves;
      if (final || !asks) return answer(s, line);
      plan_.shape = Shape::pair;  // it will be refused again, and then where the record is will be asked
    }
  }
  if (plan_.shape == Shape::transaction && settings_.naive == Naive::piped) plan_.shape = Shape::pair;
  // A refused MULTI would let the parts of a transaction run alone: only where it was seen to be allowed.
  if (plan_.shape == Shape::transaction && !u.multi_proven) plan_.shape = Shape::before;
  switch (plan_.moves.size() > most_piped_moves ? Shape::before : plan_.shape) {
    case Shape::before:
      if (s.in_flight() != 0) {
        s.stall = Stall::drain;
        return Verdict::stalled;
      }
      return moves_first(s, r);
    case Shape::pair:
      send_pair(s, r, u);
      return Verdict::served;
    case Shape::transaction:
      send_transaction(s, r, u);
      return Verdict::served;
    case Shape::bare:
      break;
  }
  Run* run = nullptr;
  const bool names_in_errors = r.command->name[0] == 'X' && !plan_.substitutions.empty();
  if (plan_.names != commands::ReplyNames::none || names_in_errors) {
    run = &new_run(Run::Kind::mapped, &s, r.command);
    run->names = plan_.names;
    remember_names(*run, r.argv, plan_);
  }
  return forward(s, r, u, run);
}

Run& Engine::new_run(Run::Kind kind, Session* s, const commands::Command* command) {
  std::unique_ptr<Run> owned;
  if (spare_runs_.empty()) {
    owned = std::make_unique<Run>();
  } else {
    owned = std::move(spare_runs_.back());
    spare_runs_.pop_back();
  }
  Run& run = *owned;
  run.kind = kind;
  run.session = s;
  run.database = s == nullptr ? 0 : s->pool.database;
  run.generation = generation_;
  if (command != nullptr) {
    run.command = command->id;
    run.readonly = (command->flags & commands::kReadonly) != 0;
  }
  runs_.emplace(&run, std::move(owned));
  return run;
}

void Engine::free_run(Run& run) {
  if (run.paired && run.session != nullptr) --run.session->pairs;
  const auto it = runs_.find(&run);
  KS_CHECK(it != runs_.end(), "a run is freed once");
  std::unique_ptr<Run> owned = std::move(it->second);
  runs_.erase(it);
  if (spare_runs_.size() >= 64) return;
  *owned = Run();
  spare_runs_.push_back(std::move(owned));
}

Run& Engine::hooked(Session& s, const Request& r, Run::Hook hook) {
  Run& run = new_run(Run::Kind::hook, &s, r.command);
  run.hook = hook;
  return run;
}

}  // namespace keyshift::proxy
