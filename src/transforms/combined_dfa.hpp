#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "transforms/byte_classes.hpp"
#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// A key that two chains share; `one` < `other` are their indexes.
struct Clash {
  std::size_t one = 0, other = 0;
  Bytes key;  ///< a shortest one
};

/// One automaton for many chains at once: which of them does a key fit? State 0 is dead, 1 the start.
struct CombinedDfa {
  static constexpr std::size_t max_states = 60'000;
  static constexpr std::int32_t nobody = -1;

  ByteClasses classes;
  std::vector<std::uint16_t> next;  ///< state * classes + class of the byte
  std::vector<std::int32_t> chain;  ///< by state: index of the chain that accepts here, or `nobody`
  std::vector<Clash> clashes;       ///< one per pair of chains that share a key
  bool too_large = false;           ///< the limit was reached; the rest has no meaning

  [[nodiscard]] std::size_t states() const noexcept { return chain.size(); }
};

/// Builds it by the subset construction, breadth first, so that the first key found for a clash is a shortest one.
CombinedDfa combine(std::span<const Chain> chains);

}  // namespace keyshift::transforms
