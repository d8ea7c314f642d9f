#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "transforms/migration_file.hpp"
#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// Steps of analysis that the rules of one file may cost together; some seconds at most.
inline constexpr std::size_t kAnalysisBudget = 60'000'000;

/// What is wrong with the rule of that index, on that side.
struct RuleFinding {
  std::size_t rule = 0;
  RuleProblem problem;
};

/// Checks rules against themselves, each other and the reserved names. `cluster`: both names of a record must share a
/// slot. Sets Rule::near where that is so. Everything that is wrong, each clash with a shortest example key.
std::vector<RuleFinding> find_rule_problems(std::vector<Rule>& rules, bool cluster);

}  // namespace keyshift::transforms
