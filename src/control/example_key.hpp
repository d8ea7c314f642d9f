#pragma once
#include <optional>

#include "transforms/rule_set.hpp"

namespace keyshift::control {

/// A record that a rule could have, under both names.
struct ExampleKeys {
  Bytes from, to;
};

/// Made from the pattern alone: each capture holds the simplest text of its class. None: no text that was thought of
/// fits (a regular expression that asks for more).
std::optional<ExampleKeys> example_keys(const transforms::RuleSet& rules, std::size_t rule);

}  // namespace keyshift::control
