// g++ 12 misreads Asio's scheduler and coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/change_report.hpp"
#include "cli/command_line.hpp"
#include "cli/confirm.hpp"
#include "cli/operator.hpp"
#include "cli/repair_shown.hpp"
#include "control/connection_name.hpp"
#include "control/spec.hpp"
#include "driver/repair.hpp"
#include "driver/verify.hpp"

namespace keyshift::cli {
namespace asio = boost::asio;
namespace {

using control::RepairPlan;
using End = control::ChangeOutcome::End;
constexpr std::uint64_t kCountedKeys = 100'000;

std::uint64_t random_word() {
  std::random_device source;
  return ((std::uint64_t{source()} << 32) | source()) | 1;
}

asio::awaitable<Result<control::VerifyReport>> count(asio::any_io_executor executor, const Startup& startup,
                                                     const transforms::RuleSet& rules) {
  store::ConnectOptions connect;
  connect.name = text(control::ConnectionName{startup.name, control::Carries::control, {}});
  connect.database = rules.database();
  const auto connection = co_await store::Connection::open(executor, startup.upstream, std::move(connect));
  if (!connection) co_return connection.error();
  driver::VerifyOptions options;
  options.plan = {migration::Mode::old, {}, kCountedKeys};
  options.most_keys = kCountedKeys;
  options.again_after = {};
  co_return co_await driver::verify(**connection, rules, std::move(options));
}

/// Where records of all specs that are known lie, for somebody who must decide without a record.
std::vector<CountedRule> count_forms(Operator& op, const std::map<Bytes, Bytes>& specs) {
  std::vector<CountedRule> out;
  for (const auto& [hash, spec] : specs) {
    const auto file = control::read_spec(spec);
    if (!file) continue;
    const transforms::RuleSet rules(*file);
    const auto report = op.wait(count(op.io().get_executor(), op.startup(), rules));
    if (!report) continue;
    for (std::size_t i = 0; i < report->rules.size(); ++i)
      out.push_back({rules.rules()[i].name, report->rules[i].in_place, report->rules[i].left_behind});
  }
  return out;
}

/// The text of the spec in --migration, if it is the one that a run has lost. Error `gate`: it is another one.
Result<std::optional<Bytes>> given_back(const Operator& op, const driver::RepairLook& look,
                                        const std::vector<control::RunEntry>& runs) {
  if (!op.startup().migration) return std::optional<Bytes>();
  Bytes text = control::encode_spec(*op.startup().migration);
  const Bytes hash = driver::spec_hash(text);
  if (look.facts.specs.contains(hash)) return std::optional<Bytes>();
  for (const control::RunEntry& run : runs)
    if (run.spec == hash) return std::optional(std::move(text));
  if (runs.empty()) return std::optional<Bytes>();
  return fail(ErrorCode::gate, "the rules in --migration are not those of the run " + printable(runs.front().name) +
                                   " (their hash is " + hash + ", the run's " + printable(runs.front().spec) +
                                   "): take the file that it was applied from");
}

control::ChangeRequest to_its_serve(const Operator& op) {
  control::ChangeRequest out;
  out.audit = {{"who", op.who()}, {"what", "repair"}};
  out.bypass.allow.push_back({"", "", "*", ""});  // a serve of the same era concerns nobody past the proxies
  return out;
}

Result<void> all_answer(const control::RepairFacts& facts) {
  for (const control::NodeKnowledge& node : facts.nodes)
    if (!node.trouble.empty()) return fail(ErrorCode::gate, node.name + ": " + node.trouble + ". Nothing was changed");
  return {};
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string out;
  for (const std::string& reason : reasons) out += (out.empty() ? "" : "; ") + printable(reason, 300);
  return out;
}

/// One repair of one command.
class Repairing {
 public:
  Repairing(Operator& op, const Invocation& invocation) : op_(op), invocation_(invocation) {}

  int run() {
    auto look = op_.wait(driver::look_for_repair(op_.store()));
    if (!look) return report(look.error());
    const RepairPlan plan = control::plan_repair(look->facts, random_word());
    auto known = look->specs;
    if (op_.startup().migration) {
      Bytes text = control::encode_spec(*op_.startup().migration);
      known[driver::spec_hash(text)] = std::move(text);
    }
    const bool blind = plan.kind == RepairPlan::Kind::write && !plan.proven;
    document_ = repair_document(look->facts, plan, blind ? count_forms(op_, known) : std::vector<CountedRule>());
    const auto spec = given_back(op_, *look, runs_of(*look, plan));
    if (!spec) return report(spec.error());
    if (plan.kind != RepairPlan::Kind::write) return without_write(plan, *spec);
    show();
    auto go_on = all_answer(look->facts);
    if (go_on) go_on = confirmed(invocation_, "write this?");
    if (!go_on) return refused(go_on.error());
    std::vector<std::pair<Bytes, Bytes>> audit{
        {"who", op_.who()}, {"what", "repair"}, {"details", joined(plan.reasons)}};
    const auto written = op_.wait(driver::write_repair(op_.store(), look->state, plan.hold, *spec, std::move(audit)));
    if (!written) return report(written.error());
    if (!*written)
      return report(fail(ErrorCode::gate, "somebody changed the record meanwhile: nothing was written; repeat"));
    return finish();
  }

 private:
  static std::vector<control::RunEntry> runs_of(const driver::RepairLook& look, const RepairPlan& plan) {
    if (plan.kind == RepairPlan::Kind::write) return plan.hold.runs;
    return look.facts.cur.change ? look.facts.cur.change->runs : std::vector<control::RunEntry>();
  }

  void show() const {
    if (!invocation_.has("json")) std::fputs(repair_text(document_).c_str(), stdout);
    std::fflush(stdout);
  }

  int refused(const Error& why) {
    if (invocation_.has("json")) end("refused");
    return report(why);
  }

  int without_write(const RepairPlan& plan, const std::optional<Bytes>& spec) {
    show();
    if (spec) {
      const auto written = op_.wait(driver::write_spec(op_.store(), *spec));
      if (!written) return report(written.error());
    }
    if (plan.kind == RepairPlan::Kind::finish) return finish();
    const bool lacking = !plan.missing.empty() && !spec;
    end(spec ? "the spec is back" : lacking ? "a spec is missing" : "nothing to repair");
    return lacking ? report(fail(ErrorCode::gate, "the spec of the run " + plan.missing.front() +
                                                      " is missing at the store: give it back with --migration FILE"))
                   : kDone;
  }

  /// What is written is a change like any other from here on: whoever comes carries it forward.
  int finish() {
    const auto outcome = carried(op_, to_its_serve(op_));
    if (!outcome) return report(outcome.error());
    const bool fine = outcome->end == End::done || outcome->end == End::already;
    if (outcome->cur) {
      document_["epoch"] = outcome->cur->id.epoch;
      document_["era"] = outcome->cur->era;
    }
    end(fine ? "repaired" : "under way");
    if (fine) return kDone;
    return report(fail(ErrorCode::store, outcome->reason + ". Repeat the command once the servers answer"));
  }

  void end(const char* how) {
    document_["end"] = how;
    if (invocation_.has("json")) {
      std::puts(document_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
      return;
    }
    std::string line = how;
    if (document_.contains("epoch"))
      line += ": epoch " + document_["epoch"].dump() + ", era " + document_["era"].dump() + ", every node shows it";
    std::puts(line.c_str());
  }

  Operator& op_;
  const Invocation& invocation_;
  nlohmann::json document_;
};

}  // namespace

int run_repair(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  return Repairing(**op, invocation).run();
}

}  // namespace keyshift::cli
