#pragma once
#include <span>
#include <string_view>

#include "transforms/dfa.hpp"
#include "transforms/key_pattern.hpp"

namespace keyshift::transforms {

/// One class that a capture may name: the reader, the automata and docs/key-patterns.md all take it from here.
struct CaptureClassRow {
  CaptureClass kind;
  std::string_view name;     ///< as written behind the colon
  std::string_view regex;    ///< what it holds
  std::string_view meaning;  ///< for people
};

/// All named classes; `until` (no class) and `regex` (/.../) have no name and are not among them.
std::span<const CaptureClassRow> capture_classes() noexcept;

/// What a capture may hold in front of `stop`, the literal that follows it (empty: none). Its regex is a valid one:
/// KeyPattern::parse() has compiled it.
Dfa capture_dfa(const Piece& capture, BytesView stop);

}  // namespace keyshift::transforms
