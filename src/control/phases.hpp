#pragma once
#include <string_view>

#include "control/change.hpp"

namespace keyshift::control {

/// One way from phase to phase: the one list, from which commands, gates, docs and `advance` come
/// (docs/protocol.md, "Phases").
struct PhaseStep {
  Wanted wanted;  ///< what an operator asks for
  Phase from;
  Phase to;
  bool hold;     ///< commands on records are held while the whole fleet turns
  bool era;      ///< ... and another direction begins with the serve
  bool removes;  ///< the run's entry goes
};

/// The step that `wanted` is from `from`; null: there is none.
const PhaseStep* step_of(Wanted wanted, Phase from) noexcept;
/// True when a run in `phase` is where `wanted` leads.
bool arrived(Wanted wanted, Phase phase) noexcept;
/// What `advance` would do next from `phase`; nothing: the end.
Wanted next_wish(Phase phase) noexcept;

/// The run called `name`, by id or by name; null: none. With an empty name the only run there is.
const RunEntry* find_run(const Change& change, std::string_view name) noexcept;

/// The table of runs with the wish in it: what a hold carries, so that any driver finishes it. Error `gate` when no
/// step leads there, in words for the operator.
Result<Change> with_wish(const Change& cur, BytesView run, Wanted wanted);
/// The table of runs with one more, in `observe`; the change that adds it is `by`, which becomes the scope.
Result<Change> with_run(const Change& cur, RunEntry run, const ChangeId& by);

/// What comes of the wishes in `change`: the table after them. Wishes that lead nowhere from where their run is are
/// dropped. A pure function of the hold, so that two drivers come to the same serve.
struct Fulfilled {
  std::vector<RunEntry> runs;
  bool era = false;   ///< another era begins
  bool hold = false;  ///< some wish needs a hold
};
Fulfilled fulfilled(const Change& change);

/// The serve that follows `hold`: its wishes carried out, or, when `call_off`, dropped.
Change serve_after_hold(const Change& hold, std::uint64_t word, bool call_off);

}  // namespace keyshift::control
