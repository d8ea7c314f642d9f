// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <cstdio>
#include <random>

#include "cli/change_report.hpp"
#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "cli/store_check.hpp"
#include "control/phases.hpp"
#include "control/run_clash.hpp"
#include "control/spec.hpp"
#include "driver/run_step.hpp"

namespace keyshift::cli {
namespace {

Bytes random_id() {
  std::random_device source;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%08x%08x", source(), source());
  return digits;
}

/// Why a run with the rules of `file` cannot be added beside `run`.
Result<void> goes_beside(const transforms::MigrationFile& file, const control::RunEntry& run,
                         const std::map<Bytes, Bytes>& specs) {
  const auto text = specs.find(run.spec);
  if (text == specs.end())
    return fail(ErrorCode::gate,
                "the rules of the run " + run.name +
                    " are not known here, so nobody can tell whether its keys are others: apply again");
  auto there = control::read_spec(text->second);
  if (!there) {
    const auto families = control::read_spec_families(text->second);
    if (!families) return families.error();
    there = control::scope_only(*families);
  }
  if (!there) return there.error();
  const std::string clash = control::clash_of_runs(file, run.name, *there);
  if (clash.empty()) return {};
  return fail(ErrorCode::gate, clash + " (a key may belong to one run only: change the patterns, or forget or abort " +
                                   run.name + " first)");
}

/// The table of runs with `entry` in it, or as it is when the same run is there already.
control::ChangeRequest::Edit adding(control::RunEntry entry, transforms::MigrationFile file,
                                    std::map<Bytes, Bytes> specs) {
  return [entry = std::move(entry), file = std::move(file), specs = std::move(specs)](
             const control::Change& cur, const control::ChangeId& by) -> Result<control::Change> {
    for (const control::RunEntry& run : cur.runs) {
      if (run.name != entry.name) continue;
      if (run.spec == entry.spec) return cur;
      return fail(ErrorCode::gate,
                  "the run " + run.name + " is at this store (phase " + std::string(control::name(run.phase)) +
                      "), with other rules: corrected rules are a new run, so abort or forget that one "
                      "first");
    }
    for (const control::RunEntry& run : cur.runs)
      if (const auto beside = goes_beside(file, run, specs); !beside) return beside.error();
    return control::with_run(cur, entry, by);
  };
}

/// The source in the file and the upstream are one store.
Result<void> same_store(Operator& op) {
  auto gate = gate_of(op.startup());
  if (!gate || !gate->source) return {};
  gate->record_allowed = true;
  const auto doubts = op.wait(driver::pass_gate(op.io().get_executor(), *gate));
  if (!doubts) return doubts.error();
  for (const std::string& doubt : *doubts) std::fprintf(stderr, "keyshift: not known: %s\n", doubt.c_str());
  return {};
}

}  // namespace

int run_apply(const Invocation& invocation) {
  if (invocation.words.empty()) return report(fail(ErrorCode::usage, "apply needs a migration file"));
  auto opened = Operator::open(invocation, invocation.words.front());
  if (!opened) return report(opened.error());
  Operator& op = **opened;
  if (const auto same = same_store(op); !same) return report(same.error());
  const transforms::MigrationFile& file = *op.startup().migration;
  const auto hash = op.wait(driver::write_spec(op.store(), control::encode_spec(file)));
  if (!hash) return report(hash.error());
  control::RunEntry entry;
  entry.id = random_id();
  entry.name = file.name;
  entry.spec = *hash;
  if (const auto alone = op.wait(driver::await_backup(op.store(), seconds(30))); !alone) return report(alone.error());
  control::ChangeRequest request;
  request.create = true;
  request.heed_backup = true;
  request.hold_limit = file.hold_limit;
  request.bypass.allow = file.bypass_allow;
  request.audit = {
      {"who", op.who()}, {"what", "apply"}, {"run", entry.id}, {"details", "file " + invocation.words.front()}};
  const auto state = op.wait(driver::read_control(op.store()));
  if (!state) return report(state.error());
  request.edit = adding(std::move(entry), file, state->specs);
  const int code = report_change(op, std::move(request), file.name, invocation.has("json"));
  // Whoever took another run with the same spec away at this moment may have taken the text along.
  if (code != kDone) return code;
  const auto kept = op.wait(driver::write_spec(op.store(), control::encode_spec(file)));
  return kept ? code : report(kept.error());
}

}  // namespace keyshift::cli
