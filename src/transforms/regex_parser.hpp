#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/dfa.hpp"

namespace keyshift::transforms {

/// A position of a Thompson automaton: reads one byte of `bytes` and goes to `out`, or goes to `out` and `other`
/// without reading (npos: nowhere), or is the end.
struct RegexNode {
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;
  enum class Kind : std::uint8_t { read, split, end };
  Kind kind = Kind::split;
  ByteSet bytes;
  std::uint32_t out = nowhere;
  std::uint32_t other = nowhere;
};

/// A regular expression as a Thompson automaton. Node 0 is the start.
struct RegexNfa {
  std::vector<RegexNode> nodes;
  std::uint32_t start = 0;
  std::size_t error_at = 0;
  std::string error;  ///< not empty: `nodes` has no meaning
};

inline constexpr std::size_t kRegexMaxNodes = 4000;

/// Parses `text` (see regex.hpp for the language). Depth and size are bounded, so any text is fine.
RegexNfa parse_regex(std::string_view text);

}  // namespace keyshift::transforms
