// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <cstdio>
#include <set>

#include "cli/change_report.hpp"
#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "cli/step.hpp"
#include "control/phases.hpp"
#include "driver/run_step.hpp"

namespace keyshift::cli {
namespace {

using control::Phase;
using control::Wanted;

/// The words of --force; an error names the one that is none, or that cannot be overridden.
Result<std::set<control::GateReason>> forced(const Invocation& invocation) {
  std::set<control::GateReason> out;
  const auto found = invocation.own.find("force");
  std::string_view words = found == invocation.own.end() ? std::string_view() : std::string_view(found->second);
  while (!words.empty()) {
    const auto comma = words.find(',');
    const auto word = words.substr(0, comma);
    words = comma == words.npos ? std::string_view() : words.substr(comma + 1);
    const auto reason = control::gate_reason_of(word);
    if (!reason) return fail(ErrorCode::usage, "--force: '" + printable(word, 32) + "' is no reason of a gate");
    if (!control::forceable(*reason))
      return fail(ErrorCode::usage, "--force: " + std::string(word) + " cannot be overridden: records could be lost");
    out.insert(*reason);
  }
  return out;
}

Error shut(Wanted wanted, const MeantRun& run, const std::vector<control::Obstacle>& left) {
  std::string lines = "the gate to " + std::string(name(wanted)) + " of " + run.entry.name + " is shut:";
  for (const control::Obstacle& obstacle : left)
    lines += "\n  " + std::string(name(obstacle.reason)) + ": " + std::string(meaning(obstacle.reason)) +
             (obstacle.detail.empty() ? "" : ": " + obstacle.detail) +
             (control::forceable(obstacle.reason) ? " (--force " + std::string(name(obstacle.reason)) + ")" : "");
  return fail(ErrorCode::gate, std::move(lines));
}

/// A run that is to be taken away and is not there: nothing to do.
bool gone_already(const Operator& op, const control::Change& cur, Wanted wanted) {
  const Setting& setting = op.startup().settings.at("run");
  const std::string name = setting.values.empty() ? std::string() : setting.values.front();
  const bool removes = wanted == Wanted::abort || wanted == Wanted::forget;
  return removes && control::find_run(cur, name) == nullptr && (!name.empty() || cur.runs.empty());
}

std::string run_name(const Operator& op) {
  const Setting& setting = op.startup().settings.at("run");
  return setting.values.empty() ? "the run" : setting.values.front();
}

control::ChangeOutcome nothing_to_do(const control::Change& cur) {
  control::ChangeOutcome out;
  out.end = control::ChangeOutcome::End::already;
  out.cur = cur;
  return out;
}

}  // namespace

driver::StepRequest step_request(const Operator& op, Wanted wanted, std::set<control::GateReason> force) {
  driver::StepRequest out;
  out.wanted = wanted;
  out.force = std::move(force);
  out.who = op.who();
  out.rehearsal = {op.startup().upstream, op.startup().name, op.who(), false, {}};
  return out;
}

Result<TakenStep> take_step(Operator& op, Wanted wanted, const std::set<control::GateReason>& force) {
  const auto state = op.read();
  if (!state) return state.error();
  const control::Change& cur = state->record->cur;
  if (gone_already(op, cur, wanted)) return TakenStep{run_name(op), nothing_to_do(cur)};
  const auto run = meant_run(op, *state);
  if (!run) return run.error();
  auto end = op.wait(driver::take_step(op.store(), cur, *run, step_request(op, wanted, force)));
  if (!end) return end.error();
  if (!end->shut.empty()) return shut(wanted, *run, end->shut);
  return TakenStep{run->entry.name, std::move(end->outcome)};
}

int run_step(const Invocation& invocation, Wanted wanted) {
  const auto force = forced(invocation);
  if (!force) return report(force.error());
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto outcome = take_step(**op, wanted, *force);
  if (!outcome) return report(outcome.error());
  return print_outcome(outcome->outcome, outcome->run, invocation.has("json"));
}

int run_start(const Invocation& invocation) { return run_step(invocation, Wanted::start); }
int run_cutover(const Invocation& invocation) { return run_step(invocation, Wanted::cutover); }
int run_rollback(const Invocation& invocation) { return run_step(invocation, Wanted::rollback); }
int run_complete(const Invocation& invocation) { return run_step(invocation, Wanted::complete); }
int run_forget(const Invocation& invocation) { return run_step(invocation, Wanted::forget); }

/// Out of observe at once; elsewhere the way back first, whose end the next call finds.
int run_abort(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto state = (*op)->read();
  if (!state) return report(state.error());
  if (gone_already(**op, state->record->cur, Wanted::abort)) return run_step(invocation, Wanted::abort);
  const auto run = meant_run(**op, *state);
  if (!run) return report(run.error());
  const Phase phase = run->entry.phase;
  if (phase == Phase::rollback) {
    const auto back = take_step(**op, Wanted::observe, {});
    if (!back) return report(back.error());
    if (const int code = print_outcome(back->outcome, back->run, false); code != kDone) return code;
  }
  if (phase == Phase::migrate || phase == Phase::cutover) {
    const int code = run_step(invocation, Wanted::rollback);
    if (code == kDone) std::fputs("keyshift: repeat abort once the reverse sweep has made a clean pass\n", stderr);
    return code;
  }
  return run_step(invocation, Wanted::abort);
}

}  // namespace keyshift::cli
