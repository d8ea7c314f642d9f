#include "control/phases.hpp"

#include <algorithm>
#include <array>

#include "control/change_rules.hpp"

namespace keyshift::control {
namespace {

using enum Phase;

// clang-format off
constexpr std::array kSteps{
  //         wish               from      to        hold   era    removes
  PhaseStep{Wanted::start,    observe,  migrate,  true,  true,  false},
  PhaseStep{Wanted::start,    rollback, migrate,  true,  true,  false},
  PhaseStep{Wanted::cutover,  migrate,  cutover,  false, false, false},
  PhaseStep{Wanted::rollback, migrate,  rollback, true,  true,  false},
  PhaseStep{Wanted::rollback, cutover,  rollback, true,  true,  false},
  PhaseStep{Wanted::observe,  rollback, observe,  false, false, false},
  PhaseStep{Wanted::complete, cutover,  complete, true,  false, false},
  PhaseStep{Wanted::forget,   complete, complete, true,  false, true},
  PhaseStep{Wanted::abort,    observe,  observe,  true,  false, true},
};
// clang-format on

}  // namespace

const PhaseStep* step_of(Wanted wanted, Phase from) noexcept {
  const auto* found = std::find_if(kSteps.begin(), kSteps.end(),
                                   [&](const PhaseStep& s) { return s.wanted == wanted && s.from == from; });
  return found == kSteps.end() ? nullptr : found;
}

bool arrived(Wanted wanted, Phase phase) noexcept {
  return std::any_of(kSteps.begin(), kSteps.end(),
                     [&](const PhaseStep& s) { return s.wanted == wanted && !s.removes && s.to == phase; });
}

Wanted next_wish(Phase phase) noexcept {
  switch (phase) {
    case observe:
      return Wanted::start;
    case migrate:
      return Wanted::cutover;
    case cutover:
      return Wanted::complete;
    case rollback:
      return Wanted::observe;
    case complete:
      return Wanted::nothing;
  }
  return Wanted::nothing;
}

const RunEntry* find_run(const Change& change, std::string_view name) noexcept {
  if (name.empty()) return change.runs.size() == 1 ? &change.runs.front() : nullptr;
  for (const RunEntry& run : change.runs)
    if (run.id == name) return &run;
  for (const RunEntry& run : change.runs)
    if (run.name == name) return &run;
  return nullptr;
}

Result<Change> with_wish(const Change& cur, BytesView run, Wanted wanted) {
  const RunEntry* found = find_run(cur, run);
  if (found == nullptr) return fail(ErrorCode::gate, "there is no run " + printable(run, 64) + " at this store");
  if (step_of(wanted, found->phase) == nullptr)
    return fail(ErrorCode::gate, "the run " + found->name + " is in " + std::string(name(found->phase)) +
                                     ", from which no " + std::string(name(wanted)) + " leads");
  Change out = cur;
  out.runs[static_cast<std::size_t>(found - cur.runs.data())].wanted = wanted;
  return out;
}

Result<Change> with_run(const Change& cur, RunEntry run, const ChangeId& by) {
  if (const RunEntry* other = find_run(cur, run.name); other != nullptr && !cur.runs.empty())
    return fail(ErrorCode::gate, "a run called " + other->name + " is at this store already (phase " +
                                     std::string(name(other->phase)) + ", id " + other->id + ")");
  Change out = cur;
  run.phase = observe;
  run.wanted = Wanted::nothing;
  run.since = by;
  out.scope = by;
  out.runs.push_back(std::move(run));
  return out;
}

Fulfilled fulfilled(const Change& change) {
  Fulfilled out;
  for (RunEntry run : change.runs) {
    const PhaseStep* step = run.wanted == Wanted::nothing ? nullptr : step_of(run.wanted, run.phase);
    run.wanted = Wanted::nothing;
    if (step != nullptr) {
      out.era |= step->era;
      out.hold |= step->hold;
      run.phase = step->to;
    }
    if (step == nullptr || !step->removes) out.runs.push_back(std::move(run));
  }
  return out;
}

Change serve_after_hold(const Change& hold, std::uint64_t word, bool call_off) {
  Change calm = hold;
  for (RunEntry& run : calm.runs) run.wanted = Wanted::nothing;
  if (call_off) return serve_same_era(calm, word);
  Fulfilled end = fulfilled(hold);
  Change out = end.era ? serve_next_era(hold, word) : serve_same_era(hold, word);
  out.runs = std::move(end.runs);
  return out;
}

}  // namespace keyshift::control
