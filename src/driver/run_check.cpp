// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/run_check.hpp"

#include <boost/asio/this_coro.hpp>

#include "control/connection_name.hpp"
#include "driver/verify.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

using control::DifferenceKind;
using control::VerifyReport;

asio::awaitable<Result<VerifyReport>> look(const RunCheckOptions& options, const transforms::RuleSet& rules,
                                           VerifyOptions how) {
  const auto executor = co_await asio::this_coro::executor;
  store::ConnectOptions connect;
  connect.name = text(control::ConnectionName{options.name, control::Carries::control, {}});
  connect.database = rules.database();
  const auto connection = co_await store::Connection::open(executor, options.upstream, std::move(connect));
  if (!connection) co_return connection.error();
  co_return co_await verify(**connection, rules, std::move(how));
}

control::GateResult result_of(const VerifyReport& report, const control::Change& cur, const MeantRun& run,
                              const std::string& by) {
  control::GateResult out;
  out.era = cur.era;
  out.spec = run.entry.spec;
  out.server = report.server;
  out.at = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  out.by = by;
  out.looked_at = report.scanned;
  out.wrong = report.stable + report.unconfirmed;
  return out;
}

/// Of the records in place alone: what lies elsewhere is the sweep's affair.
control::GateResult way_back_of(const VerifyReport& report, control::GateResult result) {
  result.looked_at = result.wrong = 0;
  for (const control::VerifyCounts& counts : report.rules) result.looked_at += counts.checked;
  for (const auto kind : {DifferenceKind::wrong_type, DifferenceKind::no_way_back, DifferenceKind::unreadable})
    result.wrong += report.by_kind[static_cast<std::size_t>(kind)];
  return result;
}

control::GateResult rehearsal_of(const VerifyReport& report, control::GateResult result) {
  result.looked_at = 0;
  for (const control::VerifyCounts& counts : report.rules) result.looked_at += counts.checked + counts.left_behind;
  return result;
}

using Fields = std::vector<std::pair<Bytes, Bytes>>;

/// What is noted. A way back counts behind a clean pass only: before it "all records" may be none.
Fields notes_of(RunCheck check, const VerifyReport& report, const control::GateResult& result,
                const control::GateFacts& facts) {
  const bool passed = control::holds(facts.notes.pass, facts) && facts.run->phase == control::Phase::migrate;
  Fields out;
  if (check == RunCheck::rehearsal) out.emplace_back("rehearsal", encode(rehearsal_of(report, result)));
  if (check == RunCheck::verify) out.emplace_back("verify", encode(result));
  if (check != RunCheck::rehearsal && passed) out.emplace_back("way_back", encode(way_back_of(report, result)));
  return out;
}

Fields audit_of(RunCheck check, const VerifyReport& report, const MeantRun& run, const RunCheckOptions& options) {
  const std::uint64_t wrong = report.stable + report.unconfirmed;
  const std::string found = report.clean() ? "clean" : std::to_string(wrong) + " differences";
  return {{"who", options.by},
          {"what", Bytes(name(check))},
          {"run", run.entry.id},
          {"details", found + " in " + std::to_string(report.scanned) + " keys"}};
}

/// The result that stands there is of the same era and says the same.
bool known_already(RunCheck check, const control::GateFacts& facts, const control::GateResult& result) {
  const auto& before = check == RunCheck::rehearsal ? facts.notes.rehearsal
                       : check == RunCheck::verify  ? facts.notes.verify
                                                    : facts.notes.way_back;
  return control::holds(before, facts) && (before->wrong == 0) == (result.wrong == 0);
}

}  // namespace

std::string_view name(RunCheck check) noexcept {
  switch (check) {
    case RunCheck::rehearsal:
      return "rehearsal";
    case RunCheck::verify:
      return "verify";
    case RunCheck::way_back:
      return "way-back";
  }
  return "?";
}

asio::awaitable<Result<VerifyReport>> check_run(FleetStore& store, RunCheckOptions options, control::Change cur,
                                                MeantRun run, RunCheck check) {
  // What was known before it: a pass that ends while records are looked at says nothing of those seen already.
  const auto facts = co_await gather_facts(store, cur, run);
  if (!facts) co_return facts.error();
  const transforms::RuleSet rules(run.spec);
  VerifyOptions how;
  how.plan.mode = control::mode_of(run.entry.phase);
  how.plan.run = run.entry.id;
  how.plan.enough = check == RunCheck::verify ? 0 : kRehearsed;
  how.keys_per_second = run.spec.sweep.max_keys_per_second;
  how.progress = options.progress;
  auto report = co_await look(options, rules, std::move(how));
  if (!report) co_return report.error();
  const auto result = result_of(*report, cur, run, options.by);
  auto audit = audit_of(check, *report, run, options);
  if (options.quiet && known_already(check, *facts, result)) audit.clear();
  const auto noted =
      co_await write_notes(store, run.entry.id, notes_of(check, *report, result, *facts), std::move(audit));
  if (!noted) co_return noted.error();
  co_return report;
}

}  // namespace keyshift::driver
