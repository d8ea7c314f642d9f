#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transforms/dfa.hpp"
#include "transforms/key_pattern.hpp"
#include "transforms/side.hpp"

namespace keyshift::transforms {

/// One side of a rule as automata: one per piece of its pattern, in order. A key belongs to the side when it can be cut
/// into as many parts as there are pieces, each fitting its automaton. Cheap to copy; the automata are shared.
struct Chain {
  std::vector<std::shared_ptr<const Dfa>> pieces;
};

/// What a key pattern alone admits, the other side left aside.
Chain own_chain(const KeyPattern& pattern);

/// A rule as automata. What a capture may hold is what both sides admit, so that every key of one side has exactly one
/// partner on the other: cut here, the values are put into the other pattern, and cut there to the same values again
/// (find_ambiguity() has nothing to say about either chain).
struct RuleAutomata {
  Chain from, to;
};

/// One thing that is wrong with a rule, on which side of it.
struct RuleProblem {
  Side side = Side::from;
  std::string what;
  std::string hint;
};

/// What compiling gives: automata when `problems` is empty.
struct RuleCompilation {
  RuleAutomata automata;
  std::vector<RuleProblem> problems;
  std::size_t work = 0;  ///< steps that it took, for budgets
};

/// Compiles a rule: same captures on both sides, no two different classes for one capture, no capture that could hold
/// nothing, only one way to cut a key.
RuleCompilation compile_rule(const KeyPattern& from, const KeyPattern& to);

}  // namespace keyshift::transforms
