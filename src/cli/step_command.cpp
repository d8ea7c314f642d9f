// g++ 12 misreads Asio's scheduler when it inlines it here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif
#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/change_report.hpp"
#include "cli/command_line.hpp"
#include "cli/operator.hpp"
#include "cli/step.hpp"
#include "control/phases.hpp"

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

std::string words_of(const std::vector<control::Obstacle>& overridden) {
  std::set<std::string_view> names;
  for (const control::Obstacle& obstacle : overridden) names.insert(name(obstacle.reason));
  std::string out;
  for (const auto word : names) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

/// Looks at the gate; gives what of it is overridden.
Result<std::vector<control::Obstacle>> pass(Operator& op, const control::Change& cur, const MeantRun& run,
                                            Wanted wanted, const std::set<control::GateReason>& force) {
  auto facts = op.wait(gather_facts(op.store(), cur, run));
  if (!facts) return facts.error();
  std::vector<control::Obstacle> left, overridden;
  for (auto& obstacle : control::obstacles(wanted, run.spec, *facts))
    (force.contains(obstacle.reason) ? overridden : left).push_back(std::move(obstacle));
  if (!left.empty()) return shut(wanted, run, left);
  return overridden;
}

control::ChangeRequest request_for(const Operator& op, std::uint64_t era, const MeantRun& run, Wanted wanted,
                                   const std::string& overridden) {
  control::ChangeRequest out;
  out.hold_limit = run.spec.hold_limit;
  out.bypass.allow = run.spec.bypass_allow;
  out.audit = {{"who", op.who()}, {"what", Bytes(name(wanted))}, {"run", run.entry.id}};
  if (!overridden.empty()) out.audit.push_back({"details", "forced " + overridden});
  out.edit = [id = run.entry.id, wanted, era](const control::Change& cur,
                                              const control::ChangeId&) -> Result<control::Change> {
    const control::RunEntry* found = control::find_run(cur, id);
    const bool removes = wanted == Wanted::forget || wanted == Wanted::abort;
    if (found == nullptr && removes) return cur;
    if (found != nullptr && !removes && control::arrived(wanted, found->phase)) return cur;
    // What the gate looked at counts in its era only.
    if (cur.era != era) return fail(ErrorCode::gate, "somebody else has turned the fleet meanwhile: look, and repeat");
    return control::with_wish(cur, id, wanted);
  };
  return out;
}

/// Clients past the proxies that --force let through the gate must not hold up the flip either.
void tolerate_bypass(control::ChangeRequest& request, const std::vector<control::Obstacle>& overridden) {
  const bool bypass = std::any_of(overridden.begin(), overridden.end(),
                                  [](const auto& o) { return o.reason == control::GateReason::bypass; });
  if (bypass) request.bypass.allow.push_back({"", "", "*", ""});  // whatever it is called
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

Result<TakenStep> take_step(Operator& op, Wanted wanted, const std::set<control::GateReason>& force) {
  const auto state = op.read();
  if (!state) return state.error();
  const control::Change& cur = state->record->cur;
  if (gone_already(op, cur, wanted)) return TakenStep{run_name(op), nothing_to_do(cur)};
  const auto run = meant_run(op, *state);
  if (!run) return run.error();
  std::vector<control::Obstacle> overridden;
  if (!control::arrived(wanted, run->entry.phase)) {
    if (const auto wish = control::with_wish(cur, run->entry.id, wanted); !wish) return wish.error();
    auto open = pass(op, cur, *run, wanted, force);
    if (!open) return open.error();
    overridden = std::move(*open);
  }
  auto request = request_for(op, cur.era, *run, wanted, words_of(overridden));
  tolerate_bypass(request, overridden);
  auto outcome = carried(op, std::move(request));
  if (!outcome) return outcome.error();
  return TakenStep{run->entry.name, std::move(*outcome)};
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

int run_advance(const Invocation& invocation) {
  const auto op = Operator::open(invocation);
  if (!op) return report(op.error());
  const auto state = (*op)->read();
  if (!state) return report(state.error());
  const auto run = meant_run(**op, *state);
  if (!run) return report(run.error());
  const Wanted next = control::next_wish(run->entry.phase);
  if (next == Wanted::nothing)
    return report(fail(ErrorCode::gate, run->entry.name + " is complete; keyshift forget takes its entry away"));
  return run_step(invocation, next);
}

}  // namespace keyshift::cli
