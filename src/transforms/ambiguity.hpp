#pragma once
#include <optional>
#include <vector>

#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// A shortest key that a chain can cut in two ways. Each cut has, per piece, the offset at which the piece begins.
struct Ambiguity {
  Bytes key;
  std::vector<std::size_t> one, other;
  bool unknown = false;  ///< the analysis was given up: more than 100,000 pairs of states
};

/// Whether a key could be cut in two ways: walks two cuts through the chain at once. nullopt: no key can.
/// Adds the steps that it took to `work`.
std::optional<Ambiguity> find_ambiguity(const Chain& chain, std::size_t& work);

}  // namespace keyshift::transforms
