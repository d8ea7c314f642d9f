#pragma once
#include <doctest/doctest.h>

#include <memory>

#include "transforms/rule_set.hpp"

namespace keyshift::proxy::test {

inline transforms::Rule rule(const char* name, const char* from, const char* to) {
  auto from_pattern = transforms::KeyPattern::parse(from);
  auto to_pattern = transforms::KeyPattern::parse(to);
  REQUIRE(from_pattern.has_value());
  REQUIRE(to_pattern.has_value());
  return {name, *from_pattern, *to_pattern, "", true};
}

/// user:<id> becomes {user:<id>}:profile, sess:<token> becomes session:v2:<token>; database 0.
inline std::unique_ptr<transforms::RuleSet> two_rules() {
  transforms::MigrationFile file;
  file.rules.push_back(rule("user", "user:<id>", "{user:<id>}:profile"));
  file.rules.push_back(rule("session", "sess:<token>", "session:v2:<token>"));
  return std::make_unique<transforms::RuleSet>(file);
}

}  // namespace keyshift::proxy::test
