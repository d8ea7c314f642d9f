#pragma once
#include <string>
#include <utility>
#include <vector>

#include "transforms/rule_set.hpp"

namespace keyshift::transforms {

/// What a set of rules makes of one key, for people (`keyshift explain`). Owns all that it says.
struct KeyExplanation {
  Bytes key;
  bool reserved = false;
  Match match;          ///< rule -1: out of scope
  std::string rule;     ///< name of the rule
  std::string pattern;  ///< text of the pattern that the key fits
  std::vector<std::pair<std::string, Bytes>> captures;
  Bytes other_name;
  /// Out of scope: patterns that the key would fit if it were not for the other side, each with rule and reason.
  std::vector<std::string> near_misses;
};

KeyExplanation explain_key(const RuleSet& rules, BytesView key);

/// Some lines of text, each with its line end.
std::string to_text(const KeyExplanation& explanation);

}  // namespace keyshift::transforms
