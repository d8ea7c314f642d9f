#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "transforms/rule_automata.hpp"

namespace keyshift::transforms {

/// Bytes that no automaton tells apart, as classes: walking one byte of each class is walking them all.
struct ByteClasses {
  std::array<std::uint8_t, 256> of{};       ///< class of each byte
  std::vector<unsigned char> heads;         ///< one byte of each class, the one that reads best in an example key
  std::vector<std::uint8_t> reading_order;  ///< classes, those with readable heads first
};

ByteClasses byte_classes(std::span<const Chain> chains);

}  // namespace keyshift::transforms
