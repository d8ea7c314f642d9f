// Commands that concern keys which they do not name: SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHDB.
#include <set>
#include <utility>

#include "proxy/engine/app_names.hpp"
#include "proxy/engine/engine.hpp"
#include "proxy/engine/glob.hpp"
#include "proxy/engine/scan_merge.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

constexpr std::uint8_t random_key_attempts = 100;  // against a store that holds little but reserved keys

bool hidden(const control::ServedDatabase& here, BytesView stored) {
  if (transforms::reserved(stored)) return true;
  const auto match = here.rules->match(stored);
  if (match.rule < 0) return false;
  const migration::Mode mode = here.at(match).mode;
  return !migration::moving(mode) && match.side != home_side(mode);
}

}  // namespace

Engine::Verdict Engine::send_own(Session& s, Request& r, Upstream& u, Run& run, BytesView bytes, std::uint8_t step) {
  Pending& p = expect(u, &s, r.command);
  take_turn(s, p, *r.command);
  p.run = &run;
  p.step = step;
  p.readonly = false;
  run.sequence = p.sequence;
  run.silent = p.silent;
  run.outstanding = 1;
  u.out.copy(bytes);
  mark(u);
  count(*r.command, Route::rewrite);
  return Verdict::served;
}

/// Where a record of a run that is not understood would be shown, and how, nobody can tell.
bool Engine::refuses_listing(const control::ServedDatabase& here, Session& s, const Request& r) {
  if (here.refused_run < 0) return false;
  const std::string& why = serving_->runs[static_cast<std::size_t>(here.refused_run)].refusal;
  counters_.refused.add(1);
  counters_.count_refusal(-1, r.command->id, "run");
  count(*r.command, Route::refuse);
  refuse_with(s, r, to_reply({ErrorCode::control, why}));
  return true;
}

Engine::Verdict Engine::gate_scan(Session& s, Request& r) {
  const control::ServedDatabase* const rules = here(s.pool.database);
  if (rules == nullptr) return gate_plain(s, r, false);
  if (refuses_listing(*rules, s, r)) return Verdict::served;
  auto step = plan_scan({*rules, settings_.view, serving_->change.era}, r.argv);
  if (!step) return answer_error(s, step.error());
  Upstream* u = channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (!may_start(*u)) return hold(s, r);
  Run& run = new_run(Run::Kind::scan, &s, r.command);
  run.scan = std::make_unique<ScanStep>(std::move(*step));
  return send_own(s, r, *u, run, run.scan->request);
}

void Engine::scan_reply(Upstream&, Pending& p, BytesView reply) {
  Run& run = *p.run;
  auto tree = resp::parse_reply(reply);
  const control::ServedDatabase* const rules = here(run.database);
  if (!tree || tree->error() || rules == nullptr) return run_done(run, reply, true);
  auto merged = merge_scan(*rules, *run.scan, std::move(*tree));
  Bytes out;
  if (merged)
    resp::append_reply(out, *merged);
  else
    out = to_reply(merged.error());
  run_done(run, out, false);
}

Engine::Verdict Engine::gate_keyspace(Session& s, Request& r) {
  const bool counts_ours = s.pool.database == 0 && r.command->name == "DBSIZE";
  const bool log = r.command->reply_names == commands::ReplyNames::log;  // of commands in any database
  const control::ServedDatabase* const rules = here(s.pool.database);
  if (!scoped() || (rules == nullptr && !counts_ours && !log)) return gate_plain(s, r, false);
  const bool lists = !log && r.command->name != "DBSIZE";
  if (lists && refuses_listing(*rules, s, r)) return Verdict::served;
  Upstream* u = channel(s);
  if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
  if (!log && !may_start(*u)) return hold(s, r);
  if (r.command->name == "DBSIZE") return gate_dbsize(s, r, *u);
  Run& run = new_run(Run::Kind::keyspace, &s, r.command);
  run.names = r.command->reply_names;
  if (r.command->name != "KEYS") return send_own(s, r, *u, run, r.raw);
  run.argv = {Bytes(r.argv[1])};
  // A record's app name says nothing of the name that it is stored by, so all names are asked for where one could fit.
  Bytes request;
  resp::append_command(request, {"KEYS", rules->rules->glob_excludes(r.argv[1]) ? r.argv[1] : BytesView("*")});
  return send_own(s, r, *u, run, request);
}

/// The server's answer to KEYS, RANDOMKEY or (inside MULTI) DBSIZE as the app may see it. A hidden RANDOMKEY becomes
/// null.
resp::Reply Engine::keyspace_view(resp::Reply reply, BytesView pattern, int database) const {
  const control::ServedDatabase* const rules = here(database);
  if (reply.type != ':' && rules == nullptr) return reply;
  Bytes scratch;
  if (reply.type == ':') {  // DBSIZE inside MULTI, where nothing of ours may be asked
    reply.integer = std::max<std::int64_t>(0, reply.integer - reserved_seen_);
  } else if (reply.aggregate()) {  // KEYS
    std::set<Bytes> shown;
    for (const resp::Reply& key : reply.elements) {
      if (hidden(*rules, key.text)) continue;
      const BytesView name = AppNames(*rules->rules, settings_.view).of(key.text, scratch);
      if (glob_matches(pattern, name)) shown.emplace(name);
    }
    reply.elements.clear();
    for (const Bytes& name : shown) reply.elements.push_back(resp::bulk(name));
  } else if (!reply.null() && hidden(*rules, reply.text)) {
    return resp::null(resp::Protocol::resp2);
  } else if (!reply.null()) {
    reply.text = Bytes(AppNames(*rules->rules, settings_.view).of(reply.text, scratch));
  }
  return reply;
}

/// SLOWLOG GET: the commands as they were run, with the app's names. The proxy's own moves are among them. The log does
/// not say in which database: the first whose rules know a name maps it.
resp::Reply Engine::log_view(resp::Reply log) {
  const auto name_of = [this](const Bytes& stored) {
    Bytes scratch;
    for (const control::ServedDatabase& one : served_) {
      const transforms::Match match = one.rules->match(stored);
      if (match.rule >= 0) return Bytes(AppNames(*one.rules, settings_.view).of(match, stored, scratch));
    }
    return stored;
  };
  for (resp::Reply& entry : log.elements) {
    if (entry.elements.size() < 4) continue;
    auto& words = entry.elements[3].elements;
    std::vector<BytesView> argv;
    for (const resp::Reply& word : words) argv.emplace_back(word.text);
    const commands::Command* command = argv.empty() ? nullptr : table_.find(argv);
    if (command == nullptr || !commands::Table::arity_fits(*command, argv.size()) ||
        !table_.keys(*command, argv, keys_))
      continue;
    for (const commands::KeyAt& at : keys_.keys()) {
      if ((at.access & (commands::kNotKey | commands::kChannel)) != 0 || at.index >= words.size()) continue;
      words[at.index].text = name_of(words[at.index].text);
    }
  }
  return log;
}

void Engine::keyspace_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  auto tree = resp::parse_reply(reply);
  if (!tree || tree->error() || !scoped()) return run_done(run, reply, true);
  const bool was_key = tree->textual();
  const bool log = std::exchange(run.names, commands::ReplyNames::none) == commands::ReplyNames::log;
  resp::Reply view =
      log ? log_view(std::move(*tree))
          : keyspace_view(std::move(*tree), run.argv.empty() ? BytesView() : BytesView(run.argv[0]), run.database);
  Session* s = run.session;
  if (was_key && view.null() && s != nullptr && !s->closed) {  // a reserved key: ask for another
    if (!may_start(u))
      return run_done(run, to_reply({ErrorCode::busy, "records were held while a key was chosen; try again"}), false);
    if (++run.attempts < random_key_attempts) {
      Pending& again = expect(u, s, nullptr);
      again.run = &run;
      again.command = run.command;
      again.sequence = run.sequence;
      u.out.copy("*1\r\n$9\r\nRANDOMKEY\r\n");
      return mark(u);
    }
    view = resp::null(s->pool.protocol);
  }
  Bytes out;
  resp::append_reply(out, view);
  run_done(run, out, false);
}

/// Whether records of some run would go, and whether all of those runs allow it.
void Engine::flush_allowed(const Request& r, int database, bool& concerned, bool& allowed) const {
  concerned = false, allowed = true;
  for (const control::ServedDatabase& one : served_) {
    if (one.database != database && r.command->name != "FLUSHALL") continue;
    concerned = true;
    for (const control::ServedRule& rule : one.by_rule)
      allowed &= !rule.refused && rule.policy.flush == transforms::Policy::Flush::allow;
    allowed &= one.shut.empty();
  }
}

Engine::Verdict Engine::gate_flush(Session& s, Request& r) {
  bool concerned = false, allowed = true;
  flush_allowed(r, s.pool.database, concerned, allowed);
  if (!concerned) return gate_plain(s, r, false);
  if (allowed) {
    Upstream* u = channel(s);
    if (u == nullptr) return s.stall == Stall::none ? Verdict::served : Verdict::stalled;
    return may_start(*u) ? gate_plain(s, r, false) : hold(s, r);
  }
  return refuse(s, r, "flush", "would delete the records of a live migration (policy.flush: allow would let it)");
}

}  // namespace keyshift::proxy
