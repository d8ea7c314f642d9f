// DBSIZE as the app may see it: without the keys that Keyshift keeps there.
#include <algorithm>
#include <utility>

#include "migration/reserved_name.hpp"
#include "proxy/engine/engine.hpp"
#include "resp/encode.hpp"

namespace keyshift::proxy {
namespace {

constexpr std::uint8_t last_step = 255;  // the ledger entry that carries the session's turn
constexpr std::int64_t counted_most =
    10000;  // quarantine keys that are asked for by name; beyond, their list is believed

/// The keys of few names that may lie in `database`; quarantine keys are in lists of their own.
std::vector<Bytes> fixed_names(int database, const std::vector<control::ServedRun>& runs,
                               const std::vector<Bytes>& lists) {
  std::vector<Bytes> out = lists;
  if (database != 0) return out;
  out.push_back(migration::control_record_name());
  out.push_back(migration::store_id_name());
  for (const control::ServedRun& run : runs) {
    out.push_back(migration::checkpoint_name(run.id));
    out.push_back(migration::sweeper_name(run.id));
  }
  return out;
}

Bytes exists(const std::vector<Bytes>& names) {
  std::vector<BytesView> argv{"EXISTS"};
  argv.insert(argv.end(), names.begin(), names.end());
  Bytes out;
  resp::append_command(out, argv);
  return out;
}

}  // namespace

/// In one write: which of our keys are there, which quarantine keys are listed, DBSIZE. What the server refuses (an
/// app's user may not look at our keys) counts nothing.
Engine::Verdict Engine::gate_dbsize(Session& s, Request& r, Upstream& u) {
  Run& run = new_run(Run::Kind::dbsize, &s, r.command);
  const auto ask_for = [&](std::uint8_t step, const Bytes& command) {
    Pending& p = expect(u, nullptr, nullptr);
    p.run = &run;
    p.step = step;
    u.out.copy(command);
  };
  std::vector<Bytes> lists;
  for (const control::ServedRun& one : serving_->runs)
    if (one.rules && one.rules->database() == s.pool.database) lists.push_back(migration::quarantined_name(one.id));
  const std::vector<Bytes> fixed = fixed_names(s.pool.database, serving_->runs, lists);
  if (!fixed.empty()) ask_for(0, exists(fixed));
  for (const Bytes& quarantined : lists) {
    Bytes list, count;
    resp::append_command(count, {"SCARD", quarantined});
    resp::append_command(list, {"SRANDMEMBER", quarantined, std::to_string(counted_most)});
    ask_for(1, count);
    ask_for(2, list);
  }
  return send_own(s, r, u, run, r.raw, last_step);
}

/// One reply of those; behind the last one the run is over, or the listed quarantine keys are looked for.
void Engine::dbsize_reply(Upstream& u, Pending& p, BytesView reply) {
  Run& run = *p.run;
  auto tree = resp::parse_reply(reply);
  if (p.step != last_step) {
    if (!tree || tree->error()) return;
    if (tree->type == ':' && p.step == 0) run.argument += tree->integer;
    if (tree->type == ':' && p.step == 1) run.argument += std::max<std::int64_t>(0, tree->integer - counted_most);
    for (resp::Reply& name : tree->elements) run.argv.push_back(std::move(name.text));
    return;
  }
  if (!tree || tree->type != ':') return run_done(run, reply, true);
  const std::vector<Bytes> listed = std::exchange(run.argv, {});
  if (!listed.empty() && run.session != nullptr && !run.session->closed) {
    Pending& look = expect(u, nullptr, nullptr);
    look.run = &run;
    u.out.copy(exists(listed));
    Pending& again = expect(u, run.session, nullptr);
    again.run = &run;
    again.command = run.command;
    again.sequence = run.sequence;
    again.step = last_step;
    u.out.copy("*1\r\n$6\r\nDBSIZE\r\n");
    return mark(u);
  }
  reserved_seen_ = run.argument;
  tree->integer = std::max<std::int64_t>(0, tree->integer - run.argument);
  Bytes out;
  resp::append_reply(out, *tree);
  run_done(run, out, false);
}

/// A loser lies in quarantine and only now it is known: it is listed behind it.
void Engine::list_quarantined(const Move& move, int database) {
  const control::ServedRule* const rule = rule_of(move, database);
  if (rule == nullptr) return;
  const std::string& id = serving_->runs[rule->run].id;
  PoolKey key;
  key.database = database;
  const auto it = pools_.find(key);
  if (it == pools_.end() || it->second.shared == nullptr || it->second.shared->state != Upstream::State::open) return;
  Upstream& u = *it->second.shared;
  Bytes out;
  resp::append_command(out, {"SADD", migration::quarantined_name(id), migration::quarantine_name(id, move.from)});
  expect(u, nullptr, nullptr);
  u.out.copy(out);
  mark(u);
}

}  // namespace keyshift::proxy
