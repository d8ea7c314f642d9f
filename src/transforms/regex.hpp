#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/dfa.hpp"

namespace keyshift::transforms {

/// What compiling a regular expression gives: the automaton, or what is wrong and at which byte (from 0).
struct RegexRead {
  std::optional<Dfa> dfa;
  std::size_t at = 0;
  std::string what;
  std::size_t work = 0;  ///< steps that it took, for budgets
};

/// Compiles the regular expression of a capture class: bytes, `.` (any byte), classes `[a-z]` `[^:]`, groups `( )` and
/// `(?: )`, `|`, `*` `+` `?` `{m}` `{m,}` `{m,n}`, escapes \d \w \s \D \W \S \n \r \t \xHH and a backslash in front of
/// punctuation. The whole capture must fit, so anchors are refused; so is whatever is not regular (back-references,
/// look-around) or has no meaning here (lazy and possessive quantifiers). The empty word never fits.
/// Bounded: 4,000 positions before and Dfa::max_states states after it is made deterministic.
RegexRead compile_regex(std::string_view text);

}  // namespace keyshift::transforms
