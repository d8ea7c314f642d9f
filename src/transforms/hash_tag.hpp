#pragma once
#include <string>

#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// Whether both names of every record of a rule lie in one slot of a Redis Cluster. The slot is that of what stands
/// between the first '{' and the first '}' behind it when there is anything, else of the whole key (Redis Cluster
/// specification, "Hash tags"). Proven when on both sides the same literals and captures decide; otherwise `why` says
/// what stands in the way.
struct SlotProof {
  bool one_slot = false;
  std::string why;
};

SlotProof prove_one_slot(const KeyPattern& from, const KeyPattern& to, const RuleAutomata& automata);

}  // namespace keyshift::transforms
